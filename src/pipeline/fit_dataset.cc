#include "pipeline/fit_dataset.h"

#include <algorithm>
#include <numeric>
#include <set>

#include <fmt/format.h>

#include "pipeline/column_facts.h"
#include "pipeline/fit_rules.h"

namespace gristmill {
namespace {

constexpr size_t max_classes = 1000;
constexpr size_t max_broken_examples = 5;
constexpr const char* fold_names[] = {"train", "validate", "test"};

std::unique_ptr<Rule> copy_of(const RuleChain::Step& step) {
  return Rules::instance().get(step.kind, "rule").load(step.rule->save());
}

// Labelled rows of one fold, compacted.
struct FoldRows {
  BatchBuffer rows;
  std::vector<uint8_t> chosen;
  std::vector<double> target, weight;
  std::vector<uint64_t> key;
};

// All the work on one prediction's table, pass by pass.
class Fitter {
 public:
  Fitter(const FitRequest& request, RowSource& rows, ThreadPool& pool, Progress& progress)
      : request_(request),
        spec_(request.spec),
        source_(rows),
        pool_(pool),
        progress_(progress),
        labels_(request.spec, request.rules, rows.schema(), request.maker),
        slots_(size_t(rows.slots())),
        folds_(size_t(rows.slots())),
        later_(labels_.rules().output(), {}) {}

  FitResult run() {
    find_labels();
    decide_classes();
    decide_split();
    count_folds();
    result_.passes += fit_rules(labels_.later_rules(), request_.maker, training_pass(), later_);
    fit_features();
    encode();
    finish();
    return std::move(result_);
  }

 private:
  // ---- the first pass: labels, classes, expectations, what the columns hold
  void find_labels();
  void decide_classes();
  void decide_split();
  void count_folds();
  TrainingPass training_pass();
  std::vector<FeatureChoice> feature_choices();
  void fit_features();
  void encode();
  void finish();

  void chunk_folds(const LabelledChunk& chunk, std::vector<int8_t>& folds) const;
  // The rows of `fold`, out of a labelled chunk; target, weight and key beside them.
  Batch select(const LabelledChunk& chunk, const std::vector<int8_t>& folds, Fold fold,
               FoldRows& out) const;

