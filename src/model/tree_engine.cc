#include "model/tree_engine.h"

#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace gristmill {
namespace {

constexpr int64_t block_rows = 16;    // rows that mask_block() takes at once
constexpr int64_t mask_rows_min = 4;  // fewer rows walk
constexpr float minus_infinity = -std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

// 64-byte aligned memory of this thread, grown and never freed.
float* thread_values(size_t count) {
  thread_local std::vector<float> values;
  if (values.size() < count + 16) values.resize(count + 16);
  auto address = reinterpret_cast<uintptr_t>(values.data());
  return reinterpret_cast<float*>((address + 63) / 64 * 64);
}

double* thread_leaves(size_t count) {
  thread_local std::vector<double> leaves;
  if (leaves.size() < count) leaves.resize(count);
  return leaves.data();
}

}  // namespace

float TreeEngine::fill_missing(float x, Missing missing) {
  if (missing >= Missing::zero_right && std::abs(x) <= zero_threshold) x = not_a_number;
  bool left = missing == Missing::nan_left || missing == Missing::zero_left;
  return left && std::isnan(x) ? minus_infinity : x;
}

float TreeEngine::column_value(const ColumnSlot& slot, const FeatureRows& rows, int64_t row) const {
  float x = slot.code ? float(rows.codes[row * rows.code_stride + slot.column])
                      : rows.floats[row * rows.float_stride + slot.column];
  return fill_missing(x, slot.missing);
}

const uint32_t* TreeEngine::pattern_bits(const Patterns& patterns, const FeatureRows& rows,
                                         int64_t row) const {
  uint32_t code = uint32_t(rows.codes[row * rows.code_stride + patterns.column]);
  uint32_t bits_row = code < patterns.row_of.size() ? patterns.row_of[code] : 0;
  return patterns.bits.data() + size_t(bits_row) * patterns.words;
}

void TreeEngine::fill_row(const FeatureRows& rows, int64_t row, float* values) const {
  values[0] = minus_infinity;
  for (size_t i = 0; i < columns_.size(); ++i) {
    values[i + 1] = column_value(columns_[i], rows, row);
  }
  // A bit becomes a lane of ones, which is a NaN.
  const __m256i first = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
  for (const Patterns& patterns : patterns_) {
    const uint32_t* bits = pattern_bits(patterns, rows, row);
    float* to = values + patterns.first_slot;
    for (uint32_t w = 0; w < patterns.words; ++w, to += 32) {
      __m256i word = _mm256_set1_epi32(int32_t(bits[w]));
      for (int byte = 0; byte < 4; ++byte) {
        __m256i select = _mm256_slli_epi32(first, 8 * byte);
        __m256i lanes = _mm256_cmpeq_epi32(_mm256_and_si256(word, select), select);
        _mm256_store_si256(reinterpret_cast<__m256i*>(to + 8 * byte), lanes);
      }
    }
  }
}

// Slot s of row r of the block lies at values[s * block_rows + r].
void TreeEngine::fill_block(const FeatureRows& rows, int64_t first, float* values) const {
  int64_t index[block_rows];
  for (int64_t r = 0; r < block_rows; ++r) index[r] = std::min(first + r, rows.rows - 1);
  for (int64_t r = 0; r < block_rows; ++r) values[r] = minus_infinity;
  for (size_t i = 0; i < columns_.size(); ++i) {
    float* to = values + (i + 1) * block_rows;
    for (int64_t r = 0; r < block_rows; ++r) to[r] = column_value(columns_[i], rows, index[r]);
  }
  for (const Patterns& patterns : patterns_) {
    const uint32_t* bits[block_rows];
    for (int64_t r = 0; r < block_rows; ++r) bits[r] = pattern_bits(patterns, rows, index[r]);
    float* to = values + size_t(patterns.first_slot) * block_rows;
    for (uint32_t w = 0; w < patterns.words; ++w) {
      alignas(32) uint32_t words[block_rows];
      for (int64_t r = 0; r < block_rows; ++r) words[r] = bits[r][w];
      __m256i low = _mm256_load_si256(reinterpret_cast<const __m256i*>(words));
      __m256i high = _mm256_load_si256(reinterpret_cast<const __m256i*>(words + 8));
      for (int bit = 0; bit < 32; ++bit, to += block_rows) {
        __m128i up = _mm_cvtsi32_si128(31 - bit);
        _mm256_store_si256(reinterpret_cast<__m256i*>(to),
                           _mm256_srai_epi32(_mm256_sll_epi32(low, up), 31));
        _mm256_store_si256(reinterpret_cast<__m256i*>(to + 8),
                           _mm256_srai_epi32(_mm256_sll_epi32(high, up), 31));
      }
    }
  }
}

