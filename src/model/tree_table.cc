// The table engine: see tree_engine.h.
#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "model/tree_engine.h"

namespace gristmill {
namespace {

constexpr int64_t block_rows = 4;  // rows whose sums run side by side

class TreeTable : public TreeEngine {
 public:
  void sum(const FeatureRows& rows, double* out) const override;

 private:
  friend class TableBuilder;
  // Rows of a number's part of the table: interval i (i thresholds lie below the value), then NaN.
  struct NumberColumn {
    int32_t column;
    bool code;  // of the code block, compared as a number
    std::vector<float> thresholds;
    size_t first;  // word of the table where its rows begin
  };
  struct CategoryColumn {
    LevelSets sets;
    size_t first;
  };
  // Words [word, …) of a table row hold the leaves of a tree, 32 a word.
  struct Tree {
    uint32_t word;
    uint32_t leaf;  // where its leaves begin in leaf_value_
  };

  const uint32_t* number_row(const NumberColumn& column, float x) const;
  void find_rows(const FeatureRows& rows, int64_t row, const uint32_t** found) const;
  void combine(const uint32_t* const* found, uint32_t* remaining) const;
  double leaf(const Tree& tree, const uint32_t* remaining) const;
  template <int64_t count>
  void sum_block(const FeatureRows& rows, int64_t first, double* out) const;
  template <int64_t count, class Sum>
  void add_up(const uint32_t* remaining, double* out) const;

  int64_t outputs_ = 1;
  bool float_sums_ = false;
  size_t words_ = 0;  // of a table row; a multiple of 32
  std::vector<NumberColumn> numbers_;
  std::vector<CategoryColumn> categories_;
  std::vector<Tree> trees_;
  std::vector<double> leaf_value_;  // from left to right
  std::vector<uint32_t> table_;
};

// Memory of this thread: combined rows, and pointers to the rows to combine.
struct Workspace {
  std::vector<uint32_t> remaining;
  std::vector<const uint32_t*> found;
};

Workspace& workspace(size_t words, size_t columns) {
  thread_local Workspace space;
  if (space.remaining.size() < words) space.remaining.resize(words);
  if (space.found.size() < columns) space.found.resize(columns);
  return space;
}

const uint32_t* TreeTable::number_row(const NumberColumn& column, float x) const {
  const float* begin = column.thresholds.data();
  size_t size = column.thresholds.size(), row = size + 1;
  if (!std::isnan(x)) {
    const float* at = begin;
    for (size_t n = size; n > 1;) {
      size_t half = n / 2;
      at += half & (size_t(0) - size_t(at[half - 1] < x));
      n -= half;
    }
    row = size_t(at - begin) + (*at < x);
  }
  return table_.data() + column.first + row * words_;
}

void TreeTable::find_rows(const FeatureRows& rows, int64_t row, const uint32_t** found) const {
  const float* floats = rows.floats + row * rows.float_stride;
  const int32_t* codes = rows.codes + row * rows.code_stride;
  for (const NumberColumn& column : numbers_) {
    *found++ =
        number_row(column, column.code ? float(codes[column.column]) : floats[column.column]);
  }
  for (const CategoryColumn& category : categories_) {
    size_t level_row = category.sets.row(codes[category.sets.column]);
    *found++ = table_.data() + category.first + level_row * words_;
  }
}

void TreeTable::combine(const uint32_t* const* found, uint32_t* remaining) const {
  const size_t columns = numbers_.size() + categories_.size();
  for (size_t w = 0; w < words_; w += 32) {
    __m256i a = _mm256_set1_epi32(-1), b = a, c = a, d = a;
    for (size_t i = 0; i < columns; ++i) {
      auto from = reinterpret_cast<const __m256i*>(found[i] + w);
      a = _mm256_and_si256(a, _mm256_loadu_si256(from));
      b = _mm256_and_si256(b, _mm256_loadu_si256(from + 1));
      c = _mm256_and_si256(c, _mm256_loadu_si256(from + 2));
      d = _mm256_and_si256(d, _mm256_loadu_si256(from + 3));
    }
    auto to = reinterpret_cast<__m256i*>(remaining + w);
    _mm256_storeu_si256(to, a);
    _mm256_storeu_si256(to + 1, b);
    _mm256_storeu_si256(to + 2, c);
    _mm256_storeu_si256(to + 3, d);
  }
}

inline double TreeTable::leaf(const Tree& tree, const uint32_t* remaining) const {
  uint32_t word = tree.word;
  while (remaining[word] == 0) ++word;  // the leaf that is reached is never cleared
  return leaf_value_[tree.leaf + 32 * (word - tree.word) +
                     uint32_t(__builtin_ctz(remaining[word]))];
}

template <int64_t count>
void TreeTable::sum_block(const FeatureRows& rows, int64_t first, double* out) const {
  Workspace& space = workspace(words_ * count, numbers_.size() + categories_.size());
  uint32_t* remaining = space.remaining.data();
  for (int64_t r = 0; r < count; ++r) {
    find_rows(rows, first + r, space.found.data());
    combine(space.found.data(), remaining + r * words_);
  }
  float_sums_ ? add_up<count, float>(remaining, out) : add_up<count, double>(remaining, out);
}

template <int64_t count, class Sum>
void TreeTable::add_up(const uint32_t* remaining, double* out) const {
  if (outputs_ == 1) {
    double sums[count] = {};
    for (const Tree& tree : trees_) {
      for (int64_t r = 0; r < count; ++r)
        sums[r] = Sum(sums[r] + leaf(tree, remaining + r * words_));
    }
    std::copy(sums, sums + count, out);
    return;
  }
  std::fill(out, out + count * outputs_, 0.0);
  int64_t k = 0;
  for (const Tree& tree : trees_) {
    for (int64_t r = 0; r < count; ++r) {
      double& sum = out[r * outputs_ + k];
      sum = Sum(sum + leaf(tree, remaining + r * words_));
    }
    if (++k == outputs_) k = 0;
  }
}

void TreeTable::sum(const FeatureRows& rows, double* out) const {
  int64_t first = 0;
  for (; first + block_rows <= rows.rows; first += block_rows) {
    sum_block<block_rows>(rows, first, out + first * outputs_);
  }
  for (; first < rows.rows; ++first) sum_block<1>(rows, first, out + first * outputs_);
}

class TableBuilder {
 public:
  TableBuilder(const Forest& forest, const FeatureLayout& layout)
      : forest_(forest), layout_(layout), nodes_(forest.feature.size()) {}

