#include "model/xgboost_tree.h"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

#include "base/error.h"

namespace gristmill {
namespace {

using nlohmann::json;

constexpr int32_t category_end = 1 << 24;  // as float32 counts them

[[noreturn]] void corrupt(const std::string& what) {
  throw Error(Code::corrupt, "cannot read the XGBoost model: " + what);
}

std::vector<int32_t> integers(const json& tree, const char* key) {
  std::vector<int32_t> numbers;
  for (const json& value : tree.at(key)) numbers.push_back(json_integer(value, key));
  return numbers;
}

std::vector<float> floats(const json& tree, const char* key) {
  std::vector<float> numbers;
  for (const json& value : tree.at(key)) numbers.push_back(json_float(value, key));
  return numbers;
}

// Nodes as XGBoost numbers them, leaves among them.
struct Nodes {
  std::vector<int32_t> left, right, feature, default_left, is_category;
  std::vector<float> condition, weight, gain;  // a leaf's condition is its value
  std::vector<int32_t> set;                    // of the model's; −1: none
  int64_t deleted = 0;

  explicit Nodes(const json& tree)
      : left(integers(tree, "left_children")),
        right(integers(tree, "right_children")),
        feature(integers(tree, "split_indices")),
        default_left(integers(tree, "default_left")),
        condition(floats(tree, "split_conditions")),
        weight(floats(tree, "sum_hessian")),
        gain(floats(tree, "loss_changes")),
        set(left.size(), -1) {
    is_category =
        tree.contains("split_type") ? integers(tree, "split_type") : std::vector(size(), 0);
    if (size() == 0) corrupt("a tree has no nodes");
    for (const size_t length : {right.size(), feature.size(), default_left.size(),
                                is_category.size(), condition.size(), weight.size(), gain.size()}) {
      if (length != size()) corrupt("the parts of a tree have different lengths");
    }
    const json& param = tree.at("tree_param");
    const auto vector = param.value("size_leaf_vector", std::string("0"));
    if (vector != "0" && vector != "1") corrupt("vector leaves (multi_output_tree)");
    deleted = std::atoll(param.value("num_deleted", std::string("0")).c_str());
  }
  size_t size() const { return left.size(); }
};

void read_sets(const json& tree, Nodes& nodes, ForeignTrees& model) {
  if (!tree.contains("categories_nodes")) return;
  const auto of = integers(tree, "categories_nodes"),
             begins = integers(tree, "categories_segments"),
             sizes = integers(tree, "categories_sizes"), members = integers(tree, "categories");
  if (begins.size() != of.size() || sizes.size() != of.size())
    corrupt("the parts of a tree's categories have different lengths");
  size_t end = 0;
  for (size_t i = 0; i < of.size(); ++i) {
    if (of[i] < 0 || size_t(of[i]) >= nodes.size() || nodes.set[size_t(of[i])] >= 0)
      corrupt("`categories_nodes` is wrong");
    if (begins[i] < 0 || size_t(begins[i]) != end || sizes[i] < 0 ||
        size_t(sizes[i]) > members.size() - end)
      corrupt("`categories_segments` is wrong");
    nodes.set[size_t(of[i])] = int32_t(model.set_begin.size()) - 1;
    for (const size_t begin = end; end < begin + size_t(sizes[i]); ++end) {
      if (members[end] < 0 || members[end] >= category_end) corrupt("`categories` is wrong");
      model.categories.push_back(members[end]);
    }
    model.set_begin.push_back(model.categories.size());
  }
}

// Walks from the root, and numbers inner nodes and leaves apart as they are met.
class TreeWalker {
 public:
  TreeWalker(const Nodes& nodes, float weight, ForeignTrees& model)
      : nodes_(nodes), weight_(weight), model_(model), forest_(model.trees) {}

