// See tree_shap.h; places and z are those of tree_paths.h. The factor of feature d at an edge that
// asks it is f = t x + (1 − t) z, x and z being of all edges of d so far. The product at a place is
// the product above, times f, divided by d's factor at the next edge of d above.
#include "model/tree_shap.h"

#include <immintrin.h>

#include <algorithm>
#include <map>

#include "base/error.h"
#include "model/quadrature.h"
#include "model/tree_paths.h"
#include "model/tree_slots.h"

namespace gristmill {
namespace {

constexpr int64_t block_rows = 8;  // rows that share a tree's tables in cache
constexpr size_t lanes = 4;        // doubles of a register
constexpr size_t states = 3;       // x of the edge above and here: 0 0, 1 0, 1 1

struct ShapNode {
  float threshold;
  uint32_t slot;
  uint32_t place, same;
  uint32_t feature;
};

// Its tables hold, node by node, factors[side][state][point]: by what the product above is
// multiplied; and slopes[side][state][point]: what d's contribution grows by for each unit of the
// products that arrive at the leaves below. The value of a leaf is in the factors of its edge.
struct ShapTree {
  size_t first_node, nodes;
  size_t tables;
  size_t registers;  // points / lanes
  size_t weights;    // of the points: the product at the root
};

constexpr size_t doubles_of_node(size_t points) { return 2 * 2 * states * points; }

struct Workspace {
  std::vector<float> values;
  std::vector<double> sums;      // [rows][features][lanes]
  std::vector<double> products;  // [places][points]
  std::vector<uint8_t> met, state;
};

class TreeShap : public Explainer {
 public:
  const std::vector<double>& base() const override { return base_; }
  int64_t features() const override { return features_; }
  int64_t steps() const override { return steps_; }
  void explain(const FeatureRows& rows, double* out) const override {
    for (int64_t first = 0; first < rows.rows; first += block_rows) {
      explain_block(rows, first, std::min(block_rows, rows.rows - first),
                    out + first * outputs_ * features_);
    }
  }

 private:
  friend class ShapBuilder;
  void explain_block(const FeatureRows& rows, int64_t first, int64_t count, double* out) const;
  void add_tree(const ShapTree& tree, const float* values, double* sums, Workspace& space) const;
  template <int registers>
  void go_down(const ShapTree& tree, const float* values, Workspace& space) const;
  template <int registers>
  void go_up(const ShapTree& tree, double* sums, Workspace& space) const;

