#include "pipeline/fit_dataset.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "pipeline/feature_choices.h"
#include "pipeline/fold_rows.h"
#include "pipeline/rule_steps.h"

namespace gristmill {
namespace {

constexpr size_t max_broken_shown = 5;

// What one chunk needs while it is worked on.
struct Slot {
  std::vector<RuleReport> reports;
  std::unique_ptr<FeaturizerFit> features;
  BatchBuffer sliced;
};

// Rules that are fitted have an answer for every row.
bool may_break(const std::vector<RuleSpec>& rules) {
  return std::any_of(rules.begin(), rules.end(), [](const RuleSpec& rule) {
    return !Rules::instance().get(rule.kind, "rule").is_fitted(rule.params);
  });
}

// All the work on one prediction's table, pass by pass.
class Fitter {
 public:
  Fitter(const FitRequest& request, RowSource& rows, Progress& progress)
      : request_(request),
        spec_(request.spec),
        source_(rows),
        progress_(progress),
        labels_(request.spec, request.rules, rows.schema(), request.maker),
        folds_(spec_, labels_, found_, rows, progress),
        slots_(size_t(rows.slots())),
        later_(labels_.rules().output(), {}) {}

  FitResult run() {
    found_ = find_labels(spec_, labels_, source_, progress_);
    result_.passes = 1;
    result_.passes +=
        fit_rules(labels_.later_rules(), labels_.maker(), folds_.training_pass(), later_);
    if (may_break(labels_.later_rules()))
      folds_.reject_by(later_, labels_.cell_rules().size() + labels_.filter_rules().size());
    fit_features();
    encode();
    finish();
    return std::move(result_);
  }

 private:
  void fit_features();
  void encode();
  void encode_chunk(const Batch& raw, int64_t first_row, int64_t index, int64_t slot,
                    DatasetWriter& writer);
  void finish();
  void warn_of_emptied();