  const FitRequest& request_;
  const PredictSpec& spec_;
  RowSource& source_;
  ThreadPool& pool_;
  Progress& progress_;
  LabelStage labels_;
  std::vector<LabelledChunk> slots_;
  std::vector<FoldRows> folds_;
  RuleChain later_;  // over labels_.rules().output()
  FitResult result_;
  TargetClasses classes_;
  std::map<std::string, int64_t> class_counts_;
  std::vector<double>
      target_seen_;  // distinct targets met, at most two: is there anything to learn?
  std::unique_ptr<ColumnFacts> facts_;
  std::vector<RuleReport> reports_;
  std::vector<std::vector<std::array<int64_t, 3>>> chunk_counts_;
  std::vector<std::array<int64_t, 3>> fold_at_;  // of each chunk: its first row in each fold
  std::unique_ptr<SplitFit> split_fit_;
};

void Fitter::find_labels() {
  const bool text_target = labels_.target_type() == Type::string;
  facts_ = std::make_unique<ColumnFacts>(source_.schema());
  std::vector<ColumnFacts> slot_facts(slots_.size(), ColumnFacts(source_.schema()));
  std::vector<std::map<std::string, int64_t>> slot_classes(slots_.size());
  std::vector<std::unique_ptr<RuleFit>> checks;
  for (const RuleSpec& check : labels_.checks())
    checks.push_back(request_.maker.make(check, labels_.rules().output()));
  std::vector<std::vector<std::unique_ptr<RuleFit>>> slot_checks(slots_.size());
  std::vector<BatchBuffer> kept_rows(slots_.size());
  reports_.resize(labels_.rules().steps().size() + labels_.filter_rules().size());

  progress_.begin(fmt::format("{}: reading labels", spec_.name), 0, "rows");
  source_.pass(
      [&](const Batch& raw, int64_t first_row, int64_t, int64_t slot) {
        LabelledChunk& chunk = slots_[slot];
        labels_.run(raw, first_row, false, chunk);
        slot_facts[slot] = ColumnFacts(source_.schema());
        slot_facts[slot].observe(raw, chunk.rows, chunk.kept.data());
        slot_classes[slot].clear();
        for (int64_t i = 0; text_target && i < raw.rows; ++i) {
          if (const auto text = labels_.class_text(chunk, i)) ++slot_classes[slot][*text];
        }
        slot_checks[slot].clear();
        if (checks.empty()) return;
        BatchBuffer& kept = kept_rows[slot];
        kept.reset(labels_.rules().output());
        kept.append_selected(chunk.rows, chunk.kept.data());
        const Batch rows = kept.view();
        for (const auto& check : checks) {
          slot_checks[slot].push_back(check->clone_empty());
          slot_checks[slot].back()->observe({.rows = rows, .first_row = first_row});
        }
      },
      [&](int64_t, int64_t slot) {
        const LabelledChunk& chunk = slots_[slot];
        result_.read += chunk.rows.rows;
        result_.dropped += chunk.dropped;
        result_.broken += chunk.broken;
        result_.no_target += chunk.no_target;
        for (const RowError& error : chunk.errors) {
          if (result_.broken_examples.size() < max_broken_examples)
            result_.broken_examples.push_back(error);
        }
        for (size_t i = 0; i < reports_.size(); ++i) reports_[i].merge(chunk.reports[i]);
        facts_->merge(slot_facts[slot]);
        for (const auto& [text, count] : slot_classes[slot]) class_counts_[text] += count;
        for (size_t i = 0; i < checks.size(); ++i)
          checks[i]->merge(std::move(*slot_checks[slot][i]));
        for (int64_t i = 0; !text_target && target_seen_.size() < 2 && i < chunk.rows.rows; ++i) {
          if (!get_bit(chunk.labelled.data(), i)) continue;
          if (target_seen_.empty() || chunk.target[i] != target_seen_[0])
            target_seen_.push_back(chunk.target[i]);
        }
      },
      progress_);
  progress_.end();
  ++result_.passes;
  for (size_t i = 0; i < checks.size(); ++i) {
    const std::vector<Verdict> verdicts = checks[i]->verdict();
    if (verdicts.empty()) continue;
    std::vector<std::string> lines;
    for (const Verdict& verdict : verdicts) {
      lines.push_back(verdict.message);
      if (!verdict.examples.empty())
        lines.back() += fmt::format(" (for example {})", fmt::join(verdict.examples, "; "));
    }
    throw Error(Code::invalid,
                fmt::format("table {} is not as expected: {}", spec_.from, fmt::join(lines, "; ")),
                labels_.checks()[i].where);
  }
}

void Fitter::decide_classes() {
  const Where where = spec_.places.count("target") > 0 ? spec_.places.at("target") : spec_.where;
  const int64_t labelled = result_.read - result_.dropped - result_.broken - result_.no_target;
  if (result_.read == 0)
    throw Error(Code::invalid, fmt::format("table {} has no rows", spec_.from), spec_.where);
  if (labelled == 0) {
    throw Error(Code::invalid,
                fmt::format("no row of {} has a target: {} read, {} dropped by rules, {} broken, "
                            "{} without a value of `{}`",
                            spec_.from, result_.read, result_.dropped, result_.broken,
                            result_.no_target, spec_.target),
                where,
                result_.broken_examples.empty()
                    ? ""
                    : "the first broken row: " + result_.broken_examples[0].message);
  }
  switch (labels_.target_type()) {
    case Type::boolean:
      classes_ = {Problem::binary, {"false", "true"}, true};
      break;
    case Type::string:
      for (const auto& [text, count] : class_counts_) classes_.classes.push_back(text);
      if (classes_.classes.size() > max_classes) {
        throw Error(
            Code::invalid,
            fmt::format(
                "the target of {} has {} different texts; at most {} classes can be learned",
                spec_.name, classes_.classes.size(), max_classes),
            where);
      }
      classes_.problem = classes_.classes.size() > 2 ? Problem::multiclass : Problem::binary;
      break;
    default:
      classes_.problem = Problem::regression;
  }
  const bool one_text = labels_.target_type() == Type::string && classes_.classes.size() < 2;
  if (one_text || (labels_.target_type() != Type::string && target_seen_.size() < 2)) {
    const std::string only = one_text                  ? classes_.classes[0]
                             : classes_.boolean_target ? (target_seen_[0] != 0 ? "true" : "false")
                                                       : fmt::format("{}", target_seen_[0]);
    throw Error(Code::invalid,
                fmt::format("the target of {} has one value only: {} in all {} rows", spec_.name,
                            only, labelled),
                where,
                "there is nothing to learn; look at the expression and at what `drop` leaves");
  }
  if (labels_.target_type() == Type::string && classes_.problem == Problem::binary) {
    if (spec_.positive.empty()) {
      throw Error(Code::invalid,
                  fmt::format("the target of {} is either \"{}\" or \"{}\"", spec_.name,
                              classes_.classes[0], classes_.classes[1]),
                  where,
                  fmt::format("say which one's probability is answered, for example `positive: {}`",
                              classes_.classes[1]));
    }
    if (spec_.positive == classes_.classes[0]) std::swap(classes_.classes[0], classes_.classes[1]);
    if (spec_.positive != classes_.classes[1]) {
      throw Error(Code::invalid,
                  fmt::format("`positive` is \"{}\", but the target is \"{}\" or \"{}\"",
                              spec_.positive, classes_.classes[0], classes_.classes[1]),
                  spec_.places.at("positive"), did_you_mean(spec_.positive, classes_.classes));
    }
  } else if (!spec_.positive.empty()) {
    throw Error(Code::invalid, "`positive` is for targets with two texts only",
                spec_.places.at("positive"));
  }
  labels_.set_classes(classes_);
}

void Fitter::decide_split() {
  const int classes = spec_.split.stratify ? std::max<int>(1, int(classes_.classes.size())) : 1;
  if (spec_.split.stratify && classes_.problem == Problem::regression) {
    throw Error(Code::invalid, "`stratify` needs classes, and the target is a number", spec_.where);
  }
  split_fit_ = std::make_unique<SplitFit>(spec_.split, classes);
  progress_.begin(fmt::format("{}: splitting", spec_.name), result_.read, "rows");
  source_.pass([&](const Batch& raw, int64_t first_row, int64_t,
                   int64_t slot) { labels_.run(raw, first_row, true, slots_[slot]); },
               [&](int64_t, int64_t slot) {
                 const LabelledChunk& chunk = slots_[slot];
                 for (int64_t i = 0; i < chunk.rows.rows; ++i) {
                   if (!get_bit(chunk.labelled.data(), i)) continue;
                   split_fit_->observe(chunk.split_value[i],
                                       spec_.split.stratify ? int(chunk.target[i]) : 0);
                 }
               },
               progress_);
  progress_.end();
  ++result_.passes;
  try {
    result_.split = split_fit_->decide();
  } catch (const Error& error) {
    throw error.at(spec_.places.count("split") > 0 ? spec_.places.at("split") : spec_.where);
  }
  split_fit_.reset();
}

void Fitter::chunk_folds(const LabelledChunk& chunk, std::vector<int8_t>& folds) const {
  folds.assign(size_t(chunk.rows.rows), -1);
  for (int64_t i = 0; i < chunk.rows.rows; ++i) {
    if (!get_bit(chunk.labelled.data(), i)) continue;
    folds[i] = int8_t(result_.split.fold(int64_t(chunk.split_value[i]),
                                         spec_.split.stratify ? int(chunk.target[i]) : 0));
  }
}

// How many rows of each fold lie in each chunk, so that chunks can be encoded side by side.
void Fitter::count_folds() {
  std::vector<std::array<int64_t, 3>> counts(slots_.size());
  std::vector<std::vector<int8_t>> folds(slots_.size());
  progress_.begin(fmt::format("{}: counting", spec_.name), result_.read, "rows");
  source_.pass(
      [&](const Batch& raw, int64_t first_row, int64_t, int64_t slot) {
        labels_.run(raw, first_row, true, slots_[slot]);
        chunk_folds(slots_[slot], folds[slot]);
        counts[slot] = {0, 0, 0};
        for (const int8_t fold : folds[slot]) {
          if (fold >= 0) ++counts[slot][size_t(fold)];
        }
      },
      [&](int64_t, int64_t slot) {
        fold_at_.push_back({result_.fold_rows[0], result_.fold_rows[1], result_.fold_rows[2]});
        for (int fold = 0; fold < 3; ++fold) result_.fold_rows[fold] += counts[slot][size_t(fold)];
      },
      progress_);
  progress_.end();
  ++result_.passes;
  const int64_t labelled = result_.read - result_.dropped - result_.broken - result_.no_target;
  result_.in_gap = labelled - result_.fold_rows[0] - result_.fold_rows[1] - result_.fold_rows[2];
  for (int fold = 0; fold < 3; ++fold) {
    if (result_.fold_rows[fold] > 0) continue;
    throw Error(Code::invalid,
                fmt::format("the split of {} leaves no row to {}", spec_.name, fold_names[fold]),
                spec_.places.count("split") > 0 ? spec_.places.at("split") : spec_.where,
                "move its boundaries, or give shares such as 15%");
  }
}

Batch Fitter::select(const LabelledChunk& chunk, const std::vector<int8_t>& folds, Fold fold,
                     FoldRows& out) const {
  out.chosen.assign((folds.size() + 7) / 8, 0);
  out.target.clear();
  out.weight.clear();
  out.key.clear();
  for (size_t i = 0; i < folds.size(); ++i) {
    if (folds[i] != int8_t(fold)) continue;
    set_bit(out.chosen.data(), int64_t(i));
    out.target.push_back(chunk.target[i]);
    if (!chunk.weight.empty()) out.weight.push_back(chunk.weight[i]);
    out.key.push_back(chunk.key[i]);
  }
  out.rows.reset(labels_.rules().output());
  out.rows.append_selected(chunk.rows, out.chosen.data());
  return out.rows.view();
}

TrainingPass Fitter::training_pass() {
  TrainingPass pass;
  pass.slots = int64_t(slots_.size());
  pass.run = [this](const RuleChain& rules, const TrainingPass::Observe& observe,
                    const TrainingPass::Merge& merge) {
    std::vector<std::vector<int8_t>> folds(slots_.size());
    progress_.begin(fmt::format("{}: fitting", spec_.name), result_.read, "rows");
    source_.pass(
        [&](const Batch& raw, int64_t first_row, int64_t index, int64_t slot) {
          LabelledChunk& chunk = slots_[slot];
          labels_.run(raw, first_row, true, chunk);
          chunk_folds(chunk, folds[slot]);
          FoldRows& fold = folds_[slot];
          Batch rows = select(chunk, folds[slot], Fold::train, fold);
          rules.apply(rows, chunk.scratch, nullptr, 0);
          observe({.rows = rows,
                   .first_row = fold_at_[index][0],
                   .row_key = fold.key.data(),
                   .target = fold.target.data(),
                   .weight = fold.weight.empty() ? nullptr : fold.weight.data()},
                  slot);
        },
        [&](int64_t, int64_t slot) { merge(slot); }, progress_);
    progress_.end();
  };
  return pass;
}

std::vector<FeatureChoice> Fitter::feature_choices() {
  // One chain over the table's own columns, to follow columns back through all rules.
  std::vector<RuleChain::Step> steps;
  for (const auto& step : labels_.rules().steps()) steps.push_back({step.kind, copy_of(step)});
  for (const auto& step : later_.steps()) steps.push_back({step.kind, copy_of(step)});
  result_.rules = RuleChain(source_.schema(), std::move(steps));
  const Schema& columns = result_.rules.output();

  auto place = [&](const std::string& member) {
    return spec_.places.count(member) > 0 ? spec_.places.at(member) : spec_.where;
  };
  auto check_known = [&](const std::vector<std::string>& names, const std::string& member) {
    for (const std::string& name : names) {
      try {
        columns.index_of(name, "`" + member + "`");
      } catch (const Error& error) {
        throw error.at(place(member));
      }
    }
  };
  check_known(spec_.exclude, "exclude");
  check_known(spec_.inputs, "inputs");
  std::map<std::string, std::string> forbidden;
  for (const auto& [name, reason] : labels_.forbidden(result_.rules))
    forbidden.emplace(name, reason);
  if (!spec_.inputs.empty()) {
    const std::set<std::string> allowed(spec_.inputs.begin(), spec_.inputs.end());
    for (const std::string& name : columns.names()) {
      if (allowed.count(name) == 0) forbidden.emplace(name, "not among `inputs`");
    }
  }
  std::vector<FeatureChoice> choices;
  const nlohmann::json given =
      spec_.features.is_object() ? spec_.features : nlohmann::json::object();
  for (const auto& [name, choice] : given.items()) {
    check_known({name}, "features");
    if (forbidden.count(name) > 0) {
      throw Error(Code::invalid,
                  fmt::format("{} cannot be a feature: {}", name, forbidden.at(name)),
                  place("features"));
    }
    if (!choice.is_string() && !(choice.is_object() && choice.size() == 1)) {
      throw Error(Code::invalid,
                  fmt::format("`features` of {} must be an encoder, or one with parameters", name),
                  place("features"));
    }
  }
  for (const std::string& name : columns.names()) {
    auto found = forbidden.find(name);
    if (found != forbidden.end()) {
      result_.left_out.push_back({name, found->second});
      continue;
    }
    FeatureChoice choice{.column = name};
    if (given.contains(name)) {
      const auto& value = given.at(name);
      choice.kind = value.is_string() ? value.get<std::string>() : value.begin().key();
      if (value.is_object()) choice.params = value.begin().value();
    }
    choices.push_back(std::move(choice));
  }
  return choices;
}

void Fitter::fit_features() {
  FeaturizerFit fit(later_.output(), feature_choices(), request_.wants, spec_.time);
  std::vector<std::unique_ptr<FeaturizerFit>> by_slot(slots_.size());
  const TrainingPass pass = training_pass();
  do {
    pass.run(
        later_,
        [&](const FitBatch& rows, int64_t slot) {
          by_slot[slot] = fit.clone_empty();
          by_slot[slot]->observe(rows.rows);
        },
        [&](int64_t slot) { fit.merge(std::move(*by_slot[slot])); });
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
  DatasetInfo info{.layout = result_.featurizer.layout(),
                   .problem = classes_.problem,
                   .classes = classes_.classes,
                   .weighted = !spec_.weight.empty()};
  const auto writer = DatasetWriter::create(request_.dataset_path, info, result_.fold_rows);
  std::vector<std::vector<int8_t>> folds(slots_.size());
  std::vector<std::vector<RuleReport>> reports(slots_.size());
  std::vector<RuleReport> later_reports(later_.steps().size());
  progress_.begin(fmt::format("{}: encoding", spec_.name), result_.read, "rows");
  source_.pass(
      [&](const Batch& raw, int64_t first_row, int64_t index, int64_t slot) {
        LabelledChunk& chunk = slots_[slot];
        labels_.run(raw, first_row, true, chunk);
        chunk_folds(chunk, folds[slot]);
        reports[slot].assign(later_.steps().size(), RuleReport{});
        for (int f = 0; f < 3; ++f) {
          FoldRows& fold = folds_[slot];
          Batch rows = select(chunk, folds[slot], Fold(f), fold);
          if (rows.rows == 0) continue;
          later_.apply(rows, chunk.scratch, &reports[slot], first_row);
          const DatasetWriter::Part part = writer->part(Fold(f), fold_at_[index][f], rows.rows);
          result_.featurizer.encode(rows, part.features, chunk.scratch);
          std::copy(fold.target.begin(), fold.target.end(), part.target);
          if (part.weight != nullptr)
            std::copy(fold.weight.begin(), fold.weight.end(), part.weight);
          std::copy(fold.key.begin(), fold.key.end(), part.key);
          std::fill_n(part.fold, rows.rows, uint8_t(f));
        }
      },
      [&](int64_t, int64_t slot) {
        for (size_t i = 0; i < later_reports.size(); ++i) later_reports[i].merge(reports[slot][i]);
      },
      progress_);
  progress_.end();
  ++result_.passes;
  result_.dataset = writer->finish();
  reports_.insert(reports_.end(), later_reports.begin(), later_reports.end());
}

void Fitter::finish() {
  size_t at = 0;
  for (const auto* specs :
       {&labels_.cell_rules(), &labels_.filter_rules(), &labels_.later_rules()}) {
    for (const RuleSpec& rule : *specs)
      result_.outcomes.push_back({rule.kind, rule.params, reports_[at++]});
  }
  result_.signature.fields = facts_->fields(spec_.key);
  result_.signature.problem = classes_.problem;
  result_.signature.classes = classes_.classes;
  result_.signature.boolean_target = classes_.boolean_target;
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

FitResult fit_dataset(const FitRequest& request, RowSource& rows, ThreadPool& pool,
                      Progress& progress) {
  return Fitter(request, rows, pool, progress).run();
}

}  // namespace gristmill
