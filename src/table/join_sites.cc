#include "table/join_sites.h"

#include <algorithm>

#include "base/text.h"
#include "table/from_tree.h"
#include "table/sent_filter.h"
#include "table/sql_tree.h"

namespace gristmill {
namespace {

using nlohmann::json;

std::vector<std::string> names_of(const json& column_ref) {
  if (json_text(column_ref, "type") != "COLUMN_REF") return {};
  return column_ref.at("column_names").get<std::vector<std::string>>();
}

class SiteFinder {
 public:
  SiteFinder(SqlSession& engine, const std::function<bool(const std::string&)>& wanted)
      : engine_(engine), wanted_(wanted), blank_(sql_tree(engine, "SELECT *")) {}

  void walk(const json& node) {
    if (node.is_array()) {
      for (const json& child : node) walk(child);
    }
    if (!node.is_object()) return;
    const size_t depth = scope_.size();
    auto ctes = node.find("cte_map");
    if (ctes != node.end() && ctes->is_object()) {
      for (const json& entry : ctes->at("map")) {
        // A name is seen by those after it. What is recursive is read more than once.
        if (entry.dump().find("\"RECURSIVE_CTE_NODE\"") == std::string::npos)
          walk_within(nullptr, entry.at("value"));
        scope_.push_back(entry);
      }
    }
    const bool is_select = json_text(node, "type") == "SELECT_NODE";
    if (is_select) look_at(node);
    for (const auto& [key, child] : node.items()) {
      if (key == "cte_map") continue;
      // A table of FROM sees no other by its name, or only some of them.
      if (is_select)
        walk_within(key == "from_table" ? nullptr : &node, child);
      else
        walk(child);
    }
    scope_.resize(depth);
  }

  Sites take() { return {std::move(sites_), std::move(filters_)}; }

 private:
  // `select`: the one whose tables a subquery of `node` sees; null: none that is certain.
  void walk_within(const json* select, const json& node) {
    around_.push_back(select);
    walk(node);
    around_.pop_back();
  }

  void look_at(const json& select) {
    FromTree from(select.at("from_table"));
    const auto is_wanted = [&](const FromTree::Leaf& leaf) {
      const json& node = *leaf.node;
      return json_text(node, "type") == "BASE_TABLE" && node.at("sample").is_null() &&
             node.at("at_clause").is_null() && node.at("column_name_alias").empty() &&
             wanted_(table_name_of(node));
    };
    if (std::none_of(from.leaves.begin(), from.leaves.end(), is_wanted)) return;
    if (from.leaves.size() == 1 && select.at("where_clause").is_null()) return;
    describe(from);
    where_ = conjuncts(select.at("where_clause"));
    around_select_ = around_.empty() || has_names(select) ? nullptr : around_.back();
    for (size_t i = 0; i < from.leaves.size(); ++i) {
      if (is_wanted(from.leaves[i])) find_sites(from, int(i));
    }
  }

  void describe(FromTree& from) {
    for (FromTree::Leaf& leaf : from.leaves) {
      for (const auto& row : engine_.rows("SELECT column_name FROM (DESCRIBE " +
                                          sql_of(engine_, over(*leaf.node)) + ")"))
        leaf.columns.insert(lower(row.at(0)));
    }
  }

  // Upwards from the table, for as long as its rows come to a join as they are.
  void find_sites(const FromTree& from, int table) {
    int at = from.leaves[size_t(table)].parent;
    for (; at != FromTree::root; at = from.joins[size_t(at)].parent) {
      const FromTree::Join& join = from.joins[size_t(at)];
      if (from.drops(join, table)) look_at_join(from, table, at);
      if (!from.passes(join, table)) return;
    }
    const int all = int(from.leaves.size());
    for (const json* condition : where_) {
      look_at_equality(from, table, *condition, 0, all, FromTree::root);
      look_at_membership(from, table, *condition);
      look_at_existence(from, table, *condition);
      look_at_correlation(from, table, *condition);
      look_at_filter(from, table, *condition);
    }
  }

