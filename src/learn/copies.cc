#include "learn/copies.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <unordered_map>

#include <fmt/format.h>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "learn/metrics.h"
#include "sketch/hash.h"

namespace gristmill {
namespace {

constexpr int64_t max_held = 1'000'000, rows_at_once = 4096, rows_to_count = 10'000;
constexpr double least_share = 0.01, of_chance = 4, same_target = 0.95;
constexpr int64_t least_copies = 10;
constexpr int64_t most_alike = 3;  // training rows of equal features, in the mean

uint64_t cell(float value) {
  return std::isnan(value) ? 0x7fc00000 : std::bit_cast<uint32_t>(value + 0.0f);
}

uint64_t hash_spec(const FeatureLayout& layout, const FeatureRows& rows, int64_t i, size_t s,
                   uint64_t hash) {
  const int64_t at = layout.at[s];
  if (layout.specs[s].kind == TensorKind::code)
    return combine64(hash, uint64_t(rows.codes[i * rows.code_stride + at]));
  for (int64_t j = at; j < at + layout.specs[s].width(); ++j)
    hash = combine64(hash, cell(rows.floats[i * rows.float_stride + j]));
  return hash;
}

struct Hashes {
  std::vector<uint64_t> features, all;  // without and with the target; in the order of rows
};

// Of the rows of a fold whose hash of features is a multiple of `part`.
Hashes hashes_of(const Dataset& data, Fold fold, const std::vector<bool>& skip, uint64_t part,
                 ThreadPool& pool) {
  const DatasetRows rows = data.fold_slice(fold);
  const FeatureLayout& layout = data.info().layout;
  const int64_t count = data.fold_rows(fold), blocks = (count + rows_at_once - 1) / rows_at_once;
  std::vector<Hashes> found(static_cast<size_t>(blocks));
  pool.for_each(blocks, [&](int64_t block) {
    check_interrupted();
    const int64_t end = std::min(count, (block + 1) * rows_at_once);
    for (int64_t i = block * rows_at_once; i < end; ++i) {
      uint64_t hash = 0;
      for (size_t s = 0; s < layout.specs.size(); ++s) {
        if (!skip[s]) hash = hash_spec(layout, rows.features, i, s, hash);
      }
      if (hash % part != 0) continue;
      found[size_t(block)].features.push_back(hash);
      found[size_t(block)].all.push_back(combine64(hash, std::bit_cast<uint64_t>(rows.target[i])));
    }
  });
  Hashes out;
  for (const Hashes& some : found) {
    out.features.insert(out.features.end(), some.features.begin(), some.features.end());
    out.all.insert(out.all.end(), some.all.begin(), some.all.end());
  }
  return out;
}

int64_t count_found(const std::vector<uint64_t>& sorted, const std::vector<uint64_t>& wanted) {
  return std::count_if(wanted.begin(), wanted.end(), [&](uint64_t hash) {
    return std::binary_search(sorted.begin(), sorted.end(), hash);
  });
}

int64_t count_different(const std::vector<uint64_t>& sorted) {
  int64_t different = 0;
  for (size_t i = 0; i < sorted.size(); ++i) different += i == 0 || sorted[i - 1] != sorted[i];
  return different;
}

// How many training rows a row would equal if its columns had nothing to do with each other.
double met_by_chance(const Dataset& data, const std::vector<bool>& skip, ThreadPool& pool) {
  const DatasetRows rows = data.fold_slice(Fold::train);
  const FeatureLayout& layout = data.info().layout;
  const std::vector<int64_t> sample = evenly_spaced(data.fold_rows(Fold::train), rows_to_count);
  const double pairs = double(sample.size()) * double(sample.size() - 1);
  std::vector<double> equal(layout.specs.size(), 1);  // the share of pairs of rows, by spec
  pool.for_each(int64_t(equal.size()), [&](int64_t s) {
    if (skip[size_t(s)]) return;
    std::unordered_map<uint64_t, double> counts;
    for (const int64_t i : sample) ++counts[hash_spec(layout, rows.features, i, size_t(s), 0)];
    double same = 0;
    for (const auto& [hash, count] : counts) same += count * (count - 1);
    equal[size_t(s)] = same / pairs;
  });
  double chance = double(data.fold_rows(Fold::train));
  for (const double share : equal) chance *= share;
  return chance;
}

}  // namespace

std::string copies_warning(const Dataset& data, const std::vector<bool>& skip, int threads) {
  const int64_t held = data.fold_rows(Fold::train) + data.fold_rows(Fold::test);
  if (data.fold_rows(Fold::train) < 2 || std::find(skip.begin(), skip.end(), false) == skip.end())
    return "";
  const auto part = uint64_t((held + max_held - 1) / max_held);
  ThreadPool pool(threads);
  Hashes train = hashes_of(data, Fold::train, skip, part, pool);
  const Hashes test = hashes_of(data, Fold::test, skip, part, pool);
  std::sort(train.features.begin(), train.features.end());
  std::sort(train.all.begin(), train.all.end());
  const int64_t copies = count_found(train.all, test.all);
  const double share = double(copies) / double(std::max<size_t>(1, test.all.size()));
  if (copies < least_copies || share < least_share) return "";
  if (most_alike * count_different(train.features) < int64_t(train.features.size())) return "";
  if (double(copies) < same_target * double(count_found(train.features, test.features))) return "";
  if (share < of_chance * (1 - std::exp(-met_by_chance(data, skip, pool)))) return "";
  return fmt::format(
      "{:.1f} % of the test rows are copies of training rows, features and target alike, and "
      "flatter "
      "the test scores: leave repeated rows out by the rule `dedupe`, or split by `group`",
      100 * share);
}

}  // namespace gristmill
