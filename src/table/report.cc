// How the joins of a query went: counted over copies of its tables that keep the columns of the
// join conditions alone, so that each table is read once.
#include <algorithm>
#include <atomic>
#include <cctype>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/progress.h"
#include "table/sql_tree.h"
#include "table/version.h"

namespace gristmill {
namespace {

using nlohmann::json;

std::string text_at(const json& node, const char* key) {
  auto it = node.find(key);
  return it != node.end() && it->is_string() ? it->get<std::string>() : std::string();
}

std::string folded(std::string text) {
  for (char& c : text) c = char(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// 1234567 → "1,234,567"
std::string grouped(int64_t number) {
  std::string text = std::to_string(number);
  for (int64_t i = int64_t(text.size()) - 3; i > 0; i -= 3) text.insert(size_t(i), ",");
  return text;
}

// What the outermost FROM joins, from left to right: join k puts right side k to all before it.
struct Chain {
  std::vector<json> leaves;  // one more than joins
  std::vector<json> joins;   // JOIN nodes, their sides aside
};

bool has_equality(const json& condition) {
  if (text_at(condition, "type") == "COMPARE_EQUAL") return true;
  if (text_at(condition, "type") != "CONJUNCTION_AND") return false;
  const json& children = condition.at("children");
  return std::any_of(children.begin(), children.end(), has_equality);
}

// Joins on equal values: others may take far longer to count than the query itself takes.
bool can_follow(const json& join) {
  static const std::vector<std::string> kinds = {"INNER", "LEFT", "RIGHT", "OUTER"};
  bool known = std::find(kinds.begin(), kinds.end(), text_at(join, "join_type")) != kinds.end();
  if (!known || text_at(join, "ref_type") != "REGULAR") return false;
  return !join.at("using_columns").empty() || has_equality(join.at("condition"));
}

// The joins from the left up to the first that cannot be followed.
Chain chain_of(const json& from) {
  std::vector<const json*> path;
  const json* node = &from;
  for (; text_at(*node, "type") == "JOIN"; node = &node->at("left")) path.push_back(node);
  std::reverse(path.begin(), path.end());
  Chain chain;
  chain.leaves.push_back(*node);
  for (const json* join : path) {
    if (!can_follow(*join) || text_at(join->at("right"), "type") == "JOIN") break;
    chain.leaves.push_back(join->at("right"));
    json bare = *join;
    bare.erase("left");
    bare.erase("right");
    chain.joins.push_back(std::move(bare));
  }
  return chain;
}

void add_names(const json& node, std::set<std::string>& names) {
  if (node.is_array()) {
    for (const json& child : node) add_names(child, names);
  }
  if (!node.is_object()) return;
  for (const char* list : {"using_columns", "column_names"}) {
    if (!node.contains(list)) continue;
    for (const json& name : node[list]) names.insert(folded(name.get<std::string>()));
  }
  for (const auto& [key, child] : node.items()) add_names(child, names);
}

std::string label_of(const json& leaf) {
  std::string name = table_name_of(leaf);
  return name.empty() ? text_at(leaf, "alias") : name;
}

class Reporter {
 public:
  Reporter(Engine& engine, const std::string& sql)
      : engine_(engine), node_(sql_tree(engine, sql)) {}
  ~Reporter() {
    for (const std::string& copy : copies_) {
      try {
        engine_.execute("DROP TABLE IF EXISTS " + quote_name(copy));
      } catch (const Error&) {
        // The engine ends soon, and its tables with it.
      }
    }
  }

  void count_joins(QueryReport& report) {
    if (text_at(node_, "type") != "SELECT_NODE") return;
    Chain chain = chain_of(node_.at("from_table"));
    if (chain.joins.empty()) return;
    std::set<std::string> names;
    for (const json& join : chain.joins) add_names(join, names);
    json before = copy_of(chain.leaves[0], names);
    int64_t left_rows = count(before);
    note_rows(report, chain.leaves[0], left_rows);
    for (size_t k = 0; k < chain.joins.size(); ++k) {
      json right = copy_of(chain.leaves[k + 1], names);
      note_rows(report, chain.leaves[k + 1], count(right));
      json join = chain.joins[k];
      join["left"] = std::move(before);
      join["right"] = std::move(right);
      report.joins.push_back(look(chain, k, join, left_rows));
      left_rows = report.joins.back().joined_rows;
      before = std::move(join);
    }
  }

  void count_rest(QueryReport& report) {
    for (const std::string& name : tables_of(node_, [](const std::string&) {})) {
      bool known = std::any_of(report.rows_in.begin(), report.rows_in.end(),
                               [&](const auto& entry) { return entry.first == name; });
      if (known) continue;
      // "a.b" is what the user wrote for a table b of a source a.
      size_t dot = name.find('.');
      std::string quoted = dot == std::string::npos ? quote_name(name)
                                                    : quote_name(name.substr(0, dot)) + "." +
                                                          quote_name(name.substr(dot + 1));
      report.rows_in.emplace_back(name, number("SELECT count(*) FROM " + quoted));
    }
  }

 private:
  JoinReport look(const Chain& chain, size_t k, const json& join, int64_t left_rows) {
    JoinReport out;
    out.left = label_of(chain.leaves[0]);
    out.right = label_of(chain.leaves[k + 1]);
    out.kind = folded(text_at(join, "join_type"));
    if (out.kind == "outer") out.kind = "full";
    out.on = condition_text(join);
    out.left_rows = left_rows;
    out.joined_rows = count(join);
    json semi = join;
    semi["join_type"] = "SEMI";
    out.matched = count(semi);
    return out;
  }

  static void note_rows(QueryReport& report, const json& leaf, int64_t rows) {
    if (text_at(leaf, "type") == "BASE_TABLE")
      report.rows_in.emplace_back(table_name_of(leaf), rows);
  }

  std::string condition_text(const json& join) {
    if (!join.at("using_columns").empty()) {
      return fmt::format("{}",
                         fmt::join(join["using_columns"].get<std::vector<std::string>>(), ", "));
    }
    json select = node_of("SELECT 1");
    select["select_list"] = json::array({join.at("condition")});
    std::string sql = text_of(select);
    return sql.substr(sql.find(' ') + 1);
  }

  // A copy of the columns of `leaf` that the conditions name, standing in its place.
  json copy_of(const json& leaf, const std::set<std::string>& names) {
    json select = node_of("SELECT *");
    select["cte_map"] = node_.at("cte_map");
    select["from_table"] = leaf;
    std::string list;
    for (const std::string& column : engine_.describe(text_of(select)).names()) {
      if (names.count(folded(column)) == 0) continue;
      list += (list.empty() ? "" : ", ") + quote_name(column);
    }
    if (list.empty()) list = "1 AS \"no column\"";
    select["select_list"] = node_of("SELECT " + list).at("select_list");
    static std::atomic<int64_t> counter{0};
    std::string name = fmt::format("gristmill report {}", counter++);
    copies_.push_back(name);
    engine_.execute(fmt::format("CREATE TABLE {} AS {}", quote_name(name), text_of(select)));
    json copy = node_of("SELECT * FROM " + quote_name(name)).at("from_table");
    std::string alias = text_at(leaf, "alias");
    copy["alias"] = alias.empty() ? text_at(leaf, "table_name") : alias;
    return copy;
  }

  int64_t count(const json& from) {
    json select = node_of("SELECT count(*)");
    select["from_table"] = from;
    return number(text_of(select));
  }

  int64_t number(const std::string& sql) { return std::stoll(engine_.rows(sql).at(0).at(0)); }

  json node_of(const std::string& sql) { return sql_tree(engine_, sql); }

  std::string text_of(const json& node) {
    json statement = {{"error", false},
                      {"statements", {{{"node", node}, {"named_param_map", json::array()}}}}};
    return engine_.rows("SELECT json_deserialize_sql(" + quote_text(statement.dump()) + ")")
        .at(0)
        .at(0);
  }

  Engine& engine_;
  json node_;
  std::vector<std::string> copies_;
};

void add_warnings(QueryReport& report) {
  for (const JoinReport& join : report.joins) {
    int64_t expected = join.kind == "inner" ? join.matched : join.left_rows;
    bool keeps_left = join.kind == "left" || join.kind == "inner";
    if (keeps_left && join.joined_rows > expected) {
      report.warnings.push_back(fmt::format(
          "the {} join with {} multiplies rows: {} become {}; {} is not unique in {}", join.kind,
          join.right, grouped(expected), grouped(join.joined_rows), join.on, join.right));
    }
    if (join.left_rows > 0 && join.matched == 0) {
      report.warnings.push_back(fmt::format("the {} join with {} finds no match for any row ({})",
                                            join.kind, join.right, join.on));
    }
  }
}

}  // namespace

nlohmann::json QueryReport::json() const {
  nlohmann::json out = {{"rows_in", nlohmann::json::array()},
                        {"joins", nlohmann::json::array()},
                        {"warnings", warnings}};
  for (const auto& [table, rows] : rows_in) {
    out["rows_in"].push_back(nlohmann::json::array({table, rows}));
  }
  for (const JoinReport& join : joins) {
    double rate = join.left_rows == 0 ? 0 : double(join.matched) / double(join.left_rows);
    out["joins"].push_back({{"left", join.left},
                            {"right", join.right},
                            {"kind", join.kind},
                            {"on", join.on},
                            {"left_rows", join.left_rows},
                            {"matched", join.matched},
                            {"match_rate", rate},
                            {"joined_rows", join.joined_rows}});
  }
  return out;
}

QueryReport report_query(Engine& engine, const std::string& sql) {
  QueryReport report;
  auto try_to = [&](auto&& part) {
    try {
      part();
    } catch (const Error& error) {
      // What cannot be followed is left out: the report never fails the run.
      if (error.code() == Code::interrupted) throw;
    } catch (const std::exception&) {
    }
  };
  std::unique_ptr<Reporter> reporter;
  try_to([&] { reporter = std::make_unique<Reporter>(engine, sql); });
  if (!reporter) return report;
  try_to([&] { reporter->count_joins(report); });
  try_to([&] { reporter->count_rest(report); });
  add_warnings(report);
  return report;
}

}  // namespace gristmill