  void walk() {
    std::vector<bool> met(nodes_.size());
    std::vector<Open> open = {{0, no_node, false}};
    size_t count = 0;
    while (!open.empty()) {
      const Open at = open.back();
      open.pop_back();
      if (at.node < 0 || size_t(at.node) >= nodes_.size()) corrupt("a child is out of range");
      if (met[size_t(at.node)]) corrupt("a node has two parents");
      met[size_t(at.node)] = true;
      ++count;
      const auto node = size_t(at.node);
      const bool leaf = nodes_.left[node] == -1 && nodes_.right[node] == -1;
      link(at, leaf ? -1 - leaves_ : inner_);
      if (leaf) {
        add_leaf(node);
        continue;
      }
      // Its set goes right; ours goes left.
      const bool swapped = nodes_.is_category[node] != 0;
      open.push_back({nodes_.right[node], inner_, !swapped});
      open.push_back({nodes_.left[node], inner_, swapped});
      add_inner(node, swapped);
    }
    if (int64_t(count) + nodes_.deleted != int64_t(nodes_.size()))
      corrupt("nodes are not reached from the root");
    forest_.leaves.push_back(leaves_);
  }

 private:
  static constexpr int32_t no_node = -1;
  struct Open {
    int32_t node;    // of XGBoost
    int32_t parent;  // inner node of ours
    bool right;
  };

  void link(const Open& at, int32_t child) {
    if (at.parent == no_node) return;
    (at.right ? forest_.right : forest_.left)[first_ + size_t(at.parent)] = child;
  }

  void add_leaf(size_t node) {
    ++leaves_;
    forest_.leaf_value.push_back(weight_ * nodes_.condition[node]);
    forest_.leaf_count.push_back(nodes_.weight[node]);
  }

  void add_inner(size_t node, bool category) {
    ++inner_;
    const int32_t feature = nodes_.feature[node];
    if (feature < 0 || size_t(feature) >= model_.features.size()) corrupt("no such feature");
    if (!category && std::isnan(nodes_.condition[node])) corrupt("a threshold is not a number");
    if (category != (nodes_.set[node] >= 0)) corrupt("a node has no set of categories");
    if (category) model_.features[size_t(feature)].category = true;
    const bool missing_left = (nodes_.default_left[node] != 0) != category;
    forest_.feature.push_back(feature);
    forest_.decision.push_back(uint8_t((category ? Decision::categorical : Decision::missing_nan) |
                                       (missing_left ? Decision::default_left : 0)));
    forest_.set.push_back(category ? nodes_.set[node] : 0);
    forest_.left.push_back(0);
    forest_.right.push_back(0);
    // x < t, as floats.
    model_.threshold.push_back(
        category ? 0
                 : double(std::nextafter(nodes_.condition[node],
                                         -std::numeric_limits<float>::infinity())));
    model_.gain.push_back(nodes_.gain[node]);
  }

  const Nodes& nodes_;
  const float weight_;
  ForeignTrees& model_;
  Forest& forest_;
  const size_t first_ = forest_.left.size();
  int32_t inner_ = 0, leaves_ = 0;
};

}  // namespace

int32_t json_integer(const json& value, const char* key) {
  if (value.is_boolean()) return value.get<bool>();
  if (!value.is_number_integer() || value < std::numeric_limits<int32_t>::min() ||
      value > std::numeric_limits<int32_t>::max())
    corrupt(std::string("`") + key + "` holds " + value.dump());
  return value.get<int32_t>();
}

float json_float(const json& value, const char* key) {
  if (value.is_null()) return std::numeric_limits<float>::quiet_NaN();
  const double number = value.get<double>();
  if (!(std::abs(number) <= double(std::numeric_limits<float>::max())))
    corrupt(std::string("`") + key + "` holds " + value.dump());
  return float(number);
}

void add_constant(float value, ForeignTrees& model) {
  model.trees.leaves.push_back(1);
  model.trees.leaf_value.push_back(value);
  model.trees.leaf_count.push_back(0);
}

void add_xgboost_tree(const json& tree, float weight, ForeignTrees& model) {
  Nodes nodes(tree);
  read_sets(tree, nodes, model);
  TreeWalker(nodes, weight, model).walk();
}

}  // namespace gristmill
