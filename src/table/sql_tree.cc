#include "table/sql_tree.h"

#include <algorithm>

#include "base/text.h"
#include "table/session.h"
#include "table/sql_text.h"

namespace gristmill {
namespace {

using nlohmann::json;

Error refusal(const json& answer, const std::string& sql) {
  std::string message = answer.value("error_message", std::string("this is not SQL"));
  if (answer.value("error_type", std::string()) == "not implemented") {
    return {Code::invalid, "only a SELECT can stand here: sources are read, never written"};
  }
  size_t position = 0;
  bool known = answer.contains("position") && answer["position"].is_string();
  if (known) position = std::strtoull(answer["position"].get<std::string>().c_str(), nullptr, 10);
  return {Code::invalid, message, known ? place_at(sql, position) : Where()};
}

class TableFinder {
 public:
  explicit TableFinder(const std::function<void(const std::string&)>& function)
      : function_(function) {}

  void walk(const json& node) {
    if (node.is_array()) {
      for (const json& child : node) walk(child);
    }
    if (!node.is_object()) return;
    size_t depth = scope_.size();
    auto ctes = node.find("cte_map");
    if (ctes != node.end() && ctes->is_object() && ctes->contains("map")) bind((*ctes)["map"]);
    std::string type = json_text(node, "type");
    if (type == "BASE_TABLE") found(node);
    if (type == "TABLE_FUNCTION" && node.contains("function")) {
      function_(json_text(node["function"], "function_name"));
    }
    for (const auto& [key, child] : node.items()) {
      if (key != "cte_map") walk(child);
    }
    scope_.resize(depth);
  }

  std::vector<std::string> take() { return std::move(tables_); }

 private:
  // Each name is seen by the ones after it, and by itself when it is recursive.
  void bind(const json& map) {
    for (const json& entry : map) {
      const json& value = entry.at("value");
      std::string name = lower(entry.at("key").get<std::string>());
      bool recursive = value.dump().find("\"RECURSIVE_CTE_NODE\"") != std::string::npos;
      if (recursive) scope_.push_back(name);
      walk(value);
      if (!recursive) scope_.push_back(name);
    }
  }

  void found(const json& node) {
    bool qualified = !json_text(node, "schema_name").empty();
    std::string name = lower(json_text(node, "table_name"));
    if (!qualified && std::find(scope_.begin(), scope_.end(), name) != scope_.end()) return;
    std::string full = table_name_of(node);
    if (std::find(tables_.begin(), tables_.end(), full) == tables_.end()) tables_.push_back(full);
  }

  const std::function<void(const std::string&)>& function_;
  std::vector<std::string> scope_, tables_;
};

// No aggregate, and nothing that makes several rows of one: operators are functions, too.
bool is_of_one_row(const json& expression) {
  if (json_text(expression, "class") == "FUNCTION" && !expression.value("is_operator", false))
    return false;
  return !expression.is_structured() ||
         std::all_of(expression.begin(), expression.end(), is_of_one_row);
}

// Functions whose rows come from their arguments alone.
const std::vector<std::string>& pure_functions() {
  static const std::vector<std::string> names = {
      "generate_series", "json_each", "json_tree", "range", "repeat", "repeat_row", "unnest"};
  return names;
}

}  // namespace

Where place_at(std::string_view sql, size_t position) {
  position = std::min(position, sql.size());
  std::string_view before = sql.substr(0, position);
  size_t newline = before.rfind('\n');
  Where where;
  where.line = 1 + int(std::count(before.begin(), before.end(), '\n'));
  where.column = int(newline == std::string_view::npos ? position : position - newline - 1) + 1;
  return where;
}

json sql_tree(SqlSession& engine, const std::string& sql) {
  // DuckDB drops what follows a zero byte.
  if (sql.find('\0') != std::string::npos) {
    throw Error(Code::invalid, "a zero byte in SQL", place_at(sql, sql.find('\0')));
  }
  json answer =
      json::parse(engine.rows("SELECT json_serialize_sql(" + quote_text(sql) + ")")[0][0]);
  if (answer.value("error", false)) throw refusal(answer, sql);
  const json& statements = answer.at("statements");
  if (statements.size() != 1) {
    throw Error(Code::invalid, statements.empty()
                                   ? "there is no SQL here"
                                   : "one SELECT is due here, not several statements");
  }
  return statements[0].at("node");
}

std::string sql_of(SqlSession& engine, const json& node) {
  const json statement = {{"error", false},
                          {"statements", {{{"node", node}, {"named_param_map", json::array()}}}}};
  return engine.rows("SELECT json_deserialize_sql(" + quote_text(statement.dump()) + ")")
      .at(0)
      .at(0);
}

std::string json_text(const json& node, const char* key) {
  auto it = node.find(key);
  return it != node.end() && it->is_string() ? it->get<std::string>() : std::string();
}

std::string table_name_of(const json& base_table) {
  std::string name;
  for (const char* key : {"catalog_name", "schema_name", "table_name"}) {
    auto it = base_table.find(key);
    if (it == base_table.end() || !it->is_string() || it->get<std::string>().empty()) continue;
    name += (name.empty() ? "" : ".") + it->get<std::string>();
  }
  return name;
}

std::string quoted_table_name(const std::string& name) {
  const size_t dot = name.find('.');
  if (dot == std::string::npos) return quote_name(name);
  return quote_name(name.substr(0, dot)) + "." + quote_name(name.substr(dot + 1));
}

bool gives_its_rows(const json& node) {
  const json blank = json::array();
  return json_text(node, "type") == "SELECT_NODE" && node.at("cte_map").at("map").empty() &&
         node.value("modifiers", blank).empty() && node.value("group_expressions", blank).empty() &&
         node.at("having").is_null() && node.at("qualify").is_null() &&
         node.at("sample").is_null() && is_of_one_row(node.at("select_list"));
}

std::string whole_table(const json& node) {
  if (!gives_its_rows(node) || !node.at("where_clause").is_null()) return {};
  const json& from = node.at("from_table");
  const bool is_table = json_text(from, "type") == "BASE_TABLE" && from.at("sample").is_null();
  return is_table ? table_name_of(from) : "";
}

std::vector<std::string> tables_of(const json& node,
                                   const std::function<void(const std::string&)>& function) {
  TableFinder finder(function);
  finder.walk(node);
  return finder.take();
}

std::vector<std::string> Engine::tables_read(const std::string& sql) {
  return tables_of(sql_tree(*impl_->session(), sql), [](const std::string& name) {
    const std::vector<std::string>& pure = pure_functions();
    if (std::find(pure.begin(), pure.end(), lower(name)) != pure.end()) return;
    throw Error(Code::invalid, fmt::format("the function {}() cannot stand in FROM", name), {},
                "name the file or database under `sources`, so that a change of it is seen");
  });
}

}  // namespace gristmill
