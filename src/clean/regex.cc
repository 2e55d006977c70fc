// Rule `regex`: a part of a text in its place, or parts of it replaced.
#include <fmt/format.h>

#include "base/error.h"
#include "clean/column_rule.h"
#include "clean/repeated_texts.h"
#include "clean/value.h"
#include "expr/regex.h"

namespace gristmill {
namespace {

struct Target : ColumnTarget {
  static inline const std::string owner = "rule regex";
  bool replaces = false;
  std::string pattern, with;
  std::shared_ptr<const Regex> regex;

  bool nullable(bool before) const { return before || !replaces; }
  bool clean(Column& column, uint64_t* hits, Scratch& scratch) const {
    return replaces ? replace(column, hits, scratch) : extract(column, hits, scratch);
  }
  void save(nlohmann::json& saved) const {
    saved[replaces ? "replace" : "extract"] = pattern;
    if (replaces) saved["with"] = with;
  }
  void load(const nlohmann::json& saved);
  void read(const nlohmann::json& given);

 private:
  bool extract(Column& column, uint64_t* hits, Scratch& scratch) const;
  bool replace(Column& column, uint64_t* hits, Scratch& scratch) const;
};

// What the pattern matched, or its first group where it has one; missing where it matches nothing.
bool Target::extract(Column& column, uint64_t* hits, Scratch& scratch) const {
  const int group = regex->groups() > 0 ? 1 : 0;
  return remake_texts(column, hits, scratch,
                      [&](std::string_view text) { return regex->find(text, group); });
}

bool Target::replace(Column& column, uint64_t* hits, Scratch& scratch) const {
  std::string made;
  return remake_texts(column, hits, scratch, [&](std::string_view text) {
    if (!regex->matches(text)) return std::optional(text);
    made.assign(text);
    regex->replace(made, with);
    return std::optional<std::string_view>(made);
  });
}

void Target::read(const nlohmann::json& given) {
  replaces = given.contains("replace");
  pattern = given.at(replaces ? "replace" : "extract").get<std::string>();
  regex = std::make_shared<const Regex>(pattern, "");
  if (!replaces) return;
  with = given.at("with").get<std::string>();
  regex->check_replacement(with);
}

void Target::load(const nlohmann::json& saved) {
  if (type != Type::string) throw Error(Code::corrupt, owner + " is saved for no column of text");
  try {
    read(saved);
  } catch (const Error& error) {
    throw Error(Code::corrupt, error.message());
  }
}

// {extract: PATTERN} or {replace: PATTERN, with: TEXT}.
void check_form(const nlohmann::json& given, const std::string& column) {
  const bool is_object = given.is_object();
  const bool extracts = is_object && given.contains("extract") && given.size() == 1;
  const bool replaces =
      is_object && given.contains("replace") && given.contains("with") && given.size() == 2;
  bool are_texts = extracts || replaces;
  for (const auto& value : given) are_texts = are_texts && value.is_string();
  if (are_texts) return;
  throw Error(Code::invalid,
              fmt::format("{}: {} needs `extract`, or `replace` and `with`, as texts in quotes",
                          Target::owner, column),
              {.field = column}, "for example: {extract: \"([0-9]+) kg\"}");
}

std::unique_ptr<RuleFit> make(const nlohmann::json& given, const RuleContext& context) {
  if (!given.is_object() || given.empty())
    throw Error(Code::invalid, Target::owner + " needs columns", {},
                "for example: regex: {weight: {extract: \"([0-9]+) kg\"}}");
  std::vector<Target> targets;
  for (const auto& [name, form] : given.items()) {
    const Field& field = context.schema[context.schema.index_of(name, Target::owner)];
    if (field.type != Type::string)
      throw Error(Code::invalid,
                  fmt::format("{}: {} is {}, not text", Target::owner, name, name_of(field.type)),
                  {.field = name});
    check_form(form, name);
    Target& target = targets.emplace_back(Target{{field.name, field.type}});
    try {
      target.read(form);
    } catch (const Error& error) {
      throw error.at({.field = name});
    }
  }
  return already_fitted(std::make_unique<ColumnRule<Target>>(std::move(targets)), "regex");
}

const RegisterRule register_regex({
    .name = "regex",
    .text =
        "Takes a part of a text, or replaces parts of it, by a regular expression (RE2's syntax). "
        "`extract` keeps what the expression matches first, or its first group where it has one; "
        "text in which it matches nothing becomes missing. `replace` puts `with` in the place of "
        "every match; \\1 to \\9 in it stand for groups.",
    .example = "- regex: {weight: {extract: \"([0-9.]+) kg\"}}\n"
               "- regex: {phone: {replace: \"[^0-9+]\", with: \"\"}}",
    .make = make,
    .load = ColumnRule<Target>::load,
});

}  // namespace
}  // namespace gristmill
