// Check `regex`: the form of a text.
#include "base/text.h"
#include "clean/cells.h"
#include "clean/value.h"
#include "clean/value_check.h"
#include "expr/regex.h"

namespace gristmill {
namespace {

class RegexCheck : public ValueCheck {
 public:
  RegexCheck(std::string column, const std::string& pattern)
      : ValueCheck("regex", std::move(column)),
        pattern_(pattern),
        regex_(std::make_shared<const Regex>(pattern, "")) {}

  void find_bad(const Column& column, uint64_t* hits) const override {
    find_hits(column, hits, [&](int64_t i) { return !regex_->matches_all(column.string(i)); });
  }

 protected:
  std::unique_ptr<CellCheck> copy() const override { return std::make_unique<RegexCheck>(*this); }
  std::string fault() const override { return "not of the form " + excerpt(pattern_); }

 private:
  std::string pattern_;
  std::shared_ptr<const Regex> regex_;
};

std::unique_ptr<Check> make(const Field& field, const nlohmann::json& given) {
  if (field.type != Type::string)
    throw check_error(
        fmt::format("regex of {}: it is {}, and patterns are for text", field.name,
                    name_of(field.type)),
        field.name,
        is_number(field.type) || is_time(field.type) ? "`range` bounds its values" : "");
  if (!given.is_string())
    throw check_error(fmt::format("regex of {}: {} is not a pattern", field.name, shown(given)),
                      field.name, "a regular expression in quotes, for example \"[A-Z]{3}\"");
  try {
    return std::make_unique<RegexCheck>(field.name, given.get<std::string>());
  } catch (const Error& error) {
    throw check_error(fmt::format("regex of {}: {}", field.name, error.message()), field.name);
  }
}

const RegisterCheck register_regex({
    .name = "regex",
    .type = "object",
    .text = "The form of a column's texts: a regular expression (RE2) that the whole text matches.",
    .example = "regex: {tailnum: \"N[0-9A-Z]+\"}",
    .make =
        [](const nlohmann::json& given, const CheckContext& context) {
          return make_by_column("regex", given, context, make);
        },
});

}  // namespace
}  // namespace gristmill
