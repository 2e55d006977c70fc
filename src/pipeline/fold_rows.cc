#include "pipeline/fold_rows.h"

#include <fmt/format.h>

#include "base/text.h"
#include "sketch/hash.h"

namespace gristmill {
namespace {

constexpr const char* fold_names[] = {"train", "validate", "test"};

// Apart from what the split makes of the same hash.
uint8_t cross_fold(uint64_t hash, uint64_t seed) {
  constexpr uint64_t apart = 0xb5f8ed1cf3a0cdb1;
  return uint8_t(combine64(seed ^ apart, hash) % FitBatch::folds);
}

}  // namespace

FoldRows::FoldRows(const PredictSpec& spec, const LabelStage& labels, const LabelFindings& found,
                   RowSource& source, Progress& progress)
    : spec_(spec),
      labels_(labels),
      found_(found),
      source_(source),
      progress_(progress),
      slots_(size_t(source.slots())),
      rejected_(source.schema()) {}

void FoldRows::label(const Batch& raw, int64_t first_row, FoldChunk& out) const {
  LabelledChunk& chunk = out.chunk;
  labels_.run(raw, first_row, chunk);
  labels_.fill_split_values(raw, first_row, chunk);
  out.folds.assign(size_t(raw.rows), -1);
  for (int64_t i = 0; i < raw.rows; ++i) {
    if (!get_bit(chunk.labelled.data(), i)) continue;
    out.folds[size_t(i)] = int8_t(found_.split.fold(
        int64_t(chunk.split_value[i]), spec_.split.stratify ? int(chunk.target[i]) : 0));
  }
  if (later_ != nullptr) leave_out_broken(first_row, out);
}

void FoldRows::reject_by(const RuleChain& later, size_t first_step) {
  later_ = &later;
  later_step_ = first_step;
  counts_ = {0, 0, 0};
  before_.clear();
}

void FoldRows::leave_out_broken(int64_t first_row, FoldChunk& out) const {
  LabelledChunk& chunk = out.chunk;
  const size_t begin = chunk.scratch.errors.size();
  Batch rows = chunk.rows;
  later_->apply(rows, chunk.scratch, nullptr, first_row);
  for (size_t e = begin; e < chunk.scratch.errors.size(); ++e) {
    RowError& error = chunk.scratch.errors[e];
    error.step += int(later_step_);
    if (out.folds[size_t(error.row)] < 0) continue;
    out.folds[size_t(error.row)] = -1;
    chunk.broken.push_back(e);
  }
}

Batch FoldRows::select(Fold fold, FoldChunk& out) const {
  const LabelledChunk& chunk = out.chunk;
  std::vector<uint8_t> chosen((out.folds.size() + 7) / 8, 0);
  out.target.clear();
  out.weight.clear();
  out.key.clear();
  out.cross_fold.clear();
  // By key, or by group: what the split keeps together stays together.
  const std::vector<uint64_t>& hashes = by_time() ? chunk.key : chunk.split_value;
  for (size_t i = 0; i < out.folds.size(); ++i) {
    if (out.folds[i] != int8_t(fold)) continue;
    set_bit(chosen.data(), int64_t(i));
    out.target.push_back(chunk.target[i]);
    if (!chunk.weight.empty()) out.weight.push_back(chunk.weight[i]);
    if (!chunk.key.empty()) out.key.push_back(chunk.key[i]);
    if (crossed_) out.cross_fold.push_back(cross_fold(hashes[i], spec_.seed));
  }
  out.rows.reset(labels_.rules().output());
  out.rows.append_selected(chunk.rows, chosen.data());
  return out.rows.view();
}

void FoldRows::gather_rejected(const Batch& raw, int64_t first_row, FoldChunk& out) const {
  out.rejected = Quarantine(source_.schema());
  for (const size_t e : out.chunk.broken) {
    const RowError& error = out.chunk.scratch.errors[e];
    if (later_ != nullptr && error.step >= int(later_step_))
      out.rejected.add(raw, first_row, error);
  }
}

// How many rows of each fold lie in each chunk, so that chunks can be encoded side by side.
void FoldRows::count(const FoldChunk& chunk) {
  before_.push_back(counts_);
  rejected_.merge(chunk.rejected);
  const bool classes = found_.classes.problem != Problem::regression;
  for (size_t i = 0; i < chunk.folds.size(); ++i) {
    if (chunk.folds[i] < 0) continue;
    ++counts_[size_t(chunk.folds[i])];
    if (!classes) continue;
    std::vector<int64_t>& rows = class_rows_[size_t(chunk.folds[i])];
    rows.resize(std::max<size_t>(found_.classes.classes.size(), 2));
    ++rows[size_t(chunk.chunk.target[i])];
  }
}

std::vector<std::string> FoldRows::class_warnings() const {
  const auto rows_of = [&](Fold fold, size_t number) {
    const std::vector<int64_t>& rows = class_rows_[size_t(fold)];
    return number < rows.size() ? rows[number] : 0;
  };
  constexpr size_t most_named = 3;
  std::vector<std::string> unseen;
  int64_t validate = 0, test = 0;
  for (size_t c = 0; c < found_.classes.classes.size(); ++c) {
    if (rows_of(Fold::train, c) > 0) continue;
    unseen.push_back(excerpt(found_.classes.classes[c]));
    validate += rows_of(Fold::validate, c);
    test += rows_of(Fold::test, c);
  }
  if (unseen.empty()) return {};
  const size_t more = unseen.size() - std::min(unseen.size(), most_named);
  if (more > 0) unseen.resize(most_named);
  return {
      fmt::format("no training row of {} is {}{}, but {} to validate and {} to test are: no "
                  "model can learn {}",
                  spec_.name, fmt::join(unseen, " or "),
                  more > 0 ? fmt::format(" or one of {} more classes", more) : "", validate, test,
                  unseen.size() > 1 ? "them" : "it")};
}

void FoldRows::check_counts() const {
  const size_t asked = spec_.split.number == SplitSpec::all_rows ? 1 : 3;
  for (size_t fold = 0; fold < asked; ++fold) {
    if (counts_[fold] > 0) continue;
    throw Error(Code::invalid,
                fmt::format("the split of {} leaves no row to {}", spec_.name, fold_names[fold]),
                spec_.place("split"),
                spec_.split.by == SplitSpec::By::group
                    ? "a group lies in one part whole, and there are few: split by something finer"
                : spec_.split.folds > 0 ? "ask for fewer `folds`"
                                        : "move its boundaries, or give shares such as 15%");
  }
}

TrainingPass FoldRows::training_pass() {
  TrainingPass pass;
  pass.slots = int64_t(slots_.size());
  pass.run = [this](const RuleChain& rules, const TrainingPass::Observe& observe,
                    const TrainingPass::Merge& merge) {
    const bool first = before_.empty();
    progress_.begin(fmt::format("{}: fitting", spec_.name), found_.read, "rows");
    source_.pass(
        [&](const Batch& raw, int64_t first_row, int64_t, int64_t slot) {
          FoldChunk& at = slots_[size_t(slot)];
          label(raw, first_row, at);
          if (crossed_ && by_time()) labels_.fill_keys(raw, at.chunk);
          if (first) gather_rejected(raw, first_row, at);
          Batch train = select(Fold::train, at);
          rules.apply(train, at.chunk.scratch, nullptr, 0);
          observe({.rows = train,
                   .first_row = first_row,
                   .target = at.target.data(),
                   .weight = at.weight.empty() ? nullptr : at.weight.data(),
                   .fold = crossed_ ? at.cross_fold.data() : nullptr},
                  slot);
        },
        [&](int64_t, int64_t slot) {
          if (first) count(slots_[size_t(slot)]);
          merge(slot);
        },
        progress_);
    progress_.end();
    if (first) check_counts();
  };
  return pass;
}

}  // namespace gristmill
