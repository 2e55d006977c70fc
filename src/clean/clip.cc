// Rule `clip`: what lies outside is set to the bound it lies beyond.
#include "base/error.h"
#include "clean/bounds.h"
#include "clean/column_rule.h"

namespace gristmill {
namespace {

struct Target : ColumnTarget {
  static inline const std::string owner = "rule clip";
  Bounds bounds;

  bool nullable(bool before) const { return before; }
  bool find(const Column& column, uint64_t* hits) const { return bounds.find_beyond(column, hits); }
  void change(Column& column, const uint64_t* hits, Scratch& scratch) const {
    bounds.clip(column, hits, scratch);
  }
  void save(nlohmann::json& saved) const { saved["range"] = bounds.json(); }
  void load(const nlohmann::json& saved) { bounds = Bounds::from_json(saved.at("range"), type); }
};

std::unique_ptr<RuleFit> make(const nlohmann::json& given, const RuleContext& context) {
  if (!given.is_object() || given.empty())
    throw Error(Code::invalid, Target::owner + " needs columns with their ranges", {},
                "for example: clip: {air_time: [0, 600]}");
  std::vector<Target> targets;
  for (const auto& [name, range] : given.items()) {
    const Field& field = context.schema[context.schema.index_of(name, Target::owner)];
    targets.push_back({{field.name, field.type}, Bounds::parse(range, field, Target::owner)});
  }
  return already_fitted(std::make_unique<ColumnRule<Target>>(std::move(targets)), "clip");
}

const RegisterRule register_clip({
    .name = "clip",
    .text = "Sets what lies outside [low, high] to the end it lies beyond: a value too large to be "
            "told from other large ones, where `range` is for values that cannot be. The range is "
            "written as for `range`. NaN and missing cells stay as they are.",
    .example = "- clip: {air_time: [0, 600], wind_speed: [null, 40]}",
    .make = make,
    .load = ColumnRule<Target>::load,
});

}  // namespace
}  // namespace gristmill