  void look_at_filter(const FromTree& from, int table, const json& condition) {
    const std::vector<std::string> name = compared_column(condition).name;
    if (name.empty() || find_in(from, condition) != table) return;
    filters_.push_back({from.leaves[size_t(table)].node, name.back(), &condition});
  }

  void look_at_join(const FromTree& from, int table, int at) {
    const FromTree::Join& join = from.joins[size_t(at)];
    const bool left = from.on_left(table, join);
    const int begin = left ? join.begin : join.middle, end = left ? join.middle : join.end;
    const int other_begin = left ? join.middle : join.begin;
    const int other_end = left ? join.end : join.middle;
    for (const json& name : join.node->at("using_columns")) {
      const std::string column = name.get<std::string>();
      const int other = from.find_merged(column, other_begin, other_end, at);
      if (other < 0 || from.find({column}, begin, end, at) != table) continue;
      add(from, table, column, other, column_ref(column), at);
    }
    for (const json* condition : conjuncts(join.node->at("condition")))
      look_at_equality(from, table, *condition, join.begin, join.end, at);
  }

  void look_at_equality(const FromTree& from, int table, const json& condition, int begin, int end,
                        int at) {
    if (json_text(condition, "type") != "COMPARE_EQUAL") return;
    for (const auto& [own, others] : {std::pair("left", "right"), std::pair("right", "left")}) {
      const std::vector<std::string> name = names_of(condition.at(own));
      if (name.empty() || from.find(name, begin, end, at) != table) continue;
      const int other = from.find_all(condition.at(others), begin, end, at);
      if (other < 0 || other == table || !is_across(from, table, other, at)) continue;
      add(from, table, name.back(), other, condition.at(others), at);
    }
  }

  // On the other side of the join: a condition on one side alone drops nothing of a left join.
  static bool is_across(const FromTree& from, int table, int other, int at) {
    if (at == FromTree::root) return true;
    const FromTree::Join& join = from.joins[size_t(at)];
    return from.on_left(table, join) != from.on_left(other, join);
  }

  void look_at_membership(const FromTree& from, int table, const json& condition) {
    if (json_text(condition, "subquery_type") != "ANY" ||
        json_text(condition, "comparison_type") != "COMPARE_EQUAL")
      return;
    const std::vector<std::string> name = names_of(condition.at("child"));
    if (name.empty() || from.find(name, 0, int(from.leaves.size()), FromTree::root) != table)
      return;
    json keys = over({{"type", "SUBQUERY"},
                      {"alias", "keys"},
                      {"sample", nullptr},
                      {"subquery", condition.at("subquery")},
                      {"column_name_alias", json::array({"key"})}});
    sites_.push_back({from.leaves[size_t(table)].node, name.back(), std::move(keys)});
  }

  // EXISTS (SELECT … FROM s WHERE s.id = b.id), of the table b.
  void look_at_existence(const FromTree& from, int table, const json& condition) {
    if (json_text(condition, "subquery_type") != "EXISTS") return;
    const json& select = condition.at("subquery").at("node");
    if (!gives_its_rows(select)) return;
    FromTree inner(select.at("from_table"));
    describe(inner);
    const std::vector<const json*> where = conjuncts(select.at("where_clause"));
    for_each_equality(where, [&](const json& own, const json& others) {
      const std::vector<std::string> name = names_of(own);
      if (name.empty() || inner.may_show(name) || find_in(from, own) != table) return;
      if (const int other = find_in(inner, others); other >= 0)
        sites_.push_back(
            {from.leaves[size_t(table)].node, name.back(), keys_of(inner, other, others, where)});
    });
  }

