#include "cli/background.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/console.h"
#include "cli/row_input.h"
#include "sketch/hash.h"

namespace gristmill {
namespace {

// Of all rows added those `most` whose positions hash lowest, in their order: a sample that is the
// same however the rows come in batches.
class RowSample {
 public:
  RowSample(const Schema& schema, int64_t most) : most_(size_t(most)), rows_(schema) {}

  void add(const Batch& batch) {
    for (int64_t i = 0; i < batch.rows; ++i, ++seen_) {
      const uint64_t hash = mix64(uint64_t(seen_) + 1);
      if (hash > highest_) continue;
      rows_.append(batch, i, 1);
      positions_.push_back(seen_);
      if (positions_.size() >= 4 * most_) thin();
    }
  }
  void finish() {
    if (positions_.size() > most_) thin();
  }

  Batch view() const { return rows_.view(); }
  int64_t seen() const { return seen_; }
  int64_t position(int64_t row) const { return positions_[size_t(row)]; }

 private:
  void thin() {
    std::vector<uint64_t> hashes;
    for (int64_t position : positions_) hashes.push_back(mix64(uint64_t(position) + 1));
    std::nth_element(hashes.begin(), hashes.begin() + int64_t(most_) - 1, hashes.end());
    highest_ = hashes[most_ - 1];
    BatchBuffer kept(rows_.schema());
    std::vector<int64_t> positions;
    for (size_t i = 0; i < positions_.size(); ++i) {
      if (mix64(uint64_t(positions_[i]) + 1) > highest_) continue;
      kept.append(rows_.view(), int64_t(i), 1);
      positions.push_back(positions_[i]);
    }
    rows_ = std::move(kept);
    positions_ = std::move(positions);
  }

  size_t most_;
  BatchBuffer rows_;
  std::vector<int64_t> positions_;
  int64_t seen_ = 0;
  uint64_t highest_ = UINT64_MAX;  // of the hashes of those to keep
};

}  // namespace

std::unique_ptr<ColumnExplainer> explain_against(const Predictor& predictor,
                                                 const std::string& file, char decimal,
                                                 Progress& progress) {
  const Signature& signature = predictor.bundle().signature;
  const Expected expected = signature.expected();
  RowSample sample(expected.schema, background_rows_max);
  told_at({.file = file}, [&] {
    RowInput input(file);
    const auto rows = input.read(expected, signature.null_texts, decimal, nullptr);
    Batch batch;
    while (rows->next(batch)) sample.add(batch);
  });
  sample.finish();
  if (sample.seen() == 0)
    throw Error(Code::invalid, fmt::format("the background {} has no rows", file));
  Predictor::Workspace workspace;
  Answers answers;
  predictor.predict(sample.view(), workspace, answers);
  if (!answers.errors.empty()) {
    const RowError& error = answers.errors[0];
    throw Error(Code::invalid, error.message,
                {.file = file, .field = error.field, .row = sample.position(error.row)},
                "leave the row out of the background, or mend it");
  }
  progress.note(sample.seen() > background_rows_max
                    ? fmt::format("explained against {} of the {} rows of {}", background_rows_max,
                                  grouped(sample.seen()), file)
                    : fmt::format("explained against the {} rows of {}", sample.seen(), file));
  return std::make_unique<ColumnExplainer>(predictor.shared_bundle(), &workspace.encoded);
}

}  // namespace gristmill
