#include "pipeline/fit_dataset.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "pipeline/feature_choices.h"
#include "pipeline/fit_rules.h"
#include "pipeline/label_pass.h"

namespace gristmill {
namespace {

constexpr const char* fold_names[] = {"train", "validate", "test"};

// Labelled rows of one fold, compacted.
struct FoldRows {
  BatchBuffer rows;
  std::vector<uint8_t> chosen;
  std::vector<double> target, weight;
  std::vector<uint64_t> key;  // only where the chunk has keys
};

// What one chunk needs while it is worked on.
struct Slot {
  LabelledChunk chunk;
  std::vector<int8_t> folds;  // of each row; -1: in none
  FoldRows selected;
  std::vector<RuleReport> reports;
  std::unique_ptr<FeaturizerFit> features;
};

// All the work on one prediction's table, pass by pass.
class Fitter {
 public:
  Fitter(const FitRequest& request, RowSource& rows, Progress& progress)
      : request_(request),
        spec_(request.spec),
        source_(rows),
        progress_(progress),
        labels_(request.spec, request.rules, rows.schema(), request.maker),
        slots_(size_t(rows.slots())),
        later_(labels_.rules().output(), {}) {}

  FitResult run() {
    found_ = find_labels(spec_, labels_, source_, progress_);
    result_.passes = 1;
    result_.passes += fit_rules(labels_.later_rules(), request_.maker, training_pass(), later_);
    fit_features();
    encode();
    finish();
    return std::move(result_);
  }

 private:
  TrainingPass training_pass();
  void fit_features();
  void encode();
  void encode_chunk(const Batch& raw, int64_t first_row, int64_t index, Slot& slot,
                    DatasetWriter& writer) const;
  void finish();
  // Labels the rows of a chunk and finds their folds.
  void label(const Batch& raw, int64_t first_row, Slot& slot) const;
  // The rows of `fold` out of a labelled chunk; target, weight and key beside them.
  Batch select(Slot& slot, Fold fold) const;
  void count(const Slot& slot);
  void check_counts() const;

