#include "learn/drift.h"

#include <algorithm>
#include <map>

#include "learn/bootstrap.h"
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
class FoldsToTell : public Dataset {
 public:
  FoldsToTell(const Dataset& data, const std::vector<bool>& skip, int64_t odd) : data_(data) {
    std::vector<TensorSpec> specs;
    for (size_t s = 0; s < skip.size(); ++s) {
      if (skip[s]) continue;
      kept_.push_back(s);
      specs.push_back(data.info().layout.specs[s]);
    }
    info_ = {.layout = FeatureLayout(std::move(specs)),
             .problem = Problem::binary,
             .classes = {"train", "test"}};
    const int64_t columns = std::max<int64_t>(1, info_.layout.floats + info_.layout.codes);
    const int64_t most = std::min(rows_of_fold, max_cells / columns);
    for (const int64_t half : {odd, 1 - odd}) {
      for (const Fold fold : {Fold::train, Fold::test}) {
        const std::vector<int64_t> rows = evenly_spaced(data.fold_rows(fold), most);
        for (size_t i = 0; i < rows.size(); ++i) {
          if (int64_t(i * stretches / rows.size()) % 2 == half) add(fold, rows[i]);
        }
      }
      if (half == odd) training_ = int64_t(target_.size());
    }
  }

  const DatasetInfo& info() const override { return info_; }
  int64_t rows() const override { return int64_t(target_.size()); }
  DatasetRows slice(int64_t begin, int64_t count) const override {
    const FeatureLayout& layout = info_.layout;
    DatasetRows out;
    out.features = {count, const_cast<float*>(floats_.data()) + begin * layout.floats,
                    layout.floats, const_cast<int32_t*>(codes_.data()) + begin * layout.codes,
                    layout.codes};
    out.target = target_.data() + begin;
    return out;
  }
  int64_t fold_begin(Fold fold) const override {
    return fold == Fold::train ? 0 : fold == Fold::validate ? training_ : rows();
  }
  int64_t fold_rows(Fold fold) const override {
    return (fold == Fold::train ? training_ : rows()) - fold_begin(fold);
  }

 private:
  void add(Fold fold, int64_t row) {
    const FeatureLayout& from = data_.info().layout;
    const FeatureRows features = data_.slice(data_.fold_begin(fold) + row, 1).features;
    for (const size_t s : kept_) {
      const float* floats = features.floats + from.at[s];
      if (from.specs[s].kind == TensorKind::code) {
        codes_.push_back(features.codes[from.at[s]]);
      } else {
        floats_.insert(floats_.end(), floats, floats + from.specs[s].width());
      }
    }
    target_.push_back(fold == Fold::test);
  }

  const Dataset& data_;
  std::vector<size_t> kept_;  // specs of `data`
  DatasetInfo info_;
  std::vector<float> floats_;
  std::vector<int32_t> codes_;
  std::vector<double> target_;
  int64_t training_ = 0;
};

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
    const FoldsToTell rows(data, skip, odd);
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
