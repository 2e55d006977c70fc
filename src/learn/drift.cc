#include "learn/drift.h"

#include <algorithm>
#include <map>

#include "learn/bootstrap.h"
#include "learn/copied_rows.h"
#include "learn/learner.h"

namespace gristmill {
namespace {

constexpr int64_t rows_of_fold = 8000, max_cells = 2'000'000, least_rows = 100;
// That halves are made of, in turn: rows that stand together may be of one day or customer, whose
// values tell the fold in the other half, too, when they are dealt out row by row.
constexpr size_t stretches = 4;
constexpr double clearly = 0.55;  // what the interval must lie above
constexpr size_t max_columns = 3;
constexpr double least_share = 0.1;  // of the splits' gain, to be named

// Training and test rows of which one half trains and the other validates; the target is whether a
// row is a test row.
CopiedRows folds_to_tell(const Dataset& data, const std::vector<bool>& skip, int64_t odd) {
  CopiedRows out(data, skip);
  out.set_problem(Problem::binary, {"train", "test"});
  const FeatureLayout& layout = out.info().layout;
  const int64_t columns = std::max<int64_t>(1, layout.floats + layout.codes);
  const int64_t most = std::min(rows_of_fold, max_cells / columns);
  for (const int64_t half : {odd, 1 - odd}) {
    for (const Fold fold : {Fold::train, Fold::test}) {
      const std::vector<int64_t> rows = evenly_spaced(data.fold_rows(fold), most);
      for (size_t i = 0; i < rows.size(); ++i) {
        if (int64_t(i * stretches / rows.size()) % 2 == half)
          out.add(data.fold_begin(fold) + rows[i], fold == Fold::test);
      }
    }
    if (half == odd) out.end_training();
  }
  return out;
}

nlohmann::json most_telling(const std::map<std::string, double>& shares) {
  std::vector<std::pair<double, std::string>> sorted;
  for (const auto& [column, share] : shares) sorted.emplace_back(-share, column);
  std::sort(sorted.begin(), sorted.end());
  nlohmann::json out = nlohmann::json::array();
  for (const auto& [share, column] : sorted) {
    if (out.size() == max_columns || (!out.empty() && -share < least_share)) break;
    out.push_back({{"column", column}, {"share", -share}});
  }
  return out;
}

}  // namespace

nlohmann::json find_drift(const Dataset& data, const std::vector<bool>& skip, int threads) {
  if (std::min(data.fold_rows(Fold::train), data.fold_rows(Fold::test)) < least_rows ||
      std::find(skip.begin(), skip.end(), false) == skip.end())
    return nullptr;
  const LearnerKind& trees = Learners::instance().get("boosted-trees", "model");
  const Params params({{"trees", 20}, {"patience", 0}, {"leaves", 8}}, trees.params, "drift");
  SilentProgress progress;
  std::vector<double> target, told;
  std::map<std::string, double> shares;
  for (const int64_t odd : {0, 1}) {
    const CopiedRows rows = folds_to_tell(data, skip, odd);
    TrainContext context{.seed = 0, .threads = threads, .progress = progress};
    const auto model = trees.train(rows, params, context);
    const DatasetRows asked = rows.fold_slice(Fold::validate);
    const int64_t count = rows.fold_rows(Fold::validate);
    target.insert(target.end(), asked.target, asked.target + count);
    told.resize(target.size());
    model->predict(asked.features, told.data() + target.size() - size_t(count));
    const std::vector<double> importance = model->importance();
    for (size_t s = 0; s < importance.size(); ++s)
      shares[rows.info().layout.specs[s].source] += importance[s] / 2;
  }
  const MetricKind& auc = Metrics::instance().get("auc", "metric");
  const Resampled found =
      resample({&auc}, {int64_t(target.size()), target.data(), nullptr, told.data(), 1}, threads)
          .at("auc");
  if (!(found.interval().low > clearly)) return nullptr;
  return {{"auc", found.score},
          {"interval", found.interval().json()},
          {"columns", most_telling(shares)}};
}

}  // namespace gristmill
