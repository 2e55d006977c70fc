#include "clean/check.h"

#include <fmt/format.h>

#include "clean/cells.h"
#include "clean/value.h"

namespace gristmill {

nlohmann::json Finding::json() const {
  return {{"broken", broken}, {"message", message}, {"examples", examples}};
}

Finding Finding::from_json(const nlohmann::json& json) {
  return {json.at("broken").get<bool>(), json.at("message").get<std::string>(),
          json.at("examples").get<std::vector<std::string>>()};
}

std::string CheckRows::place(int64_t i) const {
  std::string text = fmt::format("row {}", positions[i] + 1);
  for (size_t k = 0; k < key.size(); ++k) {
    const Column& column = rows.columns[rows.schema->index_of(key[k], check_owner)];
    text += fmt::format("{}{} {}", k == 0 ? " (" : ", ", key[k], report_text(column, i));
  }
  return key.empty() ? text : text + ")";
}

Finding Check::judge(const nlohmann::json& measured, const CheckTime&) const {
  return Finding::from_json(measured);
}

std::string Check::conflict(const Check&) const { return ""; }

Error check_error(const std::string& what, const std::string& column, std::string hint) {
  return {
      Code::invalid, fmt::format("{}: {}", check_owner, what), {.field = column}, std::move(hint)};
}

std::string counted(int64_t count, const std::string& what) {
  const std::string digits = std::to_string(count);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return fmt::format("{} {}{}", text, what, count == 1 ? "" : "s");
}

CheckList make_by_column(
    const std::string& kind, const nlohmann::json& given, const CheckContext& context,
    const std::function<std::unique_ptr<Check>(const Field&, const nlohmann::json&)>& make) {
  if (!given.is_object() || given.empty())
    throw check_error(fmt::format("`{}` must be a mapping of columns, not {}", kind, shown(given)),
                      "");
  CheckList checks;
  for (const auto& [name, value] : given.items()) {
    const Field& field = context.schema[context.schema.index_of(name, check_owner)];
    checks.push_back(make(field, value));
  }
  return checks;
}

}  // namespace gristmill