  std::unique_ptr<TreeEngine> build(size_t bytes_max) {
    for (size_t i = 0; i < nodes_.size(); ++i) {
      bool number = !(forest_.decision[i] & Decision::categorical);
      if (number && missing_of(forest_, i) >= Missing::zero_right) return nullptr;
    }
    table_.outputs_ = forest_.outputs;
    table_.float_sums_ = forest_.float_sums;
    number_leaves();
    place_numbers();
    place_categories();
    if (size_ > bytes_max / sizeof(uint32_t)) return nullptr;
    table_.table_.assign(size_, ~uint32_t(0));
    fill_numbers();
    fill_categories();
    return std::make_unique<TreeTable>(std::move(table_));
  }

 private:
  struct Range {  // the leaves of a node's left side: bits from the start of its tree's first word
    uint32_t word, begin, end;
  };

  void number_leaves() {
    int64_t first_node = 0, first_leaf = 0;
    uint32_t word = 0;
    for (int32_t leaves : forest_.leaves) {
      table_.trees_.push_back({word, uint32_t(table_.leaf_value_.size())});
      number_tree(leaves, first_node, first_leaf, word);
      word += uint32_t(leaves + 31) / 32;
      first_node += leaves - 1;
      first_leaf += leaves;
    }
    table_.words_ = (size_t(word) + 31) / 32 * 32;
  }

  void number_tree(int32_t leaves, int64_t first_node, int64_t first_leaf, uint32_t word) {
    struct Open {
      int32_t child;
      int64_t ended;  // the node whose left side ends before this child, or −1
    };
    std::vector<Open> open = {{leaves > 1 ? 0 : -1, -1}};
    uint32_t met = 0;
    while (!open.empty()) {
      auto [child, ended] = open.back();
      open.pop_back();
      if (ended >= 0) nodes_[ended].end = met;
      if (child < 0) {
        table_.leaf_value_.push_back(forest_.leaf_value[first_leaf - 1 - child]);
        ++met;
        continue;
      }
      int64_t node = first_node + child;
      nodes_[node] = {word, met, met};
      open.push_back({forest_.right[node], node});
      open.push_back({forest_.left[node], -1});
    }
  }