  // WHERE b.id = s.id, of the table b, in a subquery of a SELECT over s.
  void look_at_correlation(const FromTree& from, int table, const json& condition) {
    if (around_select_ == nullptr) return;
    for_each_equality({&condition}, [&](const json& own, const json& others) {
      const std::vector<std::string> name = names_of(own);
      if (name.empty() || find_in(from, own) != table || from.may_show_any(others)) return;
      FromTree outer(around_select_->at("from_table"));
      describe(outer);
      if (const int other = find_in(outer, others); other >= 0)
        sites_.push_back(
            {from.leaves[size_t(table)].node, name.back(), keys_of(outer, other, others, {})});
    });
  }

  template <class Found>
  static void for_each_equality(const std::vector<const json*>& conditions, const Found& found) {
    for (const json* condition : conditions) {
      if (json_text(*condition, "type") != "COMPARE_EQUAL") continue;
      found(condition->at("left"), condition->at("right"));
      found(condition->at("right"), condition->at("left"));
    }
  }

  // In WHERE.
  static int find_in(const FromTree& from, const json& expression) {
    return from.find_all(expression, 0, int(from.leaves.size()), FromTree::root);
  }

  static bool has_names(const json& select) { return !select.at("cte_map").at("map").empty(); }

  // What WHERE says of the other table alone, it says of the keys: rows made with others of its
  // rows do not come through.
  void add(const FromTree& from, int table, const std::string& column, int other, json expression,
           int at) {
    const bool passes = from.passes_above(at, table);
    sites_.push_back({from.leaves[size_t(table)].node, column,
                      keys_of(from, other, std::move(expression),
                              passes ? where_ : std::vector<const json*>())});
  }

  json keys_of(const FromTree& from, int leaf, json expression,
               const std::vector<const json*>& where) const {
    json keys = over(*from.leaves[size_t(leaf)].node);
    expression["alias"] = "key";
    keys["select_list"] = json::array({std::move(expression)});
    json conditions = json::array();
    for (const json* condition : where) {
      if (find_in(from, *condition) == leaf) conditions.push_back(*condition);
    }
    if (!conditions.empty()) {
      keys["where_clause"] = {{"class", "CONJUNCTION"},
                              {"type", "CONJUNCTION_AND"},
                              {"alias", ""},
                              {"children", std::move(conditions)}};
    }
    return keys;
  }

  // SELECT * FROM `from`, with the names of WITH that it may read.
  json over(const json& from) const {
    json select = blank_;
    select["from_table"] = from;
    json ctes = json::array();
    std::set<std::string> read;
    add_names(from, read);
    for (auto entry = scope_.rbegin(); entry != scope_.rend(); ++entry) {
      if (read.count(lower(entry->at("key").get<std::string>())) == 0) continue;
      ctes.insert(ctes.begin(), *entry);
      add_names(entry->at("value"), read);
    }
    select["cte_map"]["map"] = std::move(ctes);
    return select;
  }

  // Names without a schema that tables below `node` are read by.
  static void add_names(const json& node, std::set<std::string>& names) {
    if (json_text(node, "type") == "BASE_TABLE" && json_text(node, "schema_name").empty())
      names.insert(lower(json_text(node, "table_name")));
    if (!node.is_structured()) return;
    for (const json& child : node) add_names(child, names);
  }

  static json column_ref(const std::string& column) {
    return {{"class", "COLUMN_REF"}, {"type", "COLUMN_REF"}, {"column_names", {column}}};
  }

  SqlSession& engine_;
  const std::function<bool(const std::string&)>& wanted_;
  const json blank_;
  std::vector<json> scope_;          // entries of cte_map
  std::vector<const json*> around_;  // SELECTs
  const json* around_select_ = nullptr;
  std::vector<const json*> where_;
  std::vector<JoinSite> sites_;
  std::vector<FilterSite> filters_;
};

}  // namespace

Sites join_sites(SqlSession& engine, const json& tree,
                 const std::function<bool(const std::string&)>& wanted) {
  SiteFinder finder(engine, wanted);
  finder.walk(tree);
  return finder.take();
}

}  // namespace gristmill
