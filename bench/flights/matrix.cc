// matrix DIR: the project's sources → joined → dense float32 matrix in memory, as the linear model
// wants it (missing filled and told, scaled, one-hot). Prints one JSON line of seconds.
#include <sys/mman.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>

#include <fmt/format.h>

#include "feature/featurizer.h"
#include "learn/learner.h"
#include "pipeline/project.h"
#include "pipeline/row_source.h"
#include "table/engine.h"
#include "tensor/export.h"

namespace gristmill {
namespace {

constexpr int64_t block_rows = 1024;

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string select_inputs(const Project& project, const PredictSpec& spec) {
  std::string columns;
  for (const std::string& name : spec.inputs)
    columns += (columns.empty() ? "" : ", ") + quote_name(name);
  return fmt::format("SELECT {} FROM ({})", columns, project.tables.at(spec.from).sql);
}

// All rows of a source, fitted and encoded, each chunk on any thread.
class Encoding {
 public:
  Encoding(RowSource& rows, const std::vector<FeatureChoice>& choices, const Wants& wants)
      : rows_(rows), fit_(rows.schema(), choices, wants, "") {}

  void fit(Progress& progress) {
    std::vector<std::unique_ptr<FeaturizerFit>> slots(size_t(rows_.slots()));
    do {
      rows_.pass(
          [&](const Batch& batch, int64_t, int64_t, int64_t slot) {
            slots[size_t(slot)] = fit_.clone_empty();
            slots[size_t(slot)]->observe({batch});
          },
          [&](int64_t, int64_t slot) { fit_.merge(std::move(*slots[size_t(slot)])); }, progress);
    } while (fit_.next_pass());
    featurizer_ = fit_.freeze(nullptr);
  }

  void encode(int64_t row_count, Progress& progress) {
    const FeatureLayout& layout = featurizer_.layout();
    width_ = layout.dense_width();
    bytes_ = size_t(row_count * width_) * sizeof(float);
    void* mapped =
        ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) throw Error(Code::exhausted, "no memory for the matrix");
    matrix_ = static_cast<float*>(mapped);
    std::vector<FeatureBuffer> buffers(size_t(rows_.slots()));
    std::vector<Scratch> scratch(size_t(rows_.slots()));
    rows_.pass(
        [&](const Batch& batch, int64_t first_row, int64_t, int64_t slot) {
          // In blocks that stay in cache between the two steps.
          for (int64_t begin = 0; begin < batch.rows; begin += block_rows) {
            const Batch block = slice(batch, begin, std::min(block_rows, batch.rows - begin));
            const FeatureRows rows = buffers[size_t(slot)].resize(layout, block.rows);
            featurizer_.encode(block, rows, scratch[size_t(slot)]);
            float* first = matrix_ + (first_row + begin) * width_;
            for (int64_t i = 0; i < block.rows; ++i)
              expand_dense(layout, rows, i, first + i * width_);
          }
        },
        [](int64_t, int64_t) {}, progress);
  }

  // Reads the whole matrix: what was promised is there.
  double sum(int64_t row_count) const {
    double total = 0;
    for (int64_t i = 0; i < row_count * width_; ++i) total += double(matrix_[i]);
    return total;
  }
  int64_t width() const { return width_; }

 private:
  RowSource& rows_;
  FeaturizerFit fit_;
  Featurizer featurizer_;
  float* matrix_ = nullptr;
  int64_t width_ = 0;
  size_t bytes_ = 0;
};

void run(const fs::path& dir) {
  const Project project = Project::read(dir, {});
  const PredictSpec& spec = project.predicts.front();
  SilentProgress progress;
  const auto start = Clock::now();
  ScratchDir temp;
  Engine engine({.temp_dir = temp.path()});
  for (const SourceSpec& source : project.sources) {
    for (const SourceTable& table : make_source(source)->open(engine))
      engine.define(table.schema, table.name, table.relation);
  }
  const double open = seconds_since(start);
  ThreadPool pool;
  const std::string sql = select_inputs(project, spec);
  RowSource rows(engine.describe(sql), [&] { return engine.query(sql); }, int64_t(4) << 30, pool);
  std::atomic<int64_t> row_count = 0;
  rows.pass([&](const Batch& batch, int64_t, int64_t, int64_t) { row_count += batch.rows; },
            [](int64_t, int64_t) {}, progress);
  const double read = seconds_since(start);
  const auto encoding_start = Clock::now();
  std::vector<FeatureChoice> choices;
  for (const std::string& name : spec.inputs) choices.push_back({.column = name});
  Encoding encoding(rows, choices, Learners::instance().get("linear", "model").wants);
  encoding.fit(progress);
  encoding.encode(row_count, progress);
  const double encode = seconds_since(encoding_start);
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  fmt::print(
      "{{\"open\": {:.4f}, \"read\": {:.4f}, \"encode\": {:.4f}, \"total\": {:.4f}, \"rows\": {}, "
      "\"columns\": {}, "
      "\"sum\": {:.6g}, \"rss_mb\": {}}}\n",
      open, read, encode, read + encode, row_count.load(), encoding.width(),
      encoding.sum(row_count), usage.ru_maxrss / 1024);
}

}  // namespace
}  // namespace gristmill

int main(int, char** argv) {
  try {
    gristmill::run(argv[1]);
    return 0;
  } catch (const gristmill::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
