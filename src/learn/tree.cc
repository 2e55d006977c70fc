// One shallow decision tree, to read: its rules are told.
#include <cmath>

#include <fmt/format.h>

#include "learn/class_weight.h"
#include "learn/learner.h"
#include "learn/training_rows.h"
#include "learn/tree_grower.h"
#include "model/forest.h"
#include "model/trees.h"

namespace gristmill {
namespace {

constexpr size_t levels_told = 6;

// A class that no row of a leaf has is not impossible: the shares of all rows count as one row.
std::vector<double> shares_of(const GrownTree::Leaf& leaf, const std::vector<double>& all) {
  std::vector<double> out = leaf.mean;
  for (size_t k = 0; k < out.size(); ++k)
    out[k] = (leaf.mean[k] * double(leaf.rows) + all[k]) / (double(leaf.rows) + 1);
  return out;
}

std::vector<double> mean_of(const GrownTree& tree) {
  std::vector<double> mean(tree.leaves[0].mean.size(), 0);
  double weight = 0;
  for (const GrownTree::Leaf& leaf : tree.leaves) {
    for (size_t k = 0; k < mean.size(); ++k) mean[k] += leaf.weight * leaf.mean[k];
    weight += leaf.weight;
  }
  for (double& value : mean) value /= weight;
  return mean;
}

// What each leaf answers, before the link.
std::vector<std::vector<double>> scores_of(const GrownTree& tree, Problem problem) {
  const std::vector<double> mean = mean_of(tree);
  std::vector<std::vector<double>> out;
  for (const GrownTree::Leaf& leaf : tree.leaves) {
    if (problem == Problem::regression) {
      out.push_back(leaf.mean);
      continue;
    }
    std::vector<double> scores = shares_of(leaf, mean);
    for (double& p : scores) {
      // A class that no training row has.
      p = std::max(p, 1e-12);
      p = problem == Problem::binary ? std::log(p) - std::log1p(-p) : std::log(p);
    }
    out.push_back(std::move(scores));
  }
  return out;
}

size_t spec_of(const FeatureLayout& layout, int32_t feature) {
  for (size_t s = 0; s < layout.specs.size(); ++s) {
    const bool code = layout.specs[s].kind == TensorKind::code;
    const int64_t first = layout.at[s] + (code ? layout.floats : 0);
    if (feature >= first && feature < first + layout.specs[s].width()) return s;
  }
  throw Error(Code::internal, "a tree splits by no feature");
}

void add_nodes(const GrownTree& tree, const FeatureLayout& layout, Forest& out) {
  for (const GrownTree::Node& node : tree.nodes) {
    const bool category = node.feature >= layout.floats;
    out.feature.push_back(node.feature);
    out.decision.push_back(category ? Decision::categorical
                                    : uint8_t(Decision::missing_nan |
                                              (node.missing_left ? Decision::default_left : 0)));
    out.threshold.push_back(round_down(node.threshold));
    out.left.push_back(node.left);
    out.right.push_back(node.right);
    out.set.push_back(category ? int32_t(out.set_offset.size()) - 1 : 0);
    if (!category) continue;
    const size_t first = out.set_words.size();
    out.set_words.resize(first + (node.left_levels.size() + 31) / 32, 0);
    for (size_t l = 0; l < node.left_levels.size(); ++l) {
      if (node.left_levels[l]) out.set_words[first + l / 32] |= uint32_t(1) << (l % 32);
    }
    out.set_offset.push_back(int32_t(out.set_words.size()));
  }
}

// Each class has the same nodes, and its own values.
Forest forest_of(const GrownTree& tree, const DatasetInfo& info) {
  Forest out;
  out.link = link_of(info.problem);
  out.outputs = outputs_of(info);
  out.set_offset = {0};
  const std::vector<std::vector<double>> scores = scores_of(tree, info.problem);
  for (int64_t k = 0; k < out.outputs; ++k) {
    out.leaves.push_back(int32_t(tree.leaves.size()));
    add_nodes(tree, info.layout, out);
    for (size_t l = 0; l < tree.leaves.size(); ++l) {
      out.leaf_value.push_back(scores[l][size_t(k)]);
      out.leaf_count.push_back(double(tree.leaves[l].rows));
    }
  }
  out.importance.assign(info.layout.specs.size(), 0);
  double total = 0;
  for (const GrownTree::Node& node : tree.nodes) total += node.gain;
  for (const GrownTree::Node& node : tree.nodes)
    out.importance[spec_of(info.layout, node.feature)] += node.gain / total;
  return out;
}

std::string level_text(const TensorSpec& spec, size_t level) {
  return level == 0 ? "(missing)" : level == 1 ? "(other)" : spec.names[level];
}

std::string condition(const GrownTree::Node& node, const FeatureLayout& layout, bool left) {
  const TensorSpec& spec = layout.specs[spec_of(layout, node.feature)];
  if (node.feature < layout.floats) {
    const auto& name = spec.names[size_t(node.feature - layout.at[spec_of(layout, node.feature)])];
    if (std::isinf(node.threshold)) return name + (left ? " is there" : " is missing");
    return fmt::format("{} {} {:.6g}{}", name, left ? "≤" : ">", node.threshold,
                       node.missing_left == left ? " or missing" : "");
  }
  std::vector<std::string> names;
  size_t more = 0;
  for (size_t l = 0; l < node.left_levels.size(); ++l) {
    if (!node.left_levels[l]) continue;
    if (names.size() < levels_told) {
      names.push_back(level_text(spec, l));
    } else {
      ++more;
    }
  }
  return fmt::format("{} {} {}{}", spec.name, left ? "is" : "is not", fmt::join(names, ", "),
                     more > 0 ? fmt::format(" and {} more", more) : "");
}

std::string answer_text(const GrownTree::Leaf& leaf, const DatasetInfo& info) {
  if (info.problem == Problem::regression)
    return fmt::format("{:.6g} ({} rows)", leaf.mean[0], leaf.rows);
  std::vector<double> shares = leaf.mean;
  if (info.problem == Problem::binary) shares = {1 - leaf.mean[0], leaf.mean[0]};
  const auto best = std::max_element(shares.begin(), shares.end());
  return fmt::format("{} {:.1f} % ({} rows)", info.classes[size_t(best - shares.begin())],
                     100 * *best, leaf.rows);
}

// A line a branch, its answer behind it where it is a leaf.
void tell(const GrownTree& tree, const DatasetInfo& info, int32_t at, size_t depth,
          nlohmann::json& out) {
  const GrownTree::Node& node = tree.nodes[size_t(at)];
  for (const bool left : {true, false}) {
    const int32_t child = left ? node.left : node.right;
    std::string line = std::string(2 * depth, ' ') + condition(node, info.layout, left);
    if (child < 0) line += ": " + answer_text(tree.leaves[size_t(-1 - child)], info);
    out.push_back(std::move(line));
    if (child >= 0) tell(tree, info, child, depth + 1, out);
  }
}

std::unique_ptr<Model> train(const Dataset& unweighted, const Params& params,
                             TrainContext& context) {
  const std::shared_ptr<const Dataset> weighted = with_class_weights(unweighted, params);
  check_training_rows(*weighted);
  const DatasetInfo& info = weighted->info();
  const GrownTree tree =
      grow_tree(*weighted, {params.integer("depth"), params.integer("min_rows")});
  nlohmann::json rules = nlohmann::json::array();
  if (tree.nodes.empty()) {
    rules.push_back("always: " + answer_text(tree.leaves[0], info));
  } else {
    tell(tree, info, 0, 0, rules);
  }
  context.learned["rules"] = rules;
  return make_trees(forest_of(tree, info), info.layout);
}

const RegisterLearner registration({
    .name = "tree",
    .text =
        "One shallow decision tree (CART: squared error or Gini impurity), to read: the report "
        "tells its rules. Numbers of more than 254 values are asked at 254 quantiles. A leaf "
        "answers with "
        "the mean of its rows, or with the shares of their classes, to which those of all rows are "
        "added as one row.",
    .params = {{"depth", "integer", "At most so many questions to an answer.", 4, 1, 12, {}},
               {"min_rows", "integer", "Rows a leaf must have.", 20, 1, 1000000000, {}},
               class_weight_param()},
    .check = check_class_weight,
    .wants = {.scaled = false, .missing = true, .cyclic = false},
    .search = {{"depth", 2, 10, false, true}, {"min_rows", 5, 200, true, true}},
    // A bin of a byte a number, the row's place, and where it moves.
    .bytes_per_row = [](const FeatureLayout& layout) { return layout.floats + 16; },
    .train = train,
});

}  // namespace
}  // namespace gristmill
