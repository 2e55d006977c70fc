// Check `sql`: what must be true of a table, in the user's own SQL.
#include <fmt/format.h>

#include "base/text.h"
#include "clean/value.h"
#include "pipeline/query_check.h"
#include "source/quote.h"

namespace gristmill {
namespace {

bool is_select(const std::string& text) {
  const std::string_view begin = trimmed(text);
  for (const std::string_view word : {"select", "with", "from"}) {
    if (begin.size() > word.size() && equal_ignoring_case(begin.substr(0, word.size()), word) &&
        (is_space(begin[word.size()]) || begin[word.size()] == '('))
      return true;
  }
  return false;
}

class SqlCheck : public QueryCheck {
 public:
  SqlCheck(std::string text, std::string select, std::vector<std::string> tables, Schema schema)
      : text_(std::move(text)),
        select_(std::move(select)),
        tables_(std::move(tables)),
        schema_(std::move(schema)) {}

  std::string name() const override { return "sql " + excerpt(text_); }
  std::vector<std::string> reads() const override { return schema_.names(); }
  std::vector<std::string> tables() const override { return tables_; }

 protected:
  std::string failing(const WholeTable&) const override { return select_; }
  std::string message(const std::string& rows) const override {
    return fmt::format("`{}` {}: {}", shortened(text_),
                       is_select(text_) ? "should return nothing" : "is untrue", rows);
  }

 private:
  std::string text_, select_;
  std::vector<std::string> tables_;  // others that it reads
  Schema schema_;
};

std::unique_ptr<Check> make_one(const nlohmann::json& given, const CheckContext& context) {
  if (!given.is_string() || trimmed(given.get_ref<const std::string&>()).empty())
    throw check_error(fmt::format("sql: {} is neither a condition nor a SELECT", shown(given)), "");
  const auto text = given.get<std::string>();
  std::string select = text;
  while (!select.empty() && (is_space(select.back()) || select.back() == ';')) select.pop_back();
  if (!is_select(text)) {
    std::string alone = "SELECT " + select;  // in which `a) OR (b` is no condition
    context.read_sql(alone);
    // As SQL's CHECK: what is null is not false.
    select = fmt::format("SELECT * FROM {} WHERE NOT ({}\n) ORDER BY {}",
                         quote_table(context.table), select, quote_name(check_row_column));
  }
  std::vector<std::string> tables = context.read_sql(select);
  std::erase(tables, context.table);
  return std::make_unique<SqlCheck>(text, select, std::move(tables), context.schema);
}

CheckList make(const nlohmann::json& given, const CheckContext& context) {
  CheckList checks;
  for (const nlohmann::json& one : given.is_array() ? given : nlohmann::json::array({given}))
    checks.push_back(make_one(one, context));
  if (checks.empty()) throw check_error("sql: an empty list checks nothing", "");
  return checks;
}

const RegisterCheck register_sql({
    .name = "sql",
    .type = "any",
    .text = "A condition in DuckDB's SQL that is false of no row, a SELECT that returns no row, or "
            "a list of such. A SELECT reads the table, with a column `gristmill_row` more, and all "
            "others by their names.",
    .example =
        "sql: [air_time < 1000, \"SELECT origin FROM flights GROUP BY 1 HAVING count(*) = 0\"]",
    .make = make,
    .other_tables = true,
});

}  // namespace
}  // namespace gristmill
