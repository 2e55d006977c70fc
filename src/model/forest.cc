#include "model/forest.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "base/error.h"
#include "model/model.h"

namespace gristmill {
namespace {

constexpr int saved_version = 3;  // 1 had no leaf_count, 2 whole ones alone

[[noreturn]] void corrupt(const std::string& what) {
  throw Error(Code::corrupt, "the trees are damaged: " + what);
}

template <class T>
void expect_size(const std::vector<T>& values, size_t size, const char* name) {
  if (values.size() != size) corrupt(std::string(name) + " has the wrong length");
}

// Walks one tree from its root: each inner node and each leaf is met exactly once, or it is no
// tree.
void check_tree(const Forest& forest, int64_t tree, int64_t first_node) {
  const int64_t leaves = forest.leaves[tree], nodes = leaves - 1;
  if (nodes == 0) return;
  std::vector<bool> node_seen(nodes), leaf_seen(leaves);
  std::vector<int32_t> open = {0};
  int64_t met = 0;
  while (!open.empty()) {
    int32_t at = open.back();
    open.pop_back();
    bool is_leaf = at < 0;
    int64_t index = is_leaf ? -1 - int64_t(at) : at;
    if (index >= (is_leaf ? leaves : nodes)) corrupt("a child index is out of range");
    std::vector<bool>& seen = is_leaf ? leaf_seen : node_seen;
    if (seen[index]) corrupt("a node has two parents");
    seen[index] = true;
    ++met;
    if (is_leaf) continue;
    open.push_back(forest.left[first_node + index]);
    open.push_back(forest.right[first_node + index]);
  }
  if (met != nodes + leaves) corrupt("nodes are not reached from the root");
}

void check_node(const Forest& forest, int64_t node, const FeatureLayout& layout) {
  int64_t feature = forest.feature[node];
  if (feature < 0 || feature >= layout.floats + layout.codes) corrupt("no such feature");
  if ((forest.decision[node] >> 2) > 2) corrupt("unknown decision type");
  if (forest.decision[node] & Decision::categorical) {
    if (feature < layout.floats) corrupt("a number is split as a category");
    if (forest.set[node] < 0 ||
        int64_t(forest.set[node]) + 1 >= int64_t(forest.set_offset.size())) {
      corrupt("no such set of categories");
    }
  } else if (std::isnan(forest.threshold[node])) {
    corrupt("a threshold is not a number");
  }
}

void check_sets(const Forest& forest) {
  if (forest.set_offset.empty() || forest.set_offset[0] != 0) corrupt("sets have no start");
  for (size_t s = 1; s < forest.set_offset.size(); ++s) {
    if (forest.set_offset[s] < forest.set_offset[s - 1]) corrupt("sets overlap");
  }
  if (size_t(forest.set_offset.back()) != forest.set_words.size()) corrupt("sets have no end");
}

template <class T>
std::vector<T> copy(const State& state, const std::string& name) {
  auto values = state.get<T>(name);
  return {values.begin(), values.end()};
}

// What one answer for each class may go through.
bool has_classes(Link link) { return link == Link::softmax || link == Link::logistic; }

// The earliest form that can say it: what older programs can read, they may read.
int saved_as(const Forest& forest) {
  const bool old_link =
      forest.link != Link::exponential && !(forest.link == Link::logistic && forest.outputs > 1);
  const bool rows = std::all_of(forest.leaf_count.begin(), forest.leaf_count.end(), [](double n) {
    return n <= std::numeric_limits<int32_t>::max() && n == std::floor(n);
  });
  return old_link && rows && !forest.float_sums ? 2 : saved_version;
}

}  // namespace

void Forest::check(const FeatureLayout& layout) const {
  if (outputs < 1 || (outputs == 1 ? link == Link::softmax : !has_classes(link)))
    corrupt("wrong number of outputs");
  if (!(slope > 0) || !std::isfinite(slope)) corrupt("the link's slope is not positive");
  if (leaves.empty() || trees() % outputs != 0) corrupt("wrong number of trees");
  int64_t total = 0;
  for (int32_t n : leaves) {
    if (n < 1) corrupt("a tree without leaves");
    total += n;
  }
  size_t nodes = total - trees();
  expect_size(feature, nodes, "feature");
  expect_size(decision, nodes, "decision");
  expect_size(threshold, nodes, "threshold");
  expect_size(set, nodes, "set");
  expect_size(left, nodes, "left");
  expect_size(right, nodes, "right");
  expect_size(leaf_value, total, "leaf_value");
  expect_size(importance, layout.specs.size(), "importance");
  for (double value : leaf_value) {
    if (!std::isfinite(value)) corrupt("a leaf's value is not finite");
  }
  if (!leaf_count.empty()) expect_size(leaf_count, total, "leaf_count");
  for (double count : leaf_count) {
    if (!(count >= 0 && count <= std::numeric_limits<float>::max()))  // so that sums are finite
      corrupt("a leaf was reached by fewer than no rows");
  }
  check_sets(*this);
  for (size_t i = 0; i < nodes; ++i) check_node(*this, i, layout);
  int64_t first_node = 0;
  for (int64_t t = 0; t < trees(); ++t) {
    check_tree(*this, t, first_node);
    first_node += leaves[t] - 1;
  }
}

State Forest::save() const {
  State state;
  const int version = saved_as(*this);
  state.json = {
      {"version", version}, {"link", name_of(link)}, {"outputs", outputs}, {"slope", slope}};
  if (version >= 3) state.json["float_sums"] = float_sums;
  state.put("leaves", leaves);
  state.put("feature", feature);
  state.put("decision", decision);
  state.put("threshold", threshold);
  state.put("set", set);
  state.put("left", left);
  state.put("right", right);
  state.put("leaf_value", leaf_value);
  if (version >= 3) {
    state.put("leaf_count", leaf_count);
  } else {
    state.put("leaf_count", std::vector<int32_t>(leaf_count.begin(), leaf_count.end()));
  }
  state.put("set_offset", set_offset);
  state.put("set_words", set_words);
  state.put("importance", importance);
  return state;
}

Forest Forest::load(const State& state, const FeatureLayout& layout) {
  Forest forest;
  const int version = saved_model_version(state, saved_version);
  forest.link = parse_link(state.at<std::string>("link"));
  forest.outputs = state.at<int64_t>("outputs");
  forest.slope = state.at<double>("slope");
  forest.leaves = copy<int32_t>(state, "leaves");
  forest.feature = copy<int32_t>(state, "feature");
  forest.decision = copy<uint8_t>(state, "decision");
  forest.threshold = copy<float>(state, "threshold");
  forest.set = copy<int32_t>(state, "set");
  forest.left = copy<int32_t>(state, "left");
  forest.right = copy<int32_t>(state, "right");
  forest.leaf_value = copy<double>(state, "leaf_value");
  if (version >= 3) {
    forest.float_sums = state.at<bool>("float_sums");
    forest.leaf_count = copy<double>(state, "leaf_count");
  } else if (version == 2) {
    const auto counts = state.get<int32_t>("leaf_count");
    forest.leaf_count.assign(counts.begin(), counts.end());
  }
  forest.set_offset = copy<int32_t>(state, "set_offset");
  forest.set_words = copy<uint32_t>(state, "set_words");
  forest.importance = copy<double>(state, "importance");
  forest.check(layout);
  return forest;
}

float round_down(double threshold) {
  float rounded = float(threshold);
  if (double(rounded) > threshold) {
    rounded = std::nextafter(rounded, -std::numeric_limits<float>::infinity());
  }
  return rounded;
}

}  // namespace gristmill
