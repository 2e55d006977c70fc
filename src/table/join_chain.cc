#include "table/join_chain.h"

#include <algorithm>

#include "base/text.h"
#include "source/quote.h"
#include "table/sql_tree.h"

namespace gristmill {
namespace {

using nlohmann::json;

bool has_equality(const json& condition) {
  if (json_text(condition, "type") == "COMPARE_EQUAL") return true;
  if (json_text(condition, "type") != "CONJUNCTION_AND") return false;
  const json& children = condition.at("children");
  return std::any_of(children.begin(), children.end(), has_equality);
}

bool can_follow(const json& join) {
  static const std::vector<std::string> kinds = {"INNER", "LEFT", "RIGHT", "OUTER", "FULL"};
  bool known = std::find(kinds.begin(), kinds.end(), json_text(join, "join_type")) != kinds.end();
  if (!known) return false;
  const std::string ref = json_text(join, "ref_type");
  if (ref == "CROSS" || ref == "ASOF") return true;
  if (ref != "REGULAR") return false;
  return !join.at("using_columns").empty() || has_equality(join.at("condition"));
}

// A side of an equality that is a column of the right side.
void add_if_own(const json& side, const std::string& alias, const std::set<std::string>& own,
                const std::set<std::string>& others, std::set<std::string>& out) {
  if (json_text(side, "type") != "COLUMN_REF") return;
  auto parts = side.at("column_names").get<std::vector<std::string>>();
  std::string column = lower(parts.back());
  if (own.count(column) == 0) return;
  bool named = parts.size() == 2 && lower(parts[0]) == lower(alias);
  bool alone = parts.size() == 1 && others.count(column) == 0;
  if (named || alone) out.insert(column);
}

void add_equal(const json& condition, const std::string& alias, const std::set<std::string>& own,
               const std::set<std::string>& others, std::set<std::string>& out) {
  if (json_text(condition, "type") == "CONJUNCTION_AND") {
    for (const json& child : condition.at("children")) add_equal(child, alias, own, others, out);
  }
  if (json_text(condition, "type") != "COMPARE_EQUAL") return;
  add_if_own(condition.at("left"), alias, own, others, out);
  add_if_own(condition.at("right"), alias, own, others, out);
}

// What is bound outside of `own`, and not bound anew in it, then what `own` binds.
json all_of_with(const json& outer, const json& own) {
  json out = json::array();
  for (const json& entry : outer) {
    const bool anew = std::any_of(own.begin(), own.end(), [&](const json& other) {
      return lower(json_text(other, "key")) == lower(json_text(entry, "key"));
    });
    if (!anew) out.push_back(entry);
  }
  out.insert(out.end(), own.begin(), own.end());
  return out;
}

void add_selects(const json& node, const json& outer, std::vector<json>& out);

void add_selects_of_from(const json& from, const json& with, std::vector<json>& out) {
  const std::string type = json_text(from, "type");
  if (type == "SUBQUERY") add_selects(from.at("subquery").at("node"), with, out);
  if (type != "JOIN") return;
  add_selects_of_from(from.at("left"), with, out);
  add_selects_of_from(from.at("right"), with, out);
}

void add_selects(const json& node, const json& outer, std::vector<json>& out) {
  const json own = node.at("cte_map").at("map");
  json before = outer;
  for (const json& entry : own) {
    add_selects(entry.at("value").at("query").at("node"), before, out);
    before = all_of_with(before, json::array({entry}));
  }
  const json with = all_of_with(outer, own);
  const std::string type = json_text(node, "type");
  if (type == "SET_OPERATION_NODE") {
    add_selects(node.at("left"), with, out);
    add_selects(node.at("right"), with, out);
  }
  if (type != "SELECT_NODE") return;
  add_selects_of_from(node.at("from_table"), with, out);
  out.push_back(node);
  out.back()["cte_map"]["map"] = with;
}

}  // namespace

std::vector<json> selects_of(const json& query) {
  std::vector<json> out;
  add_selects(query, json::array(), out);
  return out;
}

bool is_asof(const json& join) { return json_text(join, "ref_type") == "ASOF"; }

void cut(JoinChain& chain, size_t count) {
  chain.joins.resize(count);
  chain.leaves.resize(count + 1);
}

JoinChain join_chain(const json& from) {
  std::vector<const json*> path;
  const json* node = &from;
  for (; json_text(*node, "type") == "JOIN"; node = &node->at("left")) path.push_back(node);
  std::reverse(path.begin(), path.end());
  JoinChain chain;
  chain.leaves.push_back(*node);
  for (const json* join : path) {
    if (!can_follow(*join) || json_text(join->at("right"), "type") == "JOIN") break;
    chain.leaves.push_back(join->at("right"));
    json bare = *join;
    bare.erase("left");
    bare.erase("right");
    chain.joins.push_back(std::move(bare));
  }
  return chain;
}

void add_condition_names(const json& node, std::set<std::string>& names) {
  if (node.is_array()) {
    for (const json& child : node) add_condition_names(child, names);
  }
  if (!node.is_object()) return;
  for (const char* list : {"using_columns", "column_names"}) {
    if (!node.contains(list)) continue;
    for (const json& name : node[list]) names.insert(lower(name.get<std::string>()));
  }
  for (const auto& [key, child] : node.items()) add_condition_names(child, names);
}

std::set<std::string> equal_columns(const json& join, const std::string& alias,
                                    const std::set<std::string>& own,
                                    const std::set<std::string>& others) {
  std::set<std::string> out;
  for (const json& name : join.at("using_columns")) out.insert(lower(name.get<std::string>()));
  if (out.empty()) add_equal(join.at("condition"), alias, own, others, out);
  return out;
}

}  // namespace gristmill
