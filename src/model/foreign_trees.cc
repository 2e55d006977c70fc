#include "model/foreign_trees.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace gristmill {
namespace {

constexpr size_t set_words_max = size_t(64) << 20;  // 256 MiB

template <class T>
void sort_unique(std::vector<std::vector<T>>& lists) {
  for (std::vector<T>& list : lists) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
  }
}

bool is_category(const ForeignTrees& trees, size_t node) {
  return trees.trees.decision[node] & Decision::categorical;
}

// Builds one node after the other.
class Placer {
 public:
  Placer(const ForeignTrees& from, const std::vector<FeaturePlace>& places)
      : from_(from), places_(places), forest_(from.trees) {
    forest_.set_offset = {0};
  }

  Forest place() {
    const size_t nodes = forest_.feature.size();
    forest_.threshold.assign(nodes, 0);
    for (size_t i = 0; i < nodes; ++i) {
      const FeaturePlace& place = places_[size_t(forest_.feature[i])];
      is_category(from_, i) ? place_set(i, place) : place_threshold(i, place);
      forest_.feature[i] = place.feature;
    }
    return std::move(forest_);
  }

 private:
  void place_threshold(size_t node, const FeaturePlace& place) {
    const double threshold = from_.threshold[node];
    if (place.as == FeaturePlace::As::value) {
      forest_.threshold[node] = round_down(threshold);
      return;
    }
    const auto step = std::lower_bound(place.steps.begin(), place.steps.end(), threshold);
    forest_.threshold[node] = float(step - place.steps.begin());
    uint8_t& decision = forest_.decision[node];
    bool left = decision & Decision::default_left;
    if (!(decision & (Decision::missing_zero | Decision::missing_nan))) left = 0 <= threshold;
    decision = uint8_t(Decision::missing_nan | (left ? Decision::default_left : 0));
  }

  void place_set(size_t node, const FeaturePlace& place) {
    const size_t set = size_t(forest_.set[node]);
    const bool as_it_is = place.as == FeaturePlace::As::value;
    begin_ = forest_.set_words.size();
    if (!as_it_is) {
      if (forest_.decision[node] & Decision::default_left) add(0);
      forest_.decision[node] = Decision::categorical;
    }
    for (size_t i = from_.set_begin[set]; i < from_.set_begin[set + 1]; ++i) {
      const int32_t category = from_.categories[i];
      add(as_it_is ? category : code_of(category, place));
    }
    forest_.set[node] = int32_t(forest_.set_offset.size()) - 1;
    forest_.set_offset.push_back(int32_t(forest_.set_words.size()));
  }

  static int32_t code_of(int32_t category, const FeaturePlace& place) {
    const auto level = std::lower_bound(place.levels.begin(), place.levels.end(), category);
    if (level == place.levels.end() || *level != category)
      throw Error(Code::corrupt, "the trees split on a category that has no name");
    return 2 + int32_t(level - place.levels.begin());
  }

  void add(int32_t code) {
    const size_t word = begin_ + size_t(code) / 32;
    if (word >= set_words_max)
      throw Error(Code::exhausted, "the trees split on too many sets of too many categories");
    if (word >= forest_.set_words.size()) forest_.set_words.resize(word + 1);
    forest_.set_words[word] |= uint32_t(1) << (code % 32);
  }

  const ForeignTrees& from_;
  const std::vector<FeaturePlace>& places_;
  Forest forest_;
  size_t begin_ = 0;  // of the words of the set at hand
};

// Total gain by spec, summing to 1.
std::vector<double> importance_of(const Forest& forest, const std::vector<double>& gain,
                                  const FeatureLayout& layout) {
  std::vector<size_t> spec_of(size_t(layout.floats + layout.codes));
  for (size_t s = 0; s < layout.specs.size(); ++s) {
    int64_t begin = layout.at[s];
    if (layout.specs[s].kind == TensorKind::code) begin += layout.floats;
    for (int64_t j = 0; j < layout.specs[s].width(); ++j) spec_of[size_t(begin + j)] = s;
  }
  std::vector<double> importance(layout.specs.size());
  double total = 0;
  for (size_t i = 0; i < gain.size(); ++i) {
    if (!(gain[i] > 0) || !std::isfinite(gain[i])) continue;
    importance[spec_of[size_t(forest.feature[i])]] += gain[i];
    total += gain[i];
  }
  for (double& share : importance) share = total > 0 ? share / total : 0;
  return importance;
}

}  // namespace

std::vector<std::vector<double>> thresholds_of(const ForeignTrees& trees) {
  std::vector<std::vector<double>> found(trees.features.size());
  for (size_t i = 0; i < trees.threshold.size(); ++i) {
    if (!is_category(trees, i)) found[size_t(trees.trees.feature[i])].push_back(trees.threshold[i]);
  }
  sort_unique(found);
  return found;
}

std::vector<std::vector<int32_t>> categories_of(const ForeignTrees& trees) {
  std::vector<std::vector<int32_t>> found(trees.features.size());
  for (size_t i = 0; i < trees.threshold.size(); ++i) {
    if (!is_category(trees, i)) continue;
    const size_t set = size_t(trees.trees.set[i]);
    auto& of_feature = found[size_t(trees.trees.feature[i])];
    of_feature.insert(of_feature.end(),
                      trees.categories.begin() + std::ptrdiff_t(trees.set_begin[set]),
                      trees.categories.begin() + std::ptrdiff_t(trees.set_begin[set + 1]));
  }
  sort_unique(found);
  return found;
}

std::vector<bool> zeros_missing(const ForeignTrees& trees) {
  std::vector<bool> some(trees.features.size()), all(trees.features.size(), true);
  for (size_t i = 0; i < trees.threshold.size(); ++i) {
    if (is_category(trees, i)) continue;
    const auto feature = size_t(trees.trees.feature[i]);
    (trees.trees.decision[i] & Decision::missing_zero ? some[feature] = true
                                                      : all[feature] = false);
  }
  for (size_t f = 0; f < some.size(); ++f) {
    if (some[f] && !all[f])
      throw Error(Code::corrupt, "zeros of the feature `" + trees.features[f].name +
                                     "` are missing in some splits and numbers in others");
  }
  return some;
}

Forest place_trees(const ForeignTrees& trees, const std::vector<FeaturePlace>& places,
                   const FeatureLayout& layout) {
  Forest forest = Placer(trees, places).place();
  forest.importance.resize(layout.specs.size());
  forest.check(layout);
  forest.importance = importance_of(forest, trees.gain, layout);
  return forest;
}

}  // namespace gristmill
