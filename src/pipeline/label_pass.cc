#include "pipeline/label_pass.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "pipeline/label_filters.h"

namespace gristmill {
namespace {

constexpr size_t max_classes = 1000;

// What one chunk adds.
struct Slot {
  LabelledChunk chunk;
  int64_t first_row = 0;
  ColumnFacts facts;
  Quarantine quarantine;
};

class LabelPass {
 public:
  LabelPass(const PredictSpec& spec, LabelStage& labels, RowSource& source)
      : spec_(spec),
        labels_(labels),
        source_(source),
        text_target_(labels.target_type() == Type::string),
        check_key_(!spec.key.empty() && labels.filter_to_fit() != nullptr),
        slots_(size_t(source.slots())),
        split_fit_(spec.split),
        findings_{.quarantine = Quarantine(source.schema()),
                  .reports = std::vector<RuleReport>(labels.rules().steps().size() +
                                                     labels.filter_rules().size()),
                  .facts = ColumnFacts(source.schema())} {
    if (spec.split.stratify && is_number(labels.target_type())) {
      throw Error(Code::invalid, "`stratify` needs classes, and the target is a number",
                  spec.place("split"));
    }
  }

  LabelFindings run(Progress& progress) {
    fit_filters(labels_, source_, progress, spec_.name);
    progress.begin(fmt::format("{}: reading labels", spec_.name), 0, "rows");
    source_.pass([&](const Batch& raw, int64_t first_row, int64_t,
                     int64_t slot) { observe(raw, first_row, slots_[size_t(slot)]); },
                 [&](int64_t, int64_t slot) { merge(slots_[size_t(slot)]); }, progress);
    progress.end();
    check_key();
    decide_classes();
    decide_split();
    return std::move(findings_);
  }

 private:
  void observe(const Batch& raw, int64_t first_row, Slot& slot) const;
  void merge(Slot& slot);
  void merge_target(const LabelledChunk& chunk);
  void check_key();
  void decide_classes();
  void name_classes();
  void choose_positive();
  void decide_split();
  Error no_row_left() const;
  Error one_value_only() const;

