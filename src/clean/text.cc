// Rule `text`: brings text of one meaning into one form.
#include <fmt/format.h>

#include "base/error.h"
#include "clean/column_rule.h"
#include "clean/repeated_texts.h"
#include "clean/text_steps.h"
#include "clean/value.h"

namespace gristmill {
namespace {

struct Target : ColumnTarget {
  static inline const std::string owner = "rule text";
  std::vector<TextStep> steps;

  bool nullable(bool before) const { return before; }
  bool clean(Column& column, uint64_t* hits, Scratch& scratch) const;
  void save(nlohmann::json& saved) const;
  void load(const nlohmann::json& saved);
};

bool Target::clean(Column& column, uint64_t* hits, Scratch& scratch) const {
  TextWork work(scratch);
  return remake_texts(column, hits, scratch, [&](std::string_view text) {
    for (TextStep step : steps) text = work.run(step, text);
    return std::optional(text);
  });
}

void Target::save(nlohmann::json& saved) const {
  saved["steps"] = nlohmann::json::array();
  for (TextStep step : steps) saved["steps"].push_back(name_of(step));
}

void Target::load(const nlohmann::json& saved) {
  if (type != Type::string) throw Error(Code::corrupt, owner + " is saved for no column of text");
  for (const auto& name : saved.at("steps")) {
    auto step = parse_text_step(name.get_ref<const std::string&>());
    if (!step) throw Error(Code::corrupt, owner + " is saved with an unknown step");
    steps.push_back(*step);
  }
}

std::vector<TextStep> parse_steps(const nlohmann::json& given) {
  std::vector<TextStep> steps;
  for (const auto& name : given.is_array() ? given : nlohmann::json::array({given})) {
    auto step = name.is_string() ? parse_text_step(name.get<std::string>()) : std::nullopt;
    if (!step)
      throw Error(Code::invalid,
                  fmt::format("{}: there is no step {}: choose from {}", Target::owner, shown(name),
                              fmt::join(text_step_names(), ", ")),
                  {},
                  did_you_mean(name.is_string() ? name.get<std::string>() : "", text_step_names()));
    steps.push_back(*step);
  }
  if (steps.empty())
    throw Error(Code::invalid, Target::owner + " needs steps", {}, "for example: text: [trim]");
  return steps;
}

std::unique_ptr<RuleFit> make(const nlohmann::json& given, const RuleContext& context) {
  std::vector<Target> targets;
  if (given.is_object() && !given.empty()) {
    for (const auto& [name, steps] : given.items()) {
      const Field& field = context.schema[context.schema.index_of(name, Target::owner)];
      if (field.type != Type::string) {
        Where where;
        where.field = name;
        throw Error(Code::invalid,
                    fmt::format("{}: {} is {}, not text", Target::owner, name, name_of(field.type)),
                    where);
      }
      targets.push_back({{field.name, field.type}, parse_steps(steps)});
    }
  } else {
    const std::vector<TextStep> steps = parse_steps(given);
    for (const Field& field : context.schema.fields()) {
      if (field.type == Type::string) targets.push_back({{field.name, field.type}, steps});
    }
  }
  return already_fitted(std::make_unique<ColumnRule<Target>>(std::move(targets)), "text");
}

const RegisterRule register_text({
    .name = "text",
    .text =
        "Brings text into one form, by steps that run in the order written: of the columns named, "
        "or of all columns of text where only steps stand. `trim` takes away white space around "
        "the text, no-break spaces too; `collapse` makes one space of each run of white space; "
        "`lower` and `upper` change the case of every letter of Unicode that has the other case as "
        "one letter; `title` makes the first letter of each word large and all others small (an "
        "apostrophe begins no word: Don't, O'hare); `nfc` writes a letter with its accents as one "
        "character where Unicode has it (normalization form C); `repair` undoes UTF-8 that was "
        "read as Latin-1 or Windows-1252 (Ã¼ becomes ü), only where the whole cell decodes. Text "
        "that becomes empty is not missing: `missing` after this rule makes it so.",
    .example = "- text: [trim, collapse]\n"
               "- text: {city: [repair, nfc, title], carrier: upper}",
    .make = make,
    .load = ColumnRule<Target>::load,
});

}  // namespace
}  // namespace gristmill