  const FitRequest& request_;
  const PredictSpec& spec_;
  RowSource& source_;
  Progress& progress_;
  LabelStage labels_;
  std::vector<Slot> slots_;
  RuleChain later_;  // over labels_.rules().output()
  LabelFindings found_;
  std::vector<RuleReport> later_reports_;
  std::vector<std::array<int64_t, 3>> fold_at_;  // of each chunk: its first row in each fold
  FitResult result_;
};

void Fitter::label(const Batch& raw, int64_t first_row, Slot& slot) const {
  LabelledChunk& chunk = slot.chunk;
  labels_.run(raw, first_row, chunk);
  labels_.fill_split_values(raw, first_row, chunk);
  slot.folds.assign(size_t(raw.rows), -1);
  for (int64_t i = 0; i < raw.rows; ++i) {
    if (!get_bit(chunk.labelled.data(), i)) continue;
    slot.folds[size_t(i)] = int8_t(found_.split.fold(
        int64_t(chunk.split_value[i]), spec_.split.stratify ? int(chunk.target[i]) : 0));
  }
}

Batch Fitter::select(Slot& slot, Fold fold) const {
  const LabelledChunk& chunk = slot.chunk;
  FoldRows& out = slot.selected;
  out.chosen.assign((slot.folds.size() + 7) / 8, 0);
  out.target.clear();
  out.weight.clear();
  out.key.clear();
  for (size_t i = 0; i < slot.folds.size(); ++i) {
    if (slot.folds[i] != int8_t(fold)) continue;
    set_bit(out.chosen.data(), int64_t(i));
    out.target.push_back(chunk.target[i]);
    if (!chunk.weight.empty()) out.weight.push_back(chunk.weight[i]);
    if (!chunk.key.empty()) out.key.push_back(chunk.key[i]);
  }
  out.rows.reset(labels_.rules().output());
  out.rows.append_selected(chunk.rows, out.chosen.data());
  return out.rows.view();
}

// How many rows of each fold lie in each chunk, so that chunks can be encoded side by side.
void Fitter::count(const Slot& slot) {
  fold_at_.push_back({result_.fold_rows[0], result_.fold_rows[1], result_.fold_rows[2]});
  for (const int8_t fold : slot.folds) {
    if (fold >= 0) ++result_.fold_rows[size_t(fold)];
  }
}

void Fitter::check_counts() const {
  for (int fold = 0; fold < 3; ++fold) {
    if (result_.fold_rows[fold] > 0) continue;
    throw Error(Code::invalid,
                fmt::format("the split of {} leaves no row to {}", spec_.name, fold_names[fold]),
                spec_.place("split"), "move its boundaries, or give shares such as 15%");
  }
}

TrainingPass Fitter::training_pass() {
  TrainingPass pass;
  pass.slots = int64_t(slots_.size());
  pass.run = [this](const RuleChain& rules, const TrainingPass::Observe& observe,
                    const TrainingPass::Merge& merge) {
    const bool first = fold_at_.empty();
    progress_.begin(fmt::format("{}: fitting", spec_.name), found_.read, "rows");
    source_.pass(
        [&](const Batch& raw, int64_t first_row, int64_t, int64_t at) {
          Slot& slot = slots_[size_t(at)];
          label(raw, first_row, slot);
          Batch rows = select(slot, Fold::train);
          rules.apply(rows, slot.chunk.scratch, nullptr, 0);
          const FoldRows& train = slot.selected;
          observe({.rows = rows,
                   .first_row = first_row,
                   .target = train.target.data(),
                   .weight = train.weight.empty() ? nullptr : train.weight.data()},
                  at);
        },
        [&](int64_t, int64_t at) {
          if (first) count(slots_[size_t(at)]);
          merge(at);
        },
        progress_);
    progress_.end();
    if (first) check_counts();
  };
  return pass;
}

void Fitter::fit_features() {
  // One chain over the table's own columns, to follow columns back through all rules.
  std::vector<RuleChain::Step> steps;
  for (const RuleChain* chain : {&labels_.rules(), &std::as_const(later_)}) {
    for (const auto& step : chain->steps())
      steps.push_back(
          {step.kind, Rules::instance().get(step.kind, "rule").load(step.rule->save())});
  }
  result_.rules = RuleChain(source_.schema(), std::move(steps));
  FeaturizerFit fit(later_.output(),
                    feature_choices(spec_, result_.rules.output(), labels_.forbidden(result_.rules),
                                    result_.left_out),
                    request_.wants, spec_.time);
  const TrainingPass pass = training_pass();
  do {
    pass.run(
        later_,
        [&](const FitBatch& rows, int64_t at) {
          slots_[size_t(at)].features = fit.clone_empty();
          slots_[size_t(at)].features->observe(rows.rows);
        },
        [&](int64_t at) { fit.merge(std::move(*slots_[size_t(at)].features)); });
    ++result_.passes;
  } while (fit.next_pass());
  result_.featurizer = fit.freeze(&result_.left_out);
  if (result_.featurizer.layout().specs.empty()) {
    throw Error(Code::invalid, fmt::format("no column of {} is left to be a feature", spec_.from),
                spec_.where,
                result_.left_out.empty()
                    ? ""
                    : fmt::format("for example {}: {}", result_.left_out[0].column,
                                  result_.left_out[0].reason));
  }
}

void Fitter::encode() {
  const DatasetInfo info{.layout = result_.featurizer.layout(),
                         .problem = found_.classes.problem,
                         .classes = found_.classes.classes,
                         .weighted = !spec_.weight.empty()};
  const auto writer = DatasetWriter::create(request_.dataset_path, info, result_.fold_rows);
  later_reports_.resize(later_.steps().size());
  progress_.begin(fmt::format("{}: encoding", spec_.name), found_.read, "rows");
  source_.pass(
      [&](const Batch& raw, int64_t first_row, int64_t index, int64_t at) {
        encode_chunk(raw, first_row, index, slots_[size_t(at)], *writer);
      },
      [&](int64_t, int64_t at) {
        for (size_t i = 0; i < later_reports_.size(); ++i)
          later_reports_[i].merge(slots_[size_t(at)].reports[i]);
      },
      progress_);
  progress_.end();
  ++result_.passes;
  result_.dataset = writer->finish();
}

void Fitter::encode_chunk(const Batch& raw, int64_t first_row, int64_t index, Slot& slot,
                          DatasetWriter& writer) const {
  label(raw, first_row, slot);
  labels_.fill_keys(raw, slot.chunk);
  slot.reports.assign(later_.steps().size(), RuleReport{});
  for (int f = 0; f < 3; ++f) {
    Batch rows = select(slot, Fold(f));
    if (rows.rows == 0) continue;
    later_.apply(rows, slot.chunk.scratch, &slot.reports, first_row);
    const DatasetWriter::Part part =
        writer.part(Fold(f), fold_at_[size_t(index)][size_t(f)], rows.rows);
    result_.featurizer.encode(rows, part.features, slot.chunk.scratch);
    const FoldRows& fold = slot.selected;
    std::copy(fold.target.begin(), fold.target.end(), part.target);
    if (part.weight != nullptr) std::copy(fold.weight.begin(), fold.weight.end(), part.weight);
    std::copy(fold.key.begin(), fold.key.end(), part.key);
  }
}

void Fitter::finish() {
  result_.read = found_.read;
  result_.dropped = found_.dropped;
  result_.broken = found_.broken;
  result_.no_target = found_.no_target;
  result_.in_gap =
      found_.labelled() - result_.fold_rows[0] - result_.fold_rows[1] - result_.fold_rows[2];
  result_.broken_examples = found_.broken_examples;
  result_.split = found_.split;
  std::vector<RuleReport> reports = std::move(found_.reports);
  reports.insert(reports.end(), later_reports_.begin(), later_reports_.end());
  size_t at = 0;
  for (const auto* specs :
       {&labels_.cell_rules(), &labels_.filter_rules(), &labels_.later_rules()}) {
    for (const RuleSpec& rule : *specs)
      result_.outcomes.push_back({rule.kind, rule.params, reports[at++]});
  }
  result_.signature.fields = found_.facts.fields(spec_.key);
  result_.signature.problem = found_.classes.problem;
  result_.signature.classes = found_.classes.classes;
  result_.signature.boolean_target = found_.classes.boolean_target;
  result_.signature.target = spec_.target;
}

}  // namespace

nlohmann::json FitResult::facts() const {
  nlohmann::json rules = nlohmann::json::array();
  for (const RuleOutcome& outcome : outcomes) {
    rules.push_back(
        {{"kind", outcome.kind}, {"params", outcome.params}, {"report", outcome.report.json()}});
  }
  nlohmann::json out = nlohmann::json::array();
  for (const auto& column : left_out)
    out.push_back({{"column", column.column}, {"reason", column.reason}});
  nlohmann::json broken_rows = nlohmann::json::array();
  for (const RowError& error : broken_examples) {
    broken_rows.push_back({{"row", error.row}, {"field", error.field}, {"message", error.message}});
  }
  return {{"rows",
           {{"read", read},
            {"dropped", dropped},
            {"broken", broken},
            {"no_target", no_target},
            {"in_gap", in_gap},
            {"train", fold_rows[0]},
            {"validate", fold_rows[1]},
            {"test", fold_rows[2]}}},
          {"split", split.json()},
          {"rules", rules},
          {"left_out", out},
          {"broken", broken_rows},
          {"passes", passes},
          {"layout", featurizer.layout().json()}};
}

FitResult fit_dataset(const FitRequest& request, RowSource& rows, Progress& progress) {
  return Fitter(request, rows, progress).run();
}

}  // namespace gristmill
