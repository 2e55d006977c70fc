// Rule `range`: what lies outside is corrupt, and becomes missing.
#include "base/error.h"
#include "clean/bounds.h"
#include "clean/column_rule.h"

namespace gristmill {
namespace {

struct Target : ColumnTarget {
  static inline const std::string owner = "rule range";
  Bounds bounds;

  bool find(const Column& column, uint64_t* hits) const {
    return bounds.find_outside(column, hits);
  }
  void save(nlohmann::json& saved) const { saved["range"] = bounds.json(); }
  void load(const nlohmann::json& saved) { bounds = Bounds::from_json(saved.at("range"), type); }
};

std::unique_ptr<RuleFit> make(const nlohmann::json& given, const RuleContext& context) {
  if (!given.is_object() || given.empty())
    throw Error(Code::invalid, Target::owner + " needs columns with their ranges", {},
                "for example: range: {temp: [-40, 120]}");
  std::vector<Target> targets;
  for (const auto& [name, range] : given.items()) {
    const Field& field = context.schema[context.schema.index_of(name, Target::owner)];
    targets.push_back({{field.name, field.type}, Bounds::parse(range, field, Target::owner)});
  }
  return already_fitted(std::make_unique<ColumnRule<Target>>(std::move(targets)), "range");
}

const RegisterRule register_range({
    .name = "range",
    .text =
        "Makes cells missing that lie outside [low, high]; both ends belong to the range, and null "
        "leaves an end open. For columns of numbers, dates and times (bounds as text, such as "
        "2013-01-01). NaN lies outside of every range.",
    .example = "- range: {temp: [-40, 120], visib: [0, null]}",
    .make = make,
    .load = ColumnRule<Target>::load,
});

}  // namespace
}  // namespace gristmill
