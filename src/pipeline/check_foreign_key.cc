// Check `foreign_key`: values that another table has, too.
#include <algorithm>

#include <fmt/format.h>

#include "clean/frozen_table.h"
#include "clean/value.h"
#include "pipeline/query_check.h"
#include "source/quote.h"

namespace gristmill {
namespace {

using Names = std::vector<std::string>;

struct Reference {
  Names columns;
  std::string table;
  Names key;  // of `table`, in the order of `columns`
};

class ForeignKeyCheck : public QueryCheck {
 public:
  ForeignKeyCheck(Reference reference, std::string own)
      : reference_(std::move(reference)), own_(std::move(own)) {}

  std::string name() const override {
    return fmt::format("foreign_key {}", fmt::join(reference_.columns, ", "));
  }
  Names reads() const override {
    Names names = reference_.columns;
    if (to_itself()) names.insert(names.end(), reference_.key.begin(), reference_.key.end());
    return names;
  }
  Names tables() const override { return to_itself() ? Names() : Names{reference_.table}; }

 protected:
  // A row with a null in the columns refers to nothing, as in SQL.
  std::string failing(const WholeTable& table) const override {
    std::string present, equal, shown = quote_name(check_row_column);
    for (const std::string& name : table.key) shown += ", a." + quote_name(name);
    for (size_t i = 0; i < reference_.columns.size(); ++i) {
      const std::string column = "a." + quote_name(reference_.columns[i]);
      present += fmt::format("{} IS NOT NULL AND ", column);
      equal +=
          fmt::format("{}b.{} = {}", i == 0 ? "" : " AND ", quote_name(reference_.key[i]), column);
      if (std::find(table.key.begin(), table.key.end(), reference_.columns[i]) == table.key.end())
        shown += ", " + column;
    }
    return fmt::format(
        "SELECT {} FROM {} AS a WHERE {}NOT EXISTS (SELECT 1 FROM {} AS b WHERE {}) "
        "ORDER BY {}",
        shown, table.relation, present,
        to_itself() ? table.relation : quote_table(reference_.table), equal,
        quote_name(check_row_column));
  }
  std::string message(const std::string& rows) const override {
    return fmt::format("{} not in {}: {}", fmt::join(reference_.columns, ", "), target(), rows);
  }

 private:
  bool to_itself() const { return reference_.table == own_; }
  std::string target() const {
    return fmt::format("{}.{}", reference_.table, fmt::join(reference_.key, ", "));
  }

  Reference reference_;
  std::string own_;
};

Names names_of(const nlohmann::json& given, const std::string& what) {
  Names names;
  for (const nlohmann::json& name : given.is_array() ? given : nlohmann::json::array({given})) {
    if (!name.is_string())
      throw check_error(
          fmt::format("foreign_key: `{}` must name columns, not {}", what, shown(name)), "");
    names.push_back(name.get<std::string>());
  }
  return names;
}

// {columns: [store, day], table: weather.daily, key: [store, day]}
Reference long_form(const nlohmann::json& given) {
  const Params params(given, {{"columns", "any", ""}, {"table", "string", ""}, {"key", "any", ""}},
                      check_owner + ": foreign_key");
  Reference reference{names_of(params["columns"], "columns"), params.text("table"), {}};
  reference.key = params.has("key") ? names_of(params["key"], "key") : reference.columns;
  if (reference.columns.empty() || reference.columns.size() != reference.key.size())
    throw check_error(fmt::format("foreign_key: {} columns cannot be a key of {}",
                                  reference.columns.size(), reference.key.size()),
                      "");
  return reference;
}

// customer: reference.customers.id
Reference short_form(const std::string& column, const nlohmann::json& given) {
  const std::string text = given.is_string() ? given.get<std::string>() : "";
  const size_t dot = text.rfind('.');
  if (dot == std::string::npos || dot == 0 || dot + 1 == text.size())
    throw check_error(
        fmt::format("foreign_key of {}: {} is not a table and its column", column, shown(given)),
        column, "for example reference.airports.faa");
  return {{column}, text.substr(0, dot), {text.substr(dot + 1)}};
}

std::unique_ptr<Check> make_one(Reference reference, const CheckContext& context) {
  const Schema other =
      reference.table == context.table ? context.schema : context.schema_of(reference.table);
  for (size_t i = 0; i < reference.columns.size(); ++i) {
    const std::string &column = reference.columns[i], &key = reference.key[i];
    const Type type = context.schema[context.schema.index_of(column, check_owner)].type;
    const Type wanted = other[other.index_of(key, check_owner + ": " + reference.table)].type;
    if (!comparable(type, wanted))
      throw check_error(fmt::format("foreign_key of {}: it is {}, but {} of {} is {}", column,
                                    name_of(type), key, reference.table, name_of(wanted)),
                        column, "make them one type, with `parse` or a CAST in the table's SQL");
  }
  return std::make_unique<ForeignKeyCheck>(std::move(reference), context.table);
}

CheckList make(const nlohmann::json& given, const CheckContext& context) {
  CheckList checks;
  if (given.is_array()) {
    for (const nlohmann::json& one : given) checks.push_back(make_one(long_form(one), context));
  } else if (given.is_object() && given.contains("columns")) {
    checks.push_back(make_one(long_form(given), context));
  } else if (given.is_object()) {
    for (const auto& [column, target] : given.items())
      checks.push_back(make_one(short_form(column, target), context));
  }
  if (checks.empty())
    throw check_error(fmt::format("foreign_key: {} names no columns", shown(given)), "",
                      "for example {dest: reference.airports.faa}");
  return checks;
}

const RegisterCheck register_foreign_key({
    .name = "foreign_key",
    .type = "any",
    .text = "Columns whose values another table has: {dest: reference.airports.faa}, or of several "
            "columns {columns: [store, day], table: weather.daily, key: [store, day]}, or a list "
            "of such. Rows with a null in them refer to nothing and pass. The other table is as "
            "`gristmill show` has it.",
    .example = "foreign_key: {dest: reference.airports.faa, tailnum: ops.planes.tailnum}",
    .make = make,
    .other_tables = true,
});

}  // namespace
}  // namespace gristmill
