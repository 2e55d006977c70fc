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
  if (!known || json_text(join, "ref_type") != "REGULAR") return false;
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

}  // namespace

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
