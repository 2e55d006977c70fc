// The paths from a tree's root to its leaves: what each asks of which feature, and in what shares
// the training rows took them.
#pragma once

#include <cstdint>
#include <vector>

#include "model/forest.h"

namespace gristmill {

// Inner node i has its children at places 2i + 1 (left) and 2i + 2; the root is at place 0. Parents
// come first.
struct TreePaths {
  struct Node {
    int64_t node;    // of the forest
    uint32_t place;  // its own
    uint32_t same;   // the next place above whose edge asks the same feature; 0: there is none
  };
  struct Place {
    int64_t leaf;  // of the forest; −1: an inner node
    double rows;   // training rows that came here
    double share;  // of the rows of its parent; a half where none came there
    double z;      // product of the shares of the edges to here that ask what the last one asks
  };
  std::vector<Node> nodes;
  std::vector<Place> places;
  size_t features;  // the most that one path asks
};

// Finds the paths of one tree after the other, of a checked forest with leaf_count.
class PathFinder {
 public:
  // `features`: of the layout.
  PathFinder(const Forest& forest, int64_t features)
      : forest_(forest), last_edge_(size_t(features), 0) {}
  // Of the next tree; valid until the next call. O(nodes).
  const TreePaths& next();

 private:
  void lay_out();
  void share_out();

  const Forest& forest_;
  int64_t tree_ = 0, first_node_ = 0, first_leaf_ = 0;
  std::vector<uint32_t> last_edge_;  // by feature: the place of its last edge on the path; 0: none
  TreePaths paths_;
};

}  // namespace gristmill