void TreeEngine::walk_rows(const FeatureRows& rows, int64_t first, int64_t count,
                           double* out) const {
  const size_t stride = (slots_ + 15) / 16 * 16, lanes = roots_.size();
  float* values = thread_values(stride * count);
  double* leaves = thread_leaves(lanes * count);
  for (int64_t r = 0; r < count; ++r) fill_row(rows, first + r, values + r * stride);

  const Node* nodes = nodes_.data();
  for (size_t group = 0; group < lanes / 8; ++group) {
    const uint32_t* root = roots_.data() + group * 8;
    for (int64_t r = 0; r < count; ++r) {
      const float* row = values + r * stride;
      uint32_t at[8];
      for (int lane = 0; lane < 8; ++lane) at[lane] = root[lane];
      for (int32_t step = depth_[group]; step > 0; --step) {
#pragma GCC unroll 8
        for (int lane = 0; lane < 8; ++lane) {
          const Node& node = nodes[at[lane]];
          at[lane] = node.left + !(row[node.slot] <= node.threshold);
        }
      }
      for (int lane = 0; lane < 8; ++lane) {
        leaves[r * lanes + group * 8 + lane] = leaf_value_[nodes[at[lane]].leaf];
      }
    }
  }
  std::fill(out, out + count * outputs_, 0.0);
  for (int64_t r = 0; r < count; ++r) {
    for (int64_t t = 0, k = 0; t < trees_; ++t) {
      out[r * outputs_ + k] += leaves[r * lanes + t];
      if (++k == outputs_) k = 0;
    }
  }
}

void TreeEngine::mask_block(const FeatureRows& rows, int64_t first, double* out) const {
  float* values = thread_values(size_t(slots_) * block_rows);
  fill_block(rows, first, values);
  double* sums = thread_leaves(size_t(outputs_) * block_rows);
  std::fill(sums, sums + outputs_ * block_rows, 0.0);

  for (int64_t t = 0, k = 0; t < trees_; ++t) {
    __m256i low = _mm256_set1_epi32(-1), high = low;
    for (uint32_t i = mask_begin_[t]; i < mask_begin_[t + 1]; ++i) {
      const MaskNode& node = mask_nodes_[i];
      const float* x = values + size_t(node.slot) * block_rows;
      __m256 threshold = _mm256_set1_ps(node.threshold);
      __m256i keep = _mm256_set1_epi32(int32_t(node.keep));
      __m256 left_low = _mm256_cmp_ps(_mm256_load_ps(x), threshold, _CMP_LE_OQ);
      __m256 left_high = _mm256_cmp_ps(_mm256_load_ps(x + 8), threshold, _CMP_LE_OQ);
      low = _mm256_and_si256(low, _mm256_or_si256(_mm256_castps_si256(left_low), keep));
      high = _mm256_and_si256(high, _mm256_or_si256(_mm256_castps_si256(left_high), keep));
    }
    alignas(32) uint32_t remaining[block_rows];
    _mm256_store_si256(reinterpret_cast<__m256i*>(remaining), low);
    _mm256_store_si256(reinterpret_cast<__m256i*>(remaining + 8), high);
    const double* leaf = mask_leaf_value_.data() + mask_leaf_[t];
    double* sum = sums + k * block_rows;
    for (int64_t r = 0; r < block_rows; ++r) sum[r] += leaf[__builtin_ctz(remaining[r])];
    if (++k == outputs_) k = 0;
  }
  int64_t count = std::min(block_rows, rows.rows - first);
  for (int64_t r = 0; r < count; ++r) {
    for (int64_t k = 0; k < outputs_; ++k) out[r * outputs_ + k] = sums[k * block_rows + r];
  }
}

void TreeEngine::sum(const FeatureRows& rows, double* out) const {
  int64_t first = 0;
  if (narrow_) {
    for (; rows.rows - first >= mask_rows_min; first += block_rows) {
      mask_block(rows, first, out + first * outputs_);
    }
  }
  for (; first < rows.rows; first += block_rows) {
    walk_rows(rows, first, std::min(block_rows, rows.rows - first), out + first * outputs_);
  }
}

}  // namespace gristmill