  int64_t outputs_ = 1, features_ = 0, steps_ = 0;
  size_t places_ = 0, products_ = 0;  // the most of a tree
  TreeSlots slots_;
  std::vector<double> base_;
  std::vector<ShapNode> nodes_;
  std::vector<ShapTree> trees_;
  std::vector<double> tables_, weights_;
};

// `registers` 0: as the tree says.
template <int registers>
void TreeShap::go_down(const ShapTree& tree, const float* values, Workspace& space) const {
  const size_t width = registers > 0 ? registers : tree.registers, points = width * lanes;
  const ShapNode* node = nodes_.data() + tree.first_node;
  const double* table = tables_.data() + tree.tables;
  double* products = space.products.data();
  uint8_t *met = space.met.data(), *state = space.state.data();
  std::copy_n(weights_.data() + tree.weights, points, products);
  met[0] = 1;
  for (size_t i = 0; i < tree.nodes; ++i, ++node, table += doubles_of_node(points)) {
    const uint8_t above = met[node->same], goes_left = values[node->slot] <= node->threshold;
    const uint8_t left = above & goes_left, right = above & uint8_t(!goes_left);
    met[2 * i + 1] = left;
    met[2 * i + 2] = right;
    state[2 * i] = uint8_t(above + left);
    state[2 * i + 1] = uint8_t(above + right);
    const double* from = products + node->place * points;
    const double* left_factor = table + state[2 * i] * points;
    const double* right_factor = table + (states + state[2 * i + 1]) * points;
    double* to = products + (2 * i + 1) * points;
    for (size_t w = 0; w < points; w += lanes) {
      const __m256d product = _mm256_loadu_pd(from + w);
      _mm256_storeu_pd(to + w, _mm256_mul_pd(product, _mm256_loadu_pd(left_factor + w)));
      _mm256_storeu_pd(to + points + w, _mm256_mul_pd(product, _mm256_loadu_pd(right_factor + w)));
    }
  }
}

template <int registers>
void TreeShap::go_up(const ShapTree& tree, double* sums, Workspace& space) const {
  const size_t width = registers > 0 ? registers : tree.registers, points = width * lanes;
  const double* tables = tables_.data() + tree.tables + 2 * states * points;
  double* products = space.products.data();
  const uint8_t* state = space.state.data();
  for (size_t i = tree.nodes; i-- > 0;) {
    const ShapNode& node = nodes_[tree.first_node + i];
    const double* table = tables + i * doubles_of_node(points);
    const double* left_slope = table + state[2 * i] * points;
    const double* right_slope = table + (states + state[2 * i + 1]) * points;
    const double* below = products + (2 * i + 1) * points;
    double* here = products + node.place * points;
    __m256d sum = _mm256_loadu_pd(sums + node.feature * lanes);
    for (size_t w = 0; w < points; w += lanes) {
      const __m256d left = _mm256_loadu_pd(below + w), right = _mm256_loadu_pd(below + points + w);
      _mm256_storeu_pd(here + w, _mm256_add_pd(left, right));
      sum =
          _mm256_add_pd(sum, _mm256_add_pd(_mm256_mul_pd(left, _mm256_loadu_pd(left_slope + w)),
                                           _mm256_mul_pd(right, _mm256_loadu_pd(right_slope + w))));
    }
    _mm256_storeu_pd(sums + node.feature * lanes, sum);
  }
}

void TreeShap::add_tree(const ShapTree& tree, const float* values, double* sums,
                        Workspace& space) const {
  switch (tree.registers) {
    case 1:
      go_down<1>(tree, values, space);
      return go_up<1>(tree, sums, space);
    case 2:
      go_down<2>(tree, values, space);
      return go_up<2>(tree, sums, space);
    default:
      go_down<0>(tree, values, space);
      return go_up<0>(tree, sums, space);
  }
}

void TreeShap::explain_block(const FeatureRows& rows, int64_t first, int64_t count,
                             double* out) const {
  thread_local Workspace space;
  const size_t slots = slots_.count(), sums = size_t(features_) * lanes;
  auto grow = [](auto& memory, size_t size) {
    if (memory.size() < size) memory.resize(size);
  };
  grow(space.values, slots * size_t(count));
  grow(space.sums, sums * size_t(count));
  grow(space.products, products_);
  grow(space.met, places_);
  grow(space.state, places_);
  for (int64_t r = 0; r < count; ++r)
    slots_.fill(rows, first + r, space.values.data() + size_t(r) * slots);
  for (int64_t k = 0; k < outputs_; ++k) {
    std::fill_n(space.sums.data(), sums * size_t(count), 0.0);
    for (size_t t = size_t(k); t < trees_.size(); t += size_t(outputs_)) {
      for (int64_t r = 0; r < count; ++r) {
        add_tree(trees_[t], space.values.data() + size_t(r) * slots,
                 space.sums.data() + size_t(r) * sums, space);
      }
    }
    for (int64_t r = 0; r < count; ++r) {
      const double* from = space.sums.data() + size_t(r) * sums;
      double* to = out + (r * outputs_ + k) * features_;
      for (int64_t f = 0; f < features_; ++f, from += lanes)
        to[f] = (from[0] + from[1]) + (from[2] + from[3]);
    }
  }
}

class ShapBuilder {
 public:
  ShapBuilder(const Forest& forest, const FeatureLayout& layout, size_t bytes_max)
      : forest_(forest),
        doubles_max_(bytes_max / sizeof(double)),
        paths_of_(forest, layout.floats + layout.codes) {
    if (forest.link == Link::logistic) scale_ = forest.slope;
    shap_.outputs_ = forest.outputs;
    shap_.features_ = layout.floats + layout.codes;
    shap_.slots_ = TreeSlots(forest, layout, slot_of_);
    shap_.base_.assign(size_t(forest.outputs), 0);
  }

  std::unique_ptr<Explainer> build() {
    for (int64_t t = 0; t < forest_.trees(); ++t) add_tree(paths_of_.next(), t % forest_.outputs);
    shap_.steps_ += shap_.outputs_ * shap_.features_ / int64_t(lanes) + 1;
    return std::make_unique<TreeShap>(std::move(shap_));
  }