  size_t place(size_t rows) {
    size_t first = size_;
    size_ += rows * table_.words_;
    return first;
  }

  void place_numbers() {
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (!(forest_.decision[i] & Decision::categorical))
        by_feature_[forest_.feature[i]].push_back(i);
    }
    for (auto& [feature, nodes] : by_feature_) {
      std::sort(nodes.begin(), nodes.end(),
                [this](size_t a, size_t b) { return forest_.threshold[a] < forest_.threshold[b]; });
      bool code = feature >= layout_.floats;
      TreeTable::NumberColumn column{
          code ? feature - int32_t(layout_.floats) : feature, code, {}, 0};
      for (size_t node : nodes) {
        float threshold = forest_.threshold[node];
        if (column.thresholds.empty() || column.thresholds.back() < threshold) {
          column.thresholds.push_back(threshold);
        }
      }
      column.first = place(column.thresholds.size() + 2);
      table_.numbers_.push_back(std::move(column));
    }
  }

  void place_categories() {
    for (LevelSets& sets : collect_level_sets(forest_, layout_, set_of_)) {
      size_t first = place(sets.rows());
      table_.categories_.push_back({std::move(sets), first});
    }
  }

  // The node says "right" in this row of the table.
  void clear(uint32_t* row, size_t node) const {
    const Range& range = nodes_[node];
    for (uint32_t bit = range.begin; bit < range.end; ++bit) {
      row[range.word + bit / 32] &= ~(uint32_t(1) << (bit % 32));
    }
  }

  void fill_numbers() {
    auto column = table_.numbers_.begin();
    for (const auto& [feature, nodes] : by_feature_) {
      uint32_t* row = table_.table_.data() + column->first;
      auto node = nodes.begin();
      for (float threshold : column->thresholds) {
        uint32_t* next = row + table_.words_;
        std::copy(row, next, next);
        row = next;
        for (; node != nodes.end() && forest_.threshold[*node] <= threshold; ++node) {
          clear(row, *node);
        }
      }
      row += table_.words_;
      for (size_t i : nodes) {
        if (missing_of(forest_, i) == Missing::nan_right) clear(row, i);
      }
      ++column;
    }
  }

  // One word of what a categorical node clears.
  struct Cleared {
    uint32_t word, keep, set;
  };

  std::vector<Cleared> cleared_by(int32_t column) const {
    std::vector<Cleared> all;
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (!(forest_.decision[i] & Decision::categorical)) continue;
      if (forest_.feature[i] - int32_t(layout_.floats) != column) continue;
      const Range& range = nodes_[i];
      for (uint32_t bit = range.begin; bit < range.end;) {
        Cleared cleared{range.word + bit / 32, ~uint32_t(0), set_of_[i]};
        do cleared.keep &= ~(uint32_t(1) << (bit % 32));
        while (++bit < range.end && bit % 32 != 0);
        all.push_back(cleared);
      }
    }
    return all;
  }

  void fill_categories() {
    for (const TreeTable::CategoryColumn& category : table_.categories_) {
      const LevelSets& sets = category.sets;
      const std::vector<Cleared> cleared = cleared_by(sets.column);
      uint32_t* row = table_.table_.data() + category.first;
      for (uint32_t r = 0; r < sets.rows(); ++r, row += table_.words_) {
        for (const Cleared& c : cleared) {
          row[c.word] &= c.keep | (uint32_t(sets.goes_right(r, c.set)) - 1);
        }
      }
    }
  }

  const Forest& forest_;
  const FeatureLayout& layout_;
  TreeTable table_;
  size_t size_ = 0;  // words placed
  std::vector<Range> nodes_;
  std::map<int32_t, std::vector<size_t>> by_feature_;  // numerical nodes, by threshold
  std::vector<uint32_t> set_of_;
};

}  // namespace

std::unique_ptr<TreeEngine> make_tree_table(const Forest& forest, const FeatureLayout& layout,
                                            size_t bytes_max) {
  return TableBuilder(forest, layout).build(bytes_max);
}

}  // namespace gristmill
