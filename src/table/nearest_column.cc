#include "table/nearest_column.h"

#include <optional>

#include "base/text.h"
#include "table/sql_tree.h"

namespace gristmill {
namespace {

using nlohmann::json;

struct Missing {
  std::string relation, column;
};

// From DuckDB's words: Values list "w" does not have a column named "temperature".
std::optional<Missing> missing_column(std::string_view message) {
  constexpr std::string_view begin = "Values list \"",
                             middle = "\" does not have a column named \"";
  const size_t at = message.find(middle);
  if (!message.starts_with(begin) || at == message.npos || !message.ends_with('"')) return {};
  const size_t column = at + middle.size();
  return Missing{std::string(message.substr(begin.size(), at - begin.size())),
                 std::string(message.substr(column, message.size() - 1 - column))};
}

// What stands in a FROM below `node` under the name `relation`, which is in lower case.
void find_relations(const json& node, const std::string& relation, std::vector<json>& found) {
  if (node.is_object()) {
    const std::string type = json_text(node, "type"), alias = json_text(node, "alias");
    const bool is_table = type == "BASE_TABLE";
    if ((is_table || type == "SUBQUERY" || type == "TABLE_FUNCTION") &&
        lower(alias.empty() && is_table ? json_text(node, "table_name") : alias) == relation) {
      found.push_back(node);
    }
  }
  if (!node.is_structured()) return;
  for (const json& child : node) find_relations(child, relation, found);
}

std::vector<std::string> columns_of(SqlSession& engine, const json& relation, const json& with) {
  json select = sql_tree(engine, "SELECT * FROM one");
  select["from_table"] = relation;
  if (!with.is_null()) select["cte_map"] = with;
  return engine.describe(sql_of(engine, select)).names();
}

}  // namespace

Error with_nearest_column(SqlSession& engine, const std::string& sql, Error error) {
  const std::optional<Missing> missing = missing_column(error.message());
  if (!missing) return error;
  std::vector<std::string> names;
  try {
    const json tree = sql_tree(engine, sql);
    std::vector<json> relations;
    find_relations(tree, lower(missing->relation), relations);
    for (const json& relation : relations) {
      for (std::string& name : columns_of(engine, relation, tree.value("cte_map", json()))) {
        names.push_back(std::move(name));
      }
    }
  } catch (const Error&) {
    // What was refused stands; only its hint is not to be had.
  }
  return {error.code(),
          fmt::format("\"{}\" has no column \"{}\"", missing->relation, missing->column),
          error.where(), did_you_mean(missing->column, names)};
}

}  // namespace gristmill
