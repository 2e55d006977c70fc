#include "model/background_shap.h"

#include <algorithm>

#include "base/error.h"
#include "model/tree_slots.h"

namespace gristmill {
namespace {

constexpr size_t most_features = 512;  // that a path asks: the walk calls itself for each

// n! m! / (n + m + 1)! for n + m < most.
class Shares {
 public:
  explicit Shares(size_t most) : most_(most), shares_(most * most, 0) {
    for (size_t n = 0; n < most; ++n) {
      double share = 1 / double(n + 1);
      for (size_t m = 0; n + m < most; ++m) {
        if (m > 0) share *= double(m) / double(n + m + 1);
        shares_[n * most + m] = share;
      }
    }
  }
  double of(size_t n, size_t m) const { return shares_[n * most_ + m]; }

 private:
  size_t most_;
  std::vector<double> shares_;
};

struct Node {
  float threshold;
  uint32_t slot, feature;
  int32_t left, right;  // as in Forest
};

struct Tree {
  size_t first_node, first_leaf;
  int32_t root;
};

// Whose value a feature has, on the way down.
enum class Whose : uint8_t { not_asked, row, background };

// What the features that are the row's contribute, each, and those that are the background's.
struct Sums {
  double row = 0, background = 0;
};

// The walk down one tree with two rows.
struct Walk {
  const Node* nodes;
  const double* leaves;
  const Shares& shares;
  const float *row, *background;  // by slot
  Whose* whose;                   // by feature; as it was when a walk is over
  double* out;                    // by feature

  Sums down(int32_t at, size_t of_row, size_t of_background) const {
    while (at >= 0) {
      const Node& node = nodes[at];
      Whose& known = whose[node.feature];
      const bool row_left = row[node.slot] <= node.threshold;
      const bool background_left = background[node.slot] <= node.threshold;
      if (known == Whose::not_asked && row_left != background_left) {
        known = Whose::row;
        const Sums here = down(row_left ? node.left : node.right, of_row + 1, of_background);
        known = Whose::background;
        const Sums there = down(row_left ? node.right : node.left, of_row, of_background + 1);
        known = Whose::not_asked;
        out[node.feature] += here.row + there.background;
        return {here.row + there.row, here.background + there.background};
      }
      const bool left = known == Whose::background ? background_left : row_left;
      at = left ? node.left : node.right;
    }
    const double value = leaves[-1 - at];
    return {of_row > 0 ? value * shares.of(of_row - 1, of_background) : 0,
            of_background > 0 ? -value * shares.of(of_row, of_background - 1) : 0};
  }
};

struct Workspace {
  std::vector<float> values;
  std::vector<Whose> whose;
};

class BackgroundShap : public Explainer {
 public:
  const std::vector<double>& base() const override { return base_; }
  int64_t features() const override { return features_; }
  int64_t steps() const override {
    return rows_ * int64_t(nodes_.size() + trees_.size()) / 2 + outputs_ * features_ / 4 + 1;
  }
  void explain(const FeatureRows& rows, double* out) const override {
    thread_local Workspace space;
    space.values.resize(slots_.count());
    space.whose.assign(size_t(features_), Whose::not_asked);
    const int64_t width = outputs_ * features_;
    for (int64_t i = 0; i < rows.rows; ++i, out += width) {
      slots_.fill(rows, i, space.values.data());
      std::fill_n(out, width, 0.0);
      for (size_t t = 0; t < trees_.size(); ++t)
        add_tree(trees_[t], space, out + int64_t(t) % outputs_ * features_);
      for (int64_t f = 0; f < width; ++f) out[f] /= double(rows_);
    }
  }

 private:
  friend class BackgroundShapBuilder;

  const float* background(int64_t b) const {
    return background_.data() + size_t(b) * slots_.count();
  }
  void add_tree(const Tree& tree, Workspace& space, double* out) const {
    Walk walk{nodes_.data() + tree.first_node,
              leaves_.data() + tree.first_leaf,
              shares_,
              space.values.data(),
              nullptr,
              space.whose.data(),
              out};
    for (int64_t b = 0; b < rows_; ++b) {
      walk.background = background(b);
      walk.down(tree.root, 0, 0);
    }
  }
  double leaf_of(const Tree& tree, const float* values) const {
    int32_t at = tree.root;
    while (at >= 0) {
      const Node& node = nodes_[tree.first_node + size_t(at)];
      at = values[node.slot] <= node.threshold ? node.left : node.right;
    }
    return leaves_[tree.first_leaf + size_t(-1 - at)];
  }

