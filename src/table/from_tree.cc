#include "table/from_tree.h"

#include <algorithm>

#include "base/text.h"
#include "table/sql_tree.h"

namespace gristmill {
namespace {

using nlohmann::json;

bool is_regular(const json& join) { return json_text(join, "ref_type") == "REGULAR"; }

}  // namespace

void FromTree::add(const json& node, int parent) {
  if (json_text(node, "type") != "JOIN") {
    std::string alias = json_text(node, "alias");
    if (alias.empty()) alias = json_text(node, "table_name");
    leaves.push_back({&node, lower(alias), {}, parent});
    return;
  }
  const int at = int(joins.size());
  joins.push_back({&node, int(leaves.size()), 0, 0, parent});
  add(node.at("left"), at);
  joins[size_t(at)].middle = int(leaves.size());
  add(node.at("right"), at);
  joins[size_t(at)].end = int(leaves.size());
}

bool FromTree::drops(const Join& join, int leaf) const {
  if (!is_regular(*join.node)) return false;
  const std::string type = json_text(*join.node, "join_type");
  if (type == "LEFT" || type == "ANTI") return !on_left(leaf, join);
  if (type == "RIGHT") return on_left(leaf, join);
  return type == "INNER" || type == "SEMI";
}

bool FromTree::passes(const Join& join, int leaf) const {
  const std::string type = json_text(*join.node, "join_type");
  if (!is_regular(*join.node) && json_text(*join.node, "ref_type") != "CROSS") return false;
  if (type == "LEFT" || type == "SEMI" || type == "ANTI") return on_left(leaf, join);
  if (type == "RIGHT") return !on_left(leaf, join);
  return type == "INNER";
}

bool FromTree::passes_above(int join, int leaf) const {
  while (join != root) {
    join = joins[size_t(join)].parent;
    if (join != root && !passes(joins[size_t(join)], leaf)) return false;
  }
  return true;
}

// The right side of a semi or anti join is seen in its condition alone.
bool FromTree::is_visible(int leaf, int at) const {
  for (int j = leaves[size_t(leaf)].parent; j != at && j != root; j = joins[size_t(j)].parent) {
    const Join& join = joins[size_t(j)];
    const std::string type = json_text(*join.node, "join_type");
    if ((type == "SEMI" || type == "ANTI") && !on_left(leaf, join)) return false;
  }
  return true;
}

std::vector<int> FromTree::showing(const std::string& column, int begin, int end, int at) const {
  std::vector<int> out;
  for (int i = begin; i < end; ++i) {
    if (leaves[size_t(i)].columns.count(lower(column)) > 0 && is_visible(i, at)) out.push_back(i);
  }
  return out;
}

int FromTree::find(const std::vector<std::string>& name, int begin, int end, int at) const {
  if (name.empty() || name.size() > 2) return -1;
  std::vector<int> found = showing(name.back(), begin, end, at);
  if (name.size() == 2) {
    std::erase_if(found, [&](int i) { return leaves[size_t(i)].alias != lower(name[0]); });
  }
  return found.size() == 1 ? found[0] : -1;
}

// Of several, all but the first were merged into it by USING; left and inner joins keep its value.
int FromTree::find_merged(const std::string& column, int begin, int end, int at) const {
  const std::vector<int> found = showing(column, begin, end, at);
  if (found.empty()) return -1;
  const bool kept = std::all_of(joins.begin(), joins.end(), [&](const Join& join) {
    const std::string type = json_text(*join.node, "join_type");
    return join.begin < begin || join.end > end || type == "INNER" || type == "LEFT" ||
           type == "SEMI" || type == "ANTI";
  });
  return found.size() == 1 || kept ? found[0] : -1;
}

// The first of two may be a column that holds structs.
bool FromTree::may_show(const std::vector<std::string>& name) const {
  if (name.empty() || name.size() > 2) return true;
  const std::string first = lower(name[0]);
  return std::any_of(leaves.begin(), leaves.end(), [&](const Leaf& leaf) {
    return leaf.columns.count(first) > 0 || (name.size() == 2 && leaf.alias == first);
  });
}

bool FromTree::may_show_any(const json& expression) const {
  if (json_text(expression, "class") == "COLUMN_REF")
    return may_show(expression.at("column_names").get<std::vector<std::string>>());
  return expression.is_structured() &&
         std::any_of(expression.begin(), expression.end(),
                     [&](const json& child) { return may_show_any(child); });
}

int FromTree::find_all(const json& expression, int begin, int end, int at) const {
  std::set<int> found;
  const auto walk = [&](const auto& self, const json& node) -> void {
    if (node.is_object()) {
      const std::string kind = json_text(node, "class");
      if (kind == "COLUMN_REF") {
        found.insert(find(node.at("column_names").get<std::vector<std::string>>(), begin, end, at));
      }
      for (const char* other : {"SUBQUERY", "WINDOW", "LAMBDA", "LAMBDA_REF", "STAR", "PARAMETER",
                                "POSITIONAL_REFERENCE", "DEFAULT"}) {
        if (kind == other) found.insert(-1);
      }
    }
    if (!node.is_structured()) return;
    for (const json& child : node) self(self, child);
  };
  walk(walk, expression);
  return found.size() == 1 ? *found.begin() : -1;
}

std::vector<const json*> conjuncts(const json& condition) {
  if (!condition.is_object()) return {};
  if (json_text(condition, "type") != "CONJUNCTION_AND") return {&condition};
  std::vector<const json*> out;
  for (const json& child : condition.at("children")) {
    for (const json* part : conjuncts(child)) out.push_back(part);
  }
  return out;
}

}  // namespace gristmill