  const FitRequest& request_;
  const PredictSpec& spec_;
  RowSource& source_;
  Progress& progress_;
  LabelStage labels_;
  LabelFindings found_;
  FoldRows folds_;
  std::vector<Slot> slots_;
  RuleChain later_;  // over labels_.rules().output()
  std::vector<RuleReport> later_reports_;
  SliceRows slice_rows_;
  BatchBuffer sliced_;  // the columns that are encoded, of the test rows looked at
  FitResult result_;
};

void Fitter::fit_features() {
  // One chain over the table's own columns, to follow columns back through all rules.
  std::vector<RuleChain::Step> steps;
  for (const RuleChain* chain : {&labels_.rules(), &std::as_const(later_)}) {
    for (const auto& step : chain->steps())
      steps.push_back(
          {step.kind, Rules::instance().get(step.kind, "rule").load(step.rule->save())});
  }
  result_.rules = RuleChain(source_.schema(), std::move(steps));
  const std::vector<FeatureChoice> choices = feature_choices(
      spec_, result_.rules.output(), labels_.forbidden(result_.rules), result_.left_out);
  FeaturizerFit fit =
      start_features(spec_, later_.output(), choices, request_.wants, found_.classes.info());
  if (fit.needs_target()) folds_.use_cross_folds();
  const TrainingPass pass = folds_.training_pass();
  do {
    pass.run(
        later_,
        [&](const FitBatch& rows, int64_t at) {
          slots_[size_t(at)].features = fit.clone_empty();
          slots_[size_t(at)].features->observe(rows);
        },
        [&](int64_t at) { fit.merge(std::move(*slots_[size_t(at)].features)); });
    ++result_.passes;
  } while (fit.next_pass());
  result_.featurizer = fit.freeze(&result_.left_out, &result_.chosen);
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
  std::copy(folds_.counts().begin(), folds_.counts().end(), result_.fold_rows);
  const auto writer = DatasetWriter::create(request_.dataset_path, info, result_.fold_rows);
  later_reports_.resize(later_.steps().size());
  Schema sliced;
  for (const std::string& name : result_.featurizer.reads())
    sliced.add(later_.output()[later_.output().index_of(name, "features")]);
  slice_rows_ = SliceRows(result_.fold_rows[int(Fold::test)], sliced.size());
  sliced_.reset(sliced);
  progress_.begin(fmt::format("{}: encoding", spec_.name), found_.read, "rows");
  source_.pass([&](const Batch& raw, int64_t first_row, int64_t index,
                   int64_t at) { encode_chunk(raw, first_row, index, at, *writer); },
               [&](int64_t, int64_t at) {
                 for (size_t i = 0; i < later_reports_.size(); ++i)
                   later_reports_[i].merge(slots_[size_t(at)].reports[i]);
                 const Batch sliced = slots_[size_t(at)].sliced.view();
                 sliced_.append(sliced, 0, sliced.rows);
               },
               progress_);
  progress_.end();
  ++result_.passes;
  result_.dataset = writer->finish();
  result_.slices = cut_slices(sliced_.view());
}

void Fitter::encode_chunk(const Batch& raw, int64_t first_row, int64_t index, int64_t slot,
                          DatasetWriter& writer) {
  FoldChunk& fold = folds_.at(slot);
  folds_.label(raw, first_row, fold);
  labels_.fill_keys(raw, fold.chunk);
  std::vector<RuleReport>& reports = slots_[size_t(slot)].reports;
  reports.assign(later_.steps().size(), RuleReport{});
  slots_[size_t(slot)].sliced.reset(sliced_.schema());
  for (int f = 0; f < 3; ++f) {
    Batch rows = folds_.select(Fold(f), fold);
    if (rows.rows == 0) continue;
    later_.apply(rows, fold.chunk.scratch, &reports, first_row);
    if (f == int(Fold::test))
      slice_rows_.pick(rows, folds_.rows_before(index, Fold(f)), slots_[size_t(slot)].sliced);
    const DatasetWriter::Part part =
        writer.part(Fold(f), folds_.rows_before(index, Fold(f)), rows.rows);
    if (f == int(Fold::train)) {
      result_.featurizer.encode_training(rows, fold.cross_fold.data(), part.features,
                                         fold.chunk.scratch);
    } else {
      result_.featurizer.encode(rows, part.features, fold.chunk.scratch);
    }
    std::copy(fold.target.begin(), fold.target.end(), part.target);
    if (part.weight != nullptr) std::copy(fold.weight.begin(), fold.weight.end(), part.weight);
    std::copy(fold.key.begin(), fold.key.end(), part.key);
  }
}

void Fitter::finish() {
  const int64_t labelled = found_.labelled() - folds_.rejected().rows();
  result_.read = found_.read;
  result_.dropped = found_.dropped;
  result_.no_target = found_.no_target;
  result_.steps = labels_.steps();
  result_.quarantine = std::move(found_.quarantine);
  result_.quarantine.merge(folds_.rejected());
  result_.in_gap = labelled - result_.fold_rows[0] - result_.fold_rows[1] - result_.fold_rows[2];
  result_.split = found_.split;
  result_.own_warnings = folds_.class_warnings();
  if (const std::vector<double>& two = found_.only_values; !two.empty()) {
    result_.own_warnings.push_back(fmt::format(
        "the target of {0} is a number, {1} or {2}, and is predicted as a number; to predict which "
        "of the two it is, write `target: {3} = {2}`",
        spec_.name, std::min(two[0], two[1]), std::max(two[0], two[1]), spec_.target));
  }
  std::vector<RuleReport> reports = std::move(found_.reports);
  reports.insert(reports.end(), later_reports_.begin(), later_reports_.end());
  size_t at = 0;
  for (const auto* specs :
       {&labels_.cell_rules(), &labels_.filter_rules(), &labels_.later_rules()}) {
    for (const RuleSpec& rule : *specs)
      result_.outcomes.push_back({rule.number, rule.kind, rule.params, reports[at++]});
  }
  result_.signature.fields = found_.facts.fields(spec_.key);
  result_.signature.problem = found_.classes.problem;
  result_.signature.classes = found_.classes.classes;
  result_.signature.boolean_target = found_.classes.boolean_target;
  result_.signature.target = spec_.target;
  warn_of_emptied();
}

// Columns that lost all they held on their way through the rules: a bound or a list is wrong, most
// likely.
void Fitter::warn_of_emptied() {
  for (const FeaturizerFit::LeftOut& left : result_.left_out) {
    if (left.reason != all_missing) continue;
    const auto& fields = result_.signature.fields;
    const auto field = std::find_if(fields.begin(), fields.end(), [&](const SignatureField& one) {
      return one.field.name == left.column;
    });
    if (field == fields.end() || field->example.is_null()) continue;
    std::vector<std::string> kinds;
    for (const auto& step : result_.rules.steps()) {
      const std::vector<std::string> writes = step.rule->writes();
      if (std::find(writes.begin(), writes.end(), left.column) != writes.end())
        kinds.push_back(step.kind);
    }
    if (kinds.empty()) continue;  // what it had lies in rows that do not train
    result_.own_warnings.push_back(fmt::format(
        "the rules of {} leave no value of {}, which had some (by {}): `gristmill preview "
        "{}` shows what they do",
        spec_.from, left.column, fmt::join(kinds, ", "), spec_.from));
  }
}

}  // namespace

nlohmann::json FitResult::facts() const {
  nlohmann::json rules = nlohmann::json::array();
  for (const RuleOutcome& outcome : outcomes) {
    rules.push_back({{"rule", outcome.number},
                     {"kind", outcome.kind},
                     {"params", outcome.params},
                     {"report", outcome.report.json()}});
  }
  nlohmann::json out = nlohmann::json::array();
  for (const auto& column : left_out)
    out.push_back({{"column", column.column}, {"reason", column.reason}});
  nlohmann::json features = nlohmann::json::array();
  for (const auto& column : chosen)
    features.push_back(
        {{"column", column.column}, {"encoder", column.encoder}, {"reason", column.reason}});
  nlohmann::json broken_rows = nlohmann::json::array();
  for (const RowError& error : quarantine.errors()) {
    if (broken_rows.size() == max_broken_shown) break;
    broken_rows.push_back(
        {{"row", row_number(error.row)}, {"field", error.field}, {"message", error.message}});
  }
  return {{"rows",
           {{"read", read},
            {"dropped", dropped},
            {"broken", quarantine.rows()},
            {"no_target", no_target},
            {"in_gap", in_gap},
            {"train", fold_rows[0]},
            {"validate", fold_rows[1]},
            {"test", fold_rows[2]}}},
          {"split", split.json()},
          {"rules", rules},
          {"left_out", out},
          {"features", features},
          {"broken", broken_rows},
          {"quarantine", quarantine.facts(steps)},
          {"passes", passes},
          {"layout", featurizer.layout().json()}};
}

State FitResult::state() const {
  State out;
  out.json = {{"signature", signature.json()}, {"facts", facts()}};
  out.put_state("rules", rules.save());
  out.put_state("features", featurizer.save());
  out.put_state("slices", save_slices(slices));
  return out;
}

std::vector<std::string> FitResult::warnings(const std::string& table) const {
  std::vector<std::string> out = quarantine.warnings(steps, read, table);
  for (const RuleOutcome& rule : outcomes) {
    std::string warning = unread_warning(rule.kind, rule.number, rule.report, table);
    if (!warning.empty()) out.push_back(std::move(warning));
  }
  out.insert(out.end(), own_warnings.begin(), own_warnings.end());
  return out;
}

FitResult fit_dataset(const FitRequest& request, RowSource& rows, Progress& progress) {
  return Fitter(request, rows, progress).run();
}

}  // namespace gristmill
