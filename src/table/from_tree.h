// A FROM clause: its tables from left to right, and the joins above them.
#pragma once

#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace gristmill {

class FromTree {
 public:
  struct Leaf {
    const nlohmann::json* node;
    std::string alias;              // in lower case
    std::set<std::string> columns;  // in lower case; filled in by who made the tree
    int parent;                     // a join, or root
  };
  struct Join {
    const nlohmann::json* node;
    int begin, middle, end;  // the leaves of its left side, then those of its right side
    int parent;
  };
  static constexpr int root = -1;

  explicit FromTree(const nlohmann::json& from) { add(from, root); }

  std::vector<Leaf> leaves;
  std::vector<Join> joins;

  bool on_left(int leaf, const Join& join) const { return leaf < join.middle; }
  // Rows of the leaf's side that match none of the other side leave no trace in the join.
  bool drops(const Join& join, int leaf) const;
  // Without a row of the leaf's side, just the rows made with it are missing from the join.
  bool passes(const Join& join, int leaf) const;
  // The same of all joins above `join`.
  bool passes_above(int join, int leaf) const;

  // The one leaf in [begin, end) that a name stands for in the condition of the join `at` (root: in
  // WHERE); -1 when that is not certain.
  int find(const std::vector<std::string>& name, int begin, int end, int at) const;
  // The one that a column of USING is taken from; likewise.
  int find_merged(const std::string& column, int begin, int end, int at) const;
  // Whether a name may stand for something here; what does not is of a query around this one.
  bool may_show(const std::vector<std::string>& name) const;
  // Of any name that an expression reads.
  bool may_show_any(const nlohmann::json& expression) const;
  // The one whose columns alone an expression reads; likewise.
  int find_all(const nlohmann::json& expression, int begin, int end, int at) const;

 private:
  void add(const nlohmann::json& node, int parent);
  bool is_visible(int leaf, int at) const;
  // The leaves that show this column.
  std::vector<int> showing(const std::string& column, int begin, int end, int at) const;
};

// The operands of AND.
std::vector<const nlohmann::json*> conjuncts(const nlohmann::json& condition);

}  // namespace gristmill
