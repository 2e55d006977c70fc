#include "table/join_counter.h"

#include <algorithm>
#include <atomic>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "table/from_tree.h"
#include "table/sql_tree.h"

namespace gristmill {
namespace {

using nlohmann::json;

bool is_noted(const QueryReport& report, const std::string& table) {
  return std::any_of(report.rows_in.begin(), report.rows_in.end(),
                     [&](const auto& entry) { return entry.first == table; });
}

std::string marker(size_t k) { return fmt::format("gristmill matched {}", k); }

}  // namespace

JoinCounter::JoinCounter(Engine& engine, const NarrowedQuery& query)
    : engine_(engine), query_(sql_tree(engine, query.sql)), narrowed_(query) {}

JoinCounter::~JoinCounter() {
  for (const std::string& copy : copies_) {
    try {
      engine_.execute("DROP TABLE IF EXISTS " + quote_name(copy));
    } catch (const Error&) {
      // Its memory goes with the engine.
    }
  }
}

void JoinCounter::count_joins(QueryReport& report) {
  std::exception_ptr first;
  for (json& select : selects_of(query_)) {
    node_ = std::move(select);
    try {
      count_select(report);
    } catch (const Error& error) {
      if (error.code() == Code::interrupted) throw;
      if (!first) first = std::current_exception();
    }
  }
  if (first) std::rethrow_exception(first);
}

void JoinCounter::count_select(QueryReport& report) {
  sides_.clear();
  JoinChain chain = join_chain(node_.at("from_table"));
  if (chain.joins.empty()) return;
  for (const json& leaf : chain.leaves) sides_.push_back(describe(leaf));
  take_where(chain);
  if (chain.joins.empty()) return;
  std::set<std::string> names;
  for (const json& join : chain.joins) add_condition_names(join, names);
  const size_t before = report.rows_in.size();
  for (size_t k = 1; k < sides_.size(); ++k) {
    copy(sides_[k], chain.leaves[k], names);
    if (!sides_[k].is_table) continue;
    note_rows(report, sides_[k].label,
              number("SELECT count(*) FROM " + quote_name(sides_[k].copy)));
  }
  if (all_unique(chain)) {
    count_at_once(chain, report);
  } else {
    copy(sides_[0], chain.leaves[0], names);
    count_each(chain, report);
  }
  const auto noted = report.rows_in.begin() + int64_t(before);
  if (noted != report.rows_in.end() && report.rows_in.back().first == sides_[0].label) {
    std::rotate(noted, report.rows_in.end() - 1, report.rows_in.end());  // as it is read
  }
}

void JoinCounter::note_rows(QueryReport& report, const std::string& table, int64_t rows) {
  if (!is_noted(report, table)) report.rows_in.emplace_back(table, rows);
}

void JoinCounter::take_where(JoinChain& chain) {
  FromTree from(node_.at("from_table"));
  for (size_t i = 0; i < sides_.size(); ++i) from.leaves.at(i).columns = sides_[i].columns;
  const auto joined = int(sides_.size());
  const std::vector<const json*> where = conjuncts(node_.at("where_clause"));
  for (size_t k = 0; k < chain.joins.size(); ++k) {
    json& join = chain.joins[k];
    if (json_text(join, "ref_type") != "CROSS") continue;
    const auto right = int(k + 1);
    json equal = json::array();
    for (const json* part : where) {
      if (json_text(*part, "type") != "COMPARE_EQUAL") continue;
      const int a = from.find_all(part->at("left"), 0, joined, FromTree::root);
      const int b = from.find_all(part->at("right"), 0, joined, FromTree::root);
      if (a >= 0 && b >= 0 && a != b && std::max(a, b) == right) equal.push_back(*part);
    }
    if (equal.empty()) {
      cut(chain, k);
      sides_.resize(k + 1);
      return;
    }
    join["ref_type"] = "REGULAR";
    join["condition"] = equal[0];
    if (equal.size() == 1) continue;
    join["condition"] = {{"class", "CONJUNCTION"}, {"type", "CONJUNCTION_AND"}, {"alias", ""}};
    join["condition"]["children"] = std::move(equal);
  }
}

void JoinCounter::count_rest(QueryReport& report) {
  report.whole = whole_table(query_);
  if (!report.whole.empty()) return;
  for (const std::string& name : tables_of(query_, [](const std::string&) {})) {
    bool known = is_noted(report, name);
    // Of a table that is narrowed elsewhere in the query, nobody counts what is not read.
    for (const auto& [alias, table] : narrowed_.tables) known |= table == name;
    known |= narrowed_.read_as.count(name) > 0;
    if (known) continue;
    report.rows_in.emplace_back(name, number("SELECT count(*) FROM " + quoted_table_name(name)));
  }
}

JoinCounter::Side JoinCounter::describe(const json& leaf) {
  Side side;
  side.node = leaf;
  side.alias = json_text(leaf, "alias");
  side.is_table = json_text(leaf, "type") == "BASE_TABLE";
  side.label = side.is_table ? table_name_of(leaf) : side.alias;
  auto narrowed = narrowed_.tables.find(side.alias);
  if (!side.is_table && narrowed != narrowed_.tables.end()) {
    side.is_table = true;
    side.label = narrowed->second;
  }
  if (side.alias.empty()) side.alias = json_text(leaf, "table_name");
  json select = node_of("SELECT *");
  select["cte_map"] = node_.at("cte_map");
  select["from_table"] = leaf;
  for (const std::string& column : engine_.describe(text_of(select)).names()) {
    side.columns.insert(lower(column));
  }
  return side;
}

void JoinCounter::copy(Side& side, const json& leaf, const std::set<std::string>& names) {
  std::string list = fmt::format("true AS {}", quote_name(marker(size_t(&side - sides_.data()))));
  for (const std::string& column : side.columns) {
    if (names.count(column) > 0) list += ", " + quote_name(column);
  }
  json select = node_of("SELECT " + list);
  select["cte_map"] = node_.at("cte_map");
  select["from_table"] = leaf;
  static std::atomic<int64_t> counter{0};
  side.copy = fmt::format("gristmill report {}", counter++);
  copies_.push_back(side.copy);
  const bool looked_up = narrowed_.tables.count(side.alias) > 0;
  engine_.copy(side.copy, text_of(select), looked_up);
  side.node = node_of("SELECT * FROM " + quote_name(side.copy)).at("from_table");
  side.node["alias"] = side.alias;
}

bool JoinCounter::is_unique(const Side& side, const std::set<std::string>& columns) {
  std::string list, present;
  for (const std::string& column : columns) {
    list += (list.empty() ? "" : ", ") + quote_name(column);
    present += (present.empty() ? "" : " AND ") + quote_name(column) + " IS NOT NULL";
  }
  return number(fmt::format("SELECT count(*) FROM (SELECT {0} FROM {1} WHERE {2} GROUP BY {0} "
                            "HAVING count(*) > 1 LIMIT 1)",
                            list, quote_name(side.copy), present)) == 0;
}

bool JoinCounter::all_unique(const JoinChain& chain) {
  std::set<std::string> before = sides_[0].columns;
  for (size_t k = 0; k < chain.joins.size(); ++k) {
    std::string kind = json_text(chain.joins[k], "join_type");
    if (kind != "LEFT" && kind != "INNER") return false;
    const Side& right = sides_[k + 1];
    if (!is_asof(chain.joins[k])) {  // which takes the nearest row alone
      const auto keys = equal_columns(chain.joins[k], right.alias, right.columns, before);
      if (keys.empty() || !is_unique(right, keys)) return false;
    }
    before.insert(right.columns.begin(), right.columns.end());
  }
  return true;
}

// Every join is made a left one, which keeps each row once; what an inner join would have dropped
// is left out of the counts after it.
void JoinCounter::count_at_once(const JoinChain& chain, QueryReport& report) {
  std::string list = "count(*)", kept = "true";
  json from = sides_[0].node;
  for (size_t k = 0; k < chain.joins.size(); ++k) {
    std::string matched = fmt::format("coalesce({}, false)", quote_name(marker(k + 1)));
    list += fmt::format(
        ", count(*) FILTER (WHERE {0}) AS before{2}, count(*) FILTER (WHERE {0} AND {1}) AS "
        "match{2}",
        kept, matched, k);
    bool inner = json_text(chain.joins[k], "join_type") == "INNER";
    if (inner) kept += " AND " + matched;
    json join = chain.joins[k];
    join["join_type"] = "LEFT";
    join["left"] = std::move(from);
    join["right"] = sides_[k + 1].node;
    from = std::move(join);
  }
  json select = node_of("SELECT " + list);
  select["cte_map"] = node_.at("cte_map");
  select["from_table"] = std::move(from);
  std::vector<std::string> counts = engine_.rows(text_of(select)).at(0);
  if (sides_[0].is_table) {
    note_rows(report, sides_[0].label, std::stoll(counts.at(0)));
  }
  for (size_t k = 0; k < chain.joins.size(); ++k) {
    JoinReport join = blank(chain, k);
    join.left_rows = std::stoll(counts.at(1 + 2 * k));
    join.matched = std::stoll(counts.at(2 + 2 * k));
    const bool inner = json_text(chain.joins[k], "join_type") == "INNER";
    join.joined_rows = inner ? join.matched : join.left_rows;
    report.joins.push_back(std::move(join));
  }
}

void JoinCounter::count_each(const JoinChain& chain, QueryReport& report) {
  json before = sides_[0].node;
  int64_t left_rows = count(before);
  if (sides_[0].is_table) {
    note_rows(report, sides_[0].label, left_rows);
  }
  for (size_t k = 0; k < chain.joins.size(); ++k) {
    json join = chain.joins[k];
    join["left"] = std::move(before);
    join["right"] = sides_[k + 1].node;
    JoinReport out = blank(chain, k);
    out.left_rows = left_rows;
    out.joined_rows = left_rows = count(join);
    json match = join;
    match["join_type"] = is_asof(join) ? "INNER" : "SEMI";
    out.matched = count(match);
    report.joins.push_back(std::move(out));
    before = std::move(join);
  }
}

JoinReport JoinCounter::blank(const JoinChain& chain, size_t k) {
  const json& join = chain.joins[k];
  JoinReport out;
  out.left = sides_[0].label;
  out.right = sides_[k + 1].label;
  out.kind = lower(json_text(join, "join_type"));
  if (out.kind == "outer") out.kind = "full";
  if (is_asof(join)) out.kind = "asof " + out.kind;
  if (!join.at("using_columns").empty()) {
    auto columns = join["using_columns"].get<std::vector<std::string>>();
    out.on = fmt::format("{}", fmt::join(columns, ", "));
  } else {
    json select = node_of("SELECT 1");
    select["select_list"] = json::array({join.at("condition")});
    std::string sql = text_of(select);
    out.on = sql.substr(sql.find(' ') + 1);
  }
  return out;
}

int64_t JoinCounter::count(const json& from) {
  json select = node_of("SELECT count(*)");
  select["from_table"] = from;
  return number(text_of(select));
}

int64_t JoinCounter::number(const std::string& sql) {
  return std::stoll(engine_.rows(sql).at(0).at(0));
}

json JoinCounter::node_of(const std::string& sql) { return sql_tree(engine_, sql); }

std::string JoinCounter::text_of(const json& node) { return sql_of(engine_, node); }

}  // namespace gristmill
