#include "model/tree_paths.h"

#include <algorithm>

namespace gristmill {

const TreePaths& PathFinder::next() {
  lay_out();
  share_out();
  first_node_ += forest_.leaves[tree_] - 1;
  first_leaf_ += forest_.leaves[tree_];
  ++tree_;
  return paths_;
}

// Depth first, without recursion: a stranger's tree may be as deep as it has nodes.
void PathFinder::lay_out() {
  struct Open {
    int32_t child;  // as in the forest
    uint32_t place, feature;
    uint32_t before;  // leaving: the feature's edge above this one
    bool leaving;     // all below is done
  };
  const int32_t leaves = forest_.leaves[tree_];
  paths_.nodes.clear();
  paths_.places.assign(size_t(2 * leaves - 1), {-1, 0, 1, 1});
  paths_.features = 0;
  size_t on_path = 0;
  std::vector<Open> open = {{leaves > 1 ? 0 : -1, 0, 0, 0, false}};
  while (!open.empty()) {
    const Open at = open.back();
    open.pop_back();
    if (at.place > 0) {
      uint32_t& edge = last_edge_[at.feature];
      if (at.leaving) {
        edge = at.before;
        on_path -= edge == 0;
        continue;
      }
      on_path += edge == 0;
      open.push_back({0, at.place, at.feature, edge, true});
      edge = at.place;
    }
    if (at.child < 0) {
      paths_.places[at.place].leaf = first_leaf_ - 1 - at.child;
      paths_.features = std::max(paths_.features, on_path);
      continue;
    }
    const int64_t node = first_node_ + at.child;
    const auto feature = uint32_t(forest_.feature[node]), i = uint32_t(paths_.nodes.size());
    paths_.nodes.push_back({node, at.place, last_edge_[feature]});
    open.push_back({forest_.right[node], 2 * i + 2, feature, 0, false});
    open.push_back({forest_.left[node], 2 * i + 1, feature, 0, false});
  }
}

void PathFinder::share_out() {
  std::vector<TreePaths::Place>& places = paths_.places;
  for (TreePaths::Place& place : places) {
    if (place.leaf >= 0) place.rows = forest_.leaf_count[place.leaf];
  }
  for (size_t i = paths_.nodes.size(); i-- > 0;)
    places[paths_.nodes[i].place].rows = places[2 * i + 1].rows + places[2 * i + 2].rows;
  for (size_t i = 0; i < paths_.nodes.size(); ++i) {
    const TreePaths::Node& node = paths_.nodes[i];
    for (size_t child : {2 * i + 1, 2 * i + 2}) {
      const double all = places[node.place].rows;
      places[child].share = all > 0 ? places[child].rows / all : 0.5;
      places[child].z = places[node.same].z * places[child].share;
    }
  }
}

}  // namespace gristmill
