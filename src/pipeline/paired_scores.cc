#include "pipeline/paired_scores.h"

#include <algorithm>

#include "learn/bootstrap.h"
#include "learn/evaluate.h"
#include "pipeline/stored_model.h"

namespace gristmill {
namespace {

using nlohmann::json;

// Test rows as a bundle's model answers them; by key.
struct Tested {
  std::shared_ptr<Dataset> data;
  std::unique_ptr<Predictions> predictions;
  std::vector<std::pair<uint64_t, int64_t>> by_key;  // key, row; sorted

  Tested(const Bundle& bundle, const Store& store)
      : data(stored_dataset(store, lineage_of(bundle.card, "dataset"))),
        predictions(std::make_unique<Predictions>(
            *scored_model(store, bundle.card, *data), *data, Fold::test, 0,
            MetricScale::from_json(bundle.card.value("scale", json::object())))) {
    const uint64_t* key = data->fold_slice(Fold::test).key;
    for (int64_t i = 0; i < data->fold_rows(Fold::test); ++i) by_key.emplace_back(key[i], i);
    std::sort(by_key.begin(), by_key.end());
  }
  bool tells_rows_apart() const {
    return std::adjacent_find(by_key.begin(), by_key.end(), [](const auto& one, const auto& next) {
             return one.first == next.first;
           }) == by_key.end();
  }
};

// Rows of both with the same key, in the order of b.
struct Common {
  std::vector<int64_t> in_a, in_b;

  Common(const Tested& a, const Tested& b) {
    std::vector<std::pair<int64_t, int64_t>> pairs;
    auto other = a.by_key.begin();
    for (const auto& [key, row] : b.by_key) {
      while (other != a.by_key.end() && other->first < key) ++other;
      if (other != a.by_key.end() && other->first == key) pairs.emplace_back(row, other->second);
    }
    std::sort(pairs.begin(), pairs.end());
    for (const auto& [row_b, row_a] : pairs) {
      in_b.push_back(row_b);
      in_a.push_back(row_a);
    }
  }
};

bool same_truth(const Scored& a, const Scored& b) {
  return std::equal(a.target, a.target + a.rows, b.target);
}

bool same_weights(const Scored& a, const Scored& b) {
  for (int64_t i = 0; i < a.rows; ++i) {
    if (a.weight_of(i) != b.weight_of(i)) return false;
  }
  return true;
}

// Whose first fold alone is compared.
bool has_folds(const Bundle& bundle) {
  return bundle.card.value("evaluation", json::object()).contains("folds");
}

json compared(const Bundle& a, const Bundle& b, const Store& store) {
  if (a.signature.problem != b.signature.problem || a.signature.classes != b.signature.classes)
    return {{"reason", "they predict other things"}};
  const Tested tested_a(a, store), tested_b(b, store);
  if (!tested_a.tells_rows_apart() || !tested_b.tells_rows_apart())
    return {{"reason", "rows have no key of their own, by which they could be matched"}};
  const Common common(tested_a, tested_b);
  if (common.in_a.empty()) return {{"reason", "they were tested on other rows"}};
  const ScoredRows rows_a(tested_a.predictions->scored(), common.in_a);
  const ScoredRows rows_b(tested_b.predictions->scored(), common.in_b);
  if (!same_truth(rows_a.scored(), rows_b.scored()))
    return {{"reason", "what is true of the same rows differs"}};
  if (!same_weights(rows_a.scored(), rows_b.scored()))
    return {{"reason", "they weigh the same rows differently"}};
  const MetricKind& metric =
      Metrics::instance().get(b.card.at("metric").get<std::string>(), "metric");
  const Resampled in_a = resample({&metric}, rows_a.scored(), 0).at(metric.name);
  const Resampled in_b = resample({&metric}, rows_b.scored(), 0).at(metric.name);
  const Resampled apart = difference(in_b, in_a);
  if (!std::isfinite(apart.score)) return {{"reason", metric.name + " is not defined on them"}};
  return {{"first_fold", has_folds(a) || has_folds(b)},
          {"metric", metric.name},
          {"rows", common.in_a.size()},
          {"a", in_a.score},
          {"b", in_b.score},
          {"difference", apart.score},
          {"interval", apart.interval().json()}};
}

}  // namespace

json paired_scores(const Bundle& a, const Bundle& b, const Store& store) {
  try {
    return compared(a, b, store);
  } catch (const Error& error) {
    if (error.code() != Code::not_found) throw;
    return {{"reason", error.message()}};
  }
}

}  // namespace gristmill
