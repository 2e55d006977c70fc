// What a SELECT asks of the clock or of chance.
#include <algorithm>

#include "base/text.h"
#include "table/session.h"
#include "table/sql_tree.h"

namespace gristmill {
namespace {

using nlohmann::json;

struct Call {
  std::string name;
  int64_t location;  // in the SQL, in bytes
};

int64_t location_of(const json& node) {
  auto it = node.find("query_location");
  return it != node.end() && it->is_number_integer() ? it->get<int64_t>() : 0;
}

// SQL's names for the clock that are written without parentheses: to the parser they are columns.
bool is_clock(const std::string& name) {
  static const std::vector<std::string> clocks = {
      "current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"};
  return std::find(clocks.begin(), clocks.end(), name) != clocks.end();
}

bool is_operator(const std::string& name) {
  return !name.empty() && std::isalpha(static_cast<unsigned char>(name[0])) == 0 && name[0] != '_';
}

class CallFinder {
 public:
  void walk(const json& node) {
    if (node.is_object()) look(node);
    if (node.is_structured()) {
      for (const json& child : node) walk(child);
    }
  }

  std::vector<Call> clocks, calls;

 private:
  void look(const json& node) {
    const std::string kind = json_text(node, "class");
    if (kind == "FUNCTION") {
      const std::string name = lower(json_text(node, "function_name"));
      // Functions of the clock that DuckDB calls consistent: its macro, and age() to today.
      const bool to_today = name == "age" && node.at("children").size() == 1;
      if (!is_operator(name))
        (name == "ago" || to_today ? clocks : calls).push_back({name, location_of(node)});
    }
    if (kind == "COLUMN_REF" && node.at("column_names").size() == 1) {
      const std::string name = lower(node.at("column_names")[0].get<std::string>());
      if (is_clock(name)) clocks.push_back({name, location_of(node)});
    }
    auto sample = node.find("sample");
    if (sample != node.end() && sample->is_object())
      clocks.push_back({"a sample", location_of(node)});
  }
};

// Those of the functions whose answer changes from query to query. error() only stops one.
std::vector<std::string> changing(SqlSession& engine, const std::vector<Call>& calls) {
  if (calls.empty()) return {};
  std::string names;
  for (const Call& call : calls) names += (names.empty() ? "" : ", ") + quote_text(call.name);
  std::vector<std::string> out;
  for (const auto& row : engine.rows(
           "SELECT DISTINCT function_name FROM duckdb_functions() WHERE stability IN ('VOLATILE', "
           "'CONSISTENT_WITHIN_QUERY') AND function_name <> 'error' AND function_name IN (" +
           names + ")")) {
    out.push_back(row[0]);
  }
  return out;
}

}  // namespace

void Engine::check_repeatable(const std::string& sql) {
  gristmill::check_repeatable(*impl_->session(), sql);
}

void check_repeatable(SqlSession& engine, const std::string& sql) {
  CallFinder found;
  found.walk(sql_tree(engine, sql));
  std::vector<Call> refused = found.clocks;
  const std::vector<std::string> names = changing(engine, found.calls);
  for (const Call& call : found.calls) {
    if (std::find(names.begin(), names.end(), call.name) != names.end()) refused.push_back(call);
  }
  if (refused.empty()) return;
  const Call& first =
      *std::min_element(refused.begin(), refused.end(),
                        [](const Call& a, const Call& b) { return a.location < b.location; });
  throw Error(
      Code::invalid,
      fmt::format("{} gives another answer each time, but a table is kept until its inputs change",
                  first.name),
      place_at(sql, size_t(first.location)),
      is_clock(first.name)
          ? fmt::format("name the time under `params` and read it as $name; a column of that name "
                        "is written with its table: t.{}",
                        first.name)
          : "name the value under `params` and read it as $name; for a share of the rows, "
            "WHERE hash(key) % 10 = 0");
}

bool is_same_each_time(SqlSession& engine, const json& node, const std::string& sql) {
  bool ordered = true;
  std::string names;
  const auto walk = [&](const auto& self, const json& at) -> void {
    if (at.is_object()) {
      const std::string kind = json_text(at, "class"), type = json_text(at, "type");
      if (kind == "WINDOW" || type.starts_with("LIMIT_")) ordered = false;
      if (type == "DISTINCT_MODIFIER" && !at.value("distinct_on_targets", json()).empty())
        ordered = false;
      const std::string name = lower(json_text(at, "function_name"));
      if (kind == "FUNCTION" && !is_operator(name)) names += ", " + quote_text(name);
    }
    if (!at.is_structured()) return;
    for (const json& child : at) self(self, child);
  };
  walk(walk, node);
  if (!ordered) return false;
  try {
    check_repeatable(engine, sql);
  } catch (const Error&) {
    return false;
  }
  if (names.empty()) return true;
  // Of all aggregates, only these are known to give the same bits in any order of the rows.
  return engine
      .rows(
          "SELECT 1 FROM duckdb_functions() WHERE function_type = 'aggregate' AND function_name "
          "NOT IN ('count', 'count_star', 'min', 'max') AND function_name IN (''" +
          names + ") LIMIT 1")
      .empty();
}

}  // namespace gristmill