  const PredictSpec& spec_;
  LabelStage& labels_;
  RowSource& source_;
  const bool text_target_, check_key_;
  std::vector<Slot> slots_;
  SplitFit split_fit_;
  LabelFindings findings_;
  std::vector<std::pair<uint64_t, int64_t>> keys_;  // and rows, where the key is checked
  std::map<std::string, int, std::less<>> met_;     // text targets → numbers in the order met
  std::vector<double> values_;                      // other targets: the first three that differ
};

void LabelPass::observe(const Batch& raw, int64_t first_row, Slot& slot) const {
  labels_.run(raw, first_row, slot.chunk);
  labels_.fill_split_values(raw, first_row, slot.chunk);
  slot.first_row = first_row;
  if (check_key_) labels_.fill_keys(raw, slot.chunk);
  slot.facts = ColumnFacts(source_.schema());
  slot.facts.observe(raw, slot.chunk.rows, slot.chunk.kept.data());
  slot.quarantine = Quarantine(source_.schema());
  for (const size_t error : slot.chunk.broken)
    slot.quarantine.add(raw, first_row, slot.chunk.scratch.errors[error]);
}

void LabelPass::merge(Slot& slot) {
  const LabelledChunk& chunk = slot.chunk;
  findings_.read += chunk.rows.rows;
  findings_.dropped += chunk.dropped;
  findings_.quarantine.merge(slot.quarantine);
  findings_.no_target += chunk.no_target;
  for (size_t i = 0; i < findings_.reports.size(); ++i)
    findings_.reports[i].merge(chunk.reports[i]);
  findings_.facts.merge(slot.facts);
  merge_target(chunk);
  if (!check_key_) return;
  for (int64_t i = 0; i < chunk.rows.rows; ++i) {
    if (get_bit(chunk.kept.data(), i)) keys_.emplace_back(chunk.key[size_t(i)], slot.first_row + i);
  }
}

// Of the rows that the rules leave; where they leave no repeated ones out, the table's version was
// checked when it was written.
void LabelPass::check_key() {
  std::sort(keys_.begin(), keys_.end());
  const auto twice = std::adjacent_find(
      keys_.begin(), keys_.end(), [](const auto& a, const auto& b) { return a.first == b.first; });
  if (twice == keys_.end()) return keys_.clear();
  throw Error(
      Code::invalid,
      fmt::format("the key [{}] is not unique after the rules: rows {} and {} of {} have the "
                  "same",
                  fmt::join(spec_.key, ", "), row_number(twice->second),
                  row_number((twice + 1)->second), spec_.from),
      spec_.place("key"), "add a column to the key, or let `dedupe` go by it");
}

void LabelPass::merge_target(const LabelledChunk& chunk) {
  for (int64_t i = 0; i < chunk.rows.rows; ++i) {
    if (!get_bit(chunk.labelled.data(), i)) continue;
    int class_number = int(chunk.target[i]);
    if (text_target_) {
      const std::string_view text = chunk.target_column.string(i);
      auto found = met_.find(text);
      if (found == met_.end()) found = met_.emplace(text, int(met_.size())).first;
      class_number = found->second;
      if (met_.size() > max_classes) {
        throw Error(Code::invalid,
                    fmt::format("the target of {} has more than {} different texts, too many to be "
                                "classes",
                                spec_.name, max_classes),
                    spec_.place("target"), "a number to predict must be cast to one");
      }
    } else if (values_.size() < 3 &&
               std::find(values_.begin(), values_.end(), chunk.target[i]) == values_.end()) {
      values_.push_back(chunk.target[i]);
    }
    split_fit_.observe(chunk.split_value[i], spec_.split.stratify ? class_number : 0);
  }
}

void LabelPass::decide_classes() {
  if (findings_.read == 0)
    throw Error(Code::invalid, fmt::format("table {} has no rows", spec_.from), spec_.where);
  if (findings_.labelled() == 0) throw no_row_left();
  if ((text_target_ ? met_.size() : values_.size()) < 2) throw one_value_only();
  name_classes();
  choose_positive();
  labels_.set_classes(findings_.classes);
}

// At the place of what took most rows away.
Error LabelPass::no_row_left() const {
  const Quarantine& broken = findings_.quarantine;
  Where where = spec_.place("target");
  std::string hint;
  int64_t most = findings_.no_target;
  for (size_t i = 0; i < labels_.filter_rules().size(); ++i) {
    const int64_t rows = findings_.reports[labels_.rules().steps().size() + i].rows_touched;
    if (rows <= most) continue;
    const RuleSpec& rule = labels_.filter_rules()[i];
    most = rows;
    where = rule.where;
    hint = fmt::format("rule {} {} leaves out {} of {} rows", rule.number, rule.kind, rows,
                       findings_.read);
  }
  const std::vector<RuleSpec> rules = labels_.steps();
  for (const Blame& blame : broken.blames(rules)) {
    if (blame.rows < most) break;
    most = blame.rows;
    where = blame.rule == nullptr ? spec_.place("target") : blame.rule->where;
    hint = fmt::format("{} breaks {} of {} rows, for example {}", blame.text(), blame.rows,
                       findings_.read, blame.example());
    break;
  }
  return {Code::invalid,
          fmt::format("no row of {} has a target: {} read, {} dropped by rules, {} broken, {} "
                      "without a value of `{}`",
                      spec_.from, findings_.read, findings_.dropped, broken.rows(),
                      findings_.no_target, spec_.target),
          where, hint};
}

Error LabelPass::one_value_only() const {
  const std::string only = text_target_                             ? met_.begin()->first
                           : labels_.target_type() != Type::boolean ? fmt::format("{}", values_[0])
                           : values_[0] != 0                        ? "true"
                                                                    : "false";
  return {Code::invalid,
          fmt::format("the target of {} has one value only: {} in all {} rows", spec_.name, only,
                      findings_.labelled()),
          spec_.place("target"),
          "there is nothing to learn; look at the expression and at what `drop` leaves"};
}

void LabelPass::name_classes() {
  TargetClasses& classes = findings_.classes;
  if (labels_.target_type() == Type::boolean) {
    classes = {Problem::binary, {"false", "true"}, true};
  } else if (text_target_) {
    for (const auto& [text, unused] : met_) classes.classes.push_back(text);
    classes.problem = met_.size() > 2 ? Problem::multiclass : Problem::binary;
  } else if (values_.size() == 2) {
    findings_.only_values = values_;
  }
}

void LabelPass::choose_positive() {
  std::vector<std::string>& names = findings_.classes.classes;
  if (!text_target_ || names.size() != 2) {
    if (spec_.positive.empty()) return;
    throw Error(Code::invalid, "`positive` is for targets with two texts only",
                spec_.place("positive"));
  }
  if (spec_.positive.empty()) {
    throw Error(
        Code::invalid,
        fmt::format("the target of {} is either \"{}\" or \"{}\"", spec_.name, names[0], names[1]),
        spec_.place("target"),
        fmt::format("say which one's probability is answered, for example `positive: {}`",
                    names[1]));
  }
  if (spec_.positive == names[0]) std::swap(names[0], names[1]);
  if (spec_.positive != names[1]) {
    throw Error(Code::invalid,
                fmt::format("`positive` is \"{}\", but the target is \"{}\" or \"{}\"",
                            spec_.positive, names[0], names[1]),
                spec_.place("positive"), did_you_mean(spec_.positive, names));
  }
}

void LabelPass::decide_split() {
  findings_.split = told_at(spec_.place("split"), [&] { return split_fit_.decide(); });
  if (!text_target_ || !spec_.split.stratify) return;
  // Thresholds of classes: from the order met to the order of the names.
  const Split met = findings_.split;
  const auto& names = findings_.classes.classes;
  for (size_t c = 0; c < names.size(); ++c)
    findings_.split.part_from[c] = met.part_from[size_t(met_.at(names[c]))];
}

}  // namespace

LabelFindings find_labels(const PredictSpec& spec, LabelStage& labels, RowSource& rows,
                          Progress& progress) {
  return LabelPass(spec, labels, rows).run(progress);
}

}  // namespace gristmill