  int64_t outputs_ = 1, features_ = 0, rows_ = 0;
  TreeSlots slots_;
  std::vector<float> background_;  // [rows][slots]
  std::vector<Node> nodes_;
  std::vector<double> leaves_;
  std::vector<Tree> trees_;
  std::vector<double> base_;
  Shares shares_{1};
};

class BackgroundShapBuilder {
 public:
  BackgroundShapBuilder(const Forest& forest, const FeatureLayout& layout)
      : forest_(forest), asked_(size_t(layout.floats + layout.codes), 0) {
    shap_.outputs_ = forest.outputs;
    shap_.features_ = layout.floats + layout.codes;
    shap_.slots_ = TreeSlots(forest, layout, slot_of_);
  }

  std::unique_ptr<Explainer> build(const FeatureRows& background, size_t bytes_max) {
    copy(background, bytes_max);
    lay_out();
    shap_.shares_ = Shares(deepest_ + 1);
    shap_.base_.assign(size_t(forest_.outputs), 0);
    for (size_t t = 0; t < shap_.trees_.size(); ++t) {
      double sum = 0;
      for (int64_t b = 0; b < shap_.rows_; ++b)
        sum += shap_.leaf_of(shap_.trees_[t], shap_.background(b));
      shap_.base_[t % size_t(forest_.outputs)] += sum / double(shap_.rows_);
    }
    return std::make_unique<BackgroundShap>(std::move(shap_));
  }

 private:
  void copy(const FeatureRows& background, size_t bytes_max) {
    const size_t slots = shap_.slots_.count();
    if (background.rows < 1) throw Error(Code::internal, "a background of no row");
    if (size_t(background.rows) > bytes_max / sizeof(float) / slots)
      throw Error(Code::exhausted, "the background has too many rows for so many columns");
    shap_.rows_ = background.rows;
    shap_.background_.resize(size_t(background.rows) * slots);
    for (int64_t b = 0; b < background.rows; ++b)
      shap_.slots_.fill(background, b, shap_.background_.data() + size_t(b) * slots);
  }

  void lay_out() {
    const double scale = forest_.link == Link::logistic ? forest_.slope : 1;
    for (double value : forest_.leaf_value) shap_.leaves_.push_back(value * scale);
    for (size_t n = 0; n < forest_.feature.size(); ++n)
      shap_.nodes_.push_back({forest_.threshold[n], slot_of_[n], uint32_t(forest_.feature[n]),
                              forest_.left[n], forest_.right[n]});
    size_t first_node = 0, first_leaf = 0;
    for (int32_t leaves : forest_.leaves) {
      const Tree tree{first_node, first_leaf, leaves > 1 ? 0 : -1};
      shap_.trees_.push_back(tree);
      measure(tree);
      first_node += size_t(leaves) - 1;
      first_leaf += size_t(leaves);
    }
  }

  // How many features the longest of the tree's paths asks. Without calls: a tree may be a chain.
  void measure(const Tree& tree) {
    struct Step {
      int32_t node;
      bool leaves;  // what is below was seen
    };
    std::vector<Step> open = {{tree.root, false}};
    size_t features = 0;
    while (!open.empty()) {
      const auto [at, leaves] = open.back();
      open.pop_back();
      if (at < 0) continue;
      const Node& node = shap_.nodes_[tree.first_node + size_t(at)];
      uint32_t& asked = asked_[node.feature];
      if (leaves) {
        features -= --asked == 0;
        continue;
      }
      features += asked++ == 0;
      deepest_ = std::max(deepest_, features);
      open.push_back({at, true});
      open.push_back({node.left, false});
      open.push_back({node.right, false});
    }
    if (deepest_ > most_features) throw Error(Code::exhausted, "the trees are too deep to explain");
  }

  const Forest& forest_;
  std::vector<uint32_t> slot_of_;
  std::vector<uint32_t> asked_;  // by feature: how often the path here asks it
  size_t deepest_ = 0;
  BackgroundShap shap_;
};

}  // namespace

std::unique_ptr<Explainer> make_background_shap(const Forest& forest, const FeatureLayout& layout,
                                                const FeatureRows& background, size_t bytes_max) {
  return BackgroundShapBuilder(forest, layout).build(background, bytes_max);
}

}  // namespace gristmill
