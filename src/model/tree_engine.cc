#include "model/tree_engine.h"

#include <algorithm>
#include <map>

#include "base/error.h"

namespace gristmill {
namespace {

constexpr uint64_t level_words_max = uint64_t(256) << 18;  // 256 MiB

using Words = std::vector<uint32_t>;
using Sets = std::map<Words, uint32_t>;  // → number

// Calls visit(level) for each level below `levels` that is in the set.
template <class Visit>
void each_level(const Words& words, size_t levels, Visit visit) {
  for (size_t w = 0; w < words.size() && w * 32 < levels; ++w) {
    for (uint32_t rest = words[w]; rest != 0; rest &= rest - 1) {
      size_t level = w * 32 + size_t(__builtin_ctz(rest));
      if (level < levels) visit(level);
    }
  }
}

size_t levels_of(const FeatureLayout& layout, int64_t code_column) {
  for (size_t s = 0; s < layout.specs.size(); ++s) {
    const TensorSpec& spec = layout.specs[s];
    if (spec.kind == TensorKind::code && layout.at[s] == code_column) return spec.levels();
  }
  return 0;
}

LevelSets make_level_sets(int32_t column, const Sets& sets, size_t levels) {
  LevelSets result;
  result.column = column;
  result.sets = uint32_t(sets.size());
  result.words = uint32_t((sets.size() + 31) / 32);
  result.row_of.assign(levels, 0);
  uint32_t rows = 1;
  for (const auto& [words, number] : sets) {
    each_level(words, levels, [&](size_t level) {
      if (result.row_of[level] == 0) result.row_of[level] = rows++;
    });
  }
  if (uint64_t(rows) * result.words > level_words_max) {
    throw Error(Code::exhausted, "the trees split on too many sets of too many categories");
  }
  result.bits.assign(size_t(rows) * result.words, ~uint32_t(0));
  for (const auto& [words, number] : sets) {
    each_level(words, levels, [&](size_t level) {
      result.bits[size_t(result.row_of[level]) * result.words + number / 32] &=
          ~(uint32_t(1) << (number % 32));
    });
  }
  return result;
}

}  // namespace

Missing missing_of(const Forest& forest, int64_t node) {
  uint8_t decision = forest.decision[node];
  bool left = decision & Decision::default_left;
  if (decision & Decision::missing_zero) return left ? Missing::zero_left : Missing::zero_right;
  if (!(decision & Decision::missing_nan)) left = 0 <= forest.threshold[node];  // NaN counts as 0
  return left ? Missing::nan_left : Missing::nan_right;
}

std::vector<LevelSets> collect_level_sets(const Forest& forest, const FeatureLayout& layout,
                                          std::vector<uint32_t>& set_of) {
  set_of.assign(forest.feature.size(), 0);
  std::map<int32_t, Sets> by_feature;
  for (size_t i = 0; i < forest.feature.size(); ++i) {
    if (!(forest.decision[i] & Decision::categorical)) continue;
    Words words(forest.set_words.begin() + forest.set_offset[forest.set[i]],
                forest.set_words.begin() + forest.set_offset[forest.set[i] + 1]);
    Sets& known = by_feature[forest.feature[i]];
    set_of[i] = known.emplace(std::move(words), uint32_t(known.size())).first->second;
  }
  std::vector<LevelSets> all;
  for (const auto& [feature, sets] : by_feature) {
    int32_t column = feature - int32_t(layout.floats);
    all.push_back(make_level_sets(column, sets, levels_of(layout, column)));
  }
  return all;
}

std::unique_ptr<TreeEngine> make_tree_engine(const Forest& forest, const FeatureLayout& layout) {
  if (auto table = make_tree_table(forest, layout)) return table;
  return make_tree_walk(forest, layout);
}

}  // namespace gristmill
