// bench_linear ROWS INDICES TARGET: makes ROWS rows of 100 categories of 20 values each, and a
// tenth as many to validate; trains `linear` on them with the default penalty. Writes for others
// the place of each value's weight (int32, [rows of both][100]) and the targets (u8). Prints
// seconds and the log loss on the rows to validate.
#include <chrono>
#include <cmath>

#include <fmt/format.h>

#include "base/file_system.h"
#include "base/thread_pool.h"
#include "learn/evaluate.h"
#include "learn/learner.h"
#include "sketch/hash.h"

namespace gristmill {
namespace {

constexpr int64_t columns = 100, levels = 20;

double weight_of(int64_t column, int32_t level) {
  return double(combine64(uint64_t(column), uint64_t(level)) >> 11) * 0x1p-53 - 0.5;
}

// Rows in memory, the last of them to validate.
class MadeRows : public Dataset {
 public:
  MadeRows(int64_t train, int64_t validate) : train_(train), validate_(validate) {
    std::vector<TensorSpec> specs;
    for (int64_t c = 0; c < columns; ++c) {
      const std::string name = fmt::format("c{}", c);
      specs.push_back({name, TensorKind::code, std::vector<std::string>(size_t(levels)), name});
    }
    info_ = {.layout = FeatureLayout(std::move(specs)),
             .problem = Problem::binary,
             .classes = {"no", "yes"}};
    codes_.resize(size_t(rows() * columns));
    target_.resize(size_t(rows()));
    ThreadPool pool(0);
    pool.for_each((rows() + chunk - 1) / chunk, [&](int64_t part) {
      for (int64_t i = part * chunk; i < std::min(rows(), (part + 1) * chunk); ++i) make(i);
    });
  }

  const DatasetInfo& info() const override { return info_; }
  int64_t rows() const override { return train_ + validate_; }
  DatasetRows slice(int64_t begin, int64_t count) const override {
    DatasetRows out;
    if (count == 0) return out;
    out.features = {count, nullptr, 0, const_cast<int32_t*>(codes_.data()) + begin * columns,
                    columns};
    out.target = target_.data() + begin;
    return out;
  }
  int64_t fold_begin(Fold fold) const override {
    return fold == Fold::train ? 0 : fold == Fold::validate ? train_ : rows();
  }
  int64_t fold_rows(Fold fold) const override {
    return fold == Fold::train ? train_ : fold == Fold::validate ? validate_ : 0;
  }

  void write(const fs::path& indices, const fs::path& targets) const {
    FileWriter index_file(indices), target_file(targets);
    std::vector<int32_t> index;
    for (int64_t i = 0; i < rows(); ++i) {
      index.clear();
      for (int64_t c = 0; c < columns; ++c)
        index.push_back(int32_t(c * levels + codes_[size_t(i * columns + c)]));
      index_file.write({reinterpret_cast<const char*>(index.data()), index.size() * 4});
      const char positive = target_[size_t(i)] > 0 ? 1 : 0;
      target_file.write({&positive, 1});
    }
    index_file.finish();
    target_file.finish();
  }

 private:
  static constexpr int64_t chunk = 65536;

  void make(int64_t row) {
    double score = 0;
    for (int64_t c = 0; c < columns; ++c) {
      const auto level = int32_t(combine64(uint64_t(row) + 1000, uint64_t(c)) % levels);
      codes_[size_t(row * columns + c)] = level;
      score += weight_of(c, level);
    }
    const double chance = double(mix64(uint64_t(row) + 77) >> 11) * 0x1p-53;
    target_[size_t(row)] = chance < 1 / (1 + std::exp(-score));
  }

  int64_t train_, validate_;
  DatasetInfo info_;
  std::vector<int32_t> codes_;
  std::vector<double> target_;
};

int run(const std::vector<std::string>& args) {
  const int64_t rows = std::stoll(args.at(1));
  const MadeRows data(rows, rows / 10);
  data.write(args.at(2), args.at(3));
  const LearnerKind& linear = Learners::instance().get("linear", "model");
  SilentProgress progress;
  TrainContext context{.seed = 0, .threads = 0, .progress = progress};
  const auto start = std::chrono::steady_clock::now();
  const auto model = linear.train(data, Params({{"l2", 1}}, linear.params, "linear"), context);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const double loss = evaluate(*model, data, Fold::validate, 0).at("log_loss");
  fmt::print("{{\"seconds\": {}, \"log_loss\": {}}}\n", took.count(), loss);
  return 0;
}

}  // namespace
}  // namespace gristmill

int main(int argc, char** argv) { return gristmill::run({argv, argv + argc}); }
