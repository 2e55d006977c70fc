// Exact Shapley values of a forest's score against other rows ("interventional" or "independent"
// TreeSHAP: Lundberg et al. 2020, From local explanations to global understanding with explainable
// AI for trees, Nature Machine Intelligence 2, algorithm 3). A feature that is not known has the
// value that it has in a background row; the values are the mean over these rows.
//
// Row x is told from background row b by one walk down each tree: where both go the same way, so
// does the walk; where they part, it goes both ways, and the feature asked is x's below one child
// and b's below the other. At a leaf of value v where n features are x's and m are b's, each of the
// n contributes v (n − 1)! m! / (n + m)!, each of the m −v n! (m − 1)! / (n + m)!.
#pragma once

#include <cstddef>
#include <memory>

#include "model/explainer.h"
#include "model/forest.h"

namespace gristmill {

inline constexpr size_t background_shap_bytes_max = size_t(512) << 20;

// A checked forest; what it asks of `background`, at least one row, is copied. A row takes
// O(background rows · nodes) at most: of each tree, what lies between the paths of both rows.
// Code::exhausted when the copy would take more than `bytes_max`, when a path asks more than 512
// features, or as make_tree_walk(). Scores are times the link's slope: log-odds.
std::unique_ptr<Explainer> make_background_shap(const Forest& forest, const FeatureLayout& layout,
                                                const FeatureRows& background,
                                                size_t bytes_max = background_shap_bytes_max);

}  // namespace gristmill