 private:
  struct Points {
    Quadrature quadrature;
    size_t weights = 0;
  };

  const Points& points_for(size_t registers) {
    auto [found, is_new] = points_.try_emplace(registers);
    if (is_new) {
      found->second = {gauss_legendre(int(registers * lanes)), shap_.weights_.size()};
      const std::vector<double>& weights = found->second.quadrature.weights;
      shap_.weights_.insert(shap_.weights_.end(), weights.begin(), weights.end());
    }
    return found->second;
  }

  void add_tree(const TreePaths& paths, int64_t output) {
    const size_t registers = std::max<size_t>(1, (paths.features + 2 * lanes - 1) / (2 * lanes));
    const size_t width = registers * lanes, nodes = paths.nodes.size();
    const size_t tables = shap_.tables_.size(), doubles = nodes * doubles_of_node(width);
    if (doubles > doubles_max_ - tables)
      throw Error(Code::exhausted, "the trees are too many and too deep to explain");
    const Points& points = points_for(registers);
    shap_.trees_.push_back({shap_.nodes_.size(), nodes, tables, registers, points.weights});
    shap_.tables_.resize(tables + doubles);
    for (size_t i = 0; i < nodes; ++i) {
      const TreePaths::Node& node = paths.nodes[i];
      shap_.nodes_.push_back({forest_.threshold[node.node], slot_of_[node.node], node.place,
                              node.same, uint32_t(forest_.feature[node.node])});
      fill(paths, i, points.quadrature, shap_.tables_.data() + tables + i * doubles_of_node(width));
    }
    add_base(paths, output);
    shap_.places_ = std::max(shap_.places_, paths.places.size());
    shap_.products_ = std::max(shap_.products_, paths.places.size() * width);
    shap_.steps_ += int64_t(nodes * registers);
  }

  double value_of(const TreePaths::Place& place) const {
    return place.leaf < 0 ? 1 : forest_.leaf_value[place.leaf] * scale_;
  }

  // The tables of one node.
  void fill(const TreePaths& paths, size_t node, const Quadrature& quadrature, double* to) const {
    const size_t points = quadrature.points.size();
    const double z_above = paths.places[paths.nodes[node].same].z;
    for (size_t side = 0; side < 2; ++side, to += states * points) {
      const TreePaths::Place& place = paths.places[2 * node + 1 + side];
      const double value = value_of(place);
      double* slopes = to + 2 * states * points;
      for (size_t q = 0; q < points; ++q) {
        const double t = quadrature.points[q], unmet = (1 - t) * place.z, met = t + unmet;
        const double above = t + (1 - t) * z_above;
        to[q] = value * place.share;  // of two factors with x = 0: no division by zero
        to[points + q] = value * unmet / above;
        to[2 * points + q] = value * met / above;
        // (x − z) / f here, less what the edge above has counted of the same leaves.
        const double slope_above = (1 - z_above) / above;
        slopes[q] = 0;
        slopes[points + q] = -1 / (1 - t) - slope_above;
        slopes[2 * points + q] = (1 - place.z) / met - slope_above;
      }
    }
  }

  // The mean over the training rows, by what the leaves saw.
  void add_base(const TreePaths& paths, int64_t output) {
    std::vector<double> share(paths.places.size(), 1);
    for (size_t i = 0; i < paths.nodes.size(); ++i) {
      for (size_t child : {2 * i + 1, 2 * i + 2})
        share[child] = share[paths.nodes[i].place] * paths.places[child].share;
    }
    double mean = 0;
    for (size_t p = 0; p < share.size(); ++p) {
      if (paths.places[p].leaf >= 0) mean += share[p] * value_of(paths.places[p]);
    }
    shap_.base_[size_t(output)] += mean;
  }

  const Forest& forest_;
  size_t doubles_max_;
  double scale_ = 1;  // of the scores
  PathFinder paths_of_;
  std::vector<uint32_t> slot_of_;
  std::map<size_t, Points> points_;  // by registers
  TreeShap shap_;
};

}  // namespace

std::unique_ptr<Explainer> make_tree_shap(const Forest& forest, const FeatureLayout& layout,
                                          size_t bytes_max) {
  return ShapBuilder(forest, layout, bytes_max).build();
}

}  // namespace gristmill
