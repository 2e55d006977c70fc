// Exact Shapley values of a forest's score, by feature ("path-dependent" TreeSHAP: Lundberg, Erion,
// Lee 2018, Consistent Individualized Feature Attribution for Tree Ensembles, arXiv:1802.03888).
// A feature that is not known follows both sides of a node in the shares of its training rows.
//
// A leaf of value v whose path asks the features 1 … D is worth v Π_j x_j, where x_j is 1 or 0 as
// the row meets all of the path's conditions on j or not, and the product z_j of the shares when j
// is not known. A Shapley value is ∫₀¹ of the game's slope along the diagonal (Owen 1972), so
//
//   φ_d = v (x_d − z_d) ∫₀¹ Π_{j≠d} (t x_j + (1 − t) z_j) dt:
//
// a polynomial of degree below D, which ⌈D / 2⌉ points of Gauss and Legendre integrate exactly, all
// of its terms positive. One pass down a tree carries the products at these points from node to
// node, one pass up sums the leaves below each node (as in Yu et al. 2022, Linear TreeSHAP).
#pragma once

#include <cstddef>
#include <memory>

#include "model/explainer.h"
#include "model/forest.h"

namespace gristmill {

inline constexpr size_t tree_shap_bytes_max = size_t(512) << 20;

// A checked forest with leaf_count. A row takes O(nodes · ⌈D / 8⌉), D the most features on one
// path; memory is 384 bytes an inner node and eight features on a path: Code::exhausted when it
// would be more than `bytes_max`, or as make_tree_walk(). Scores are times the link's slope:
// log-odds.
std::unique_ptr<Explainer> make_tree_shap(const Forest& forest, const FeatureLayout& layout,
                                          size_t bytes_max = tree_shap_bytes_max);

}  // namespace gristmill
