#include "pipeline/rule_steps.h"

#include <fmt/format.h>

#include "base/progress.h"
#include "frame/bitmap.h"

namespace gristmill {
namespace {

// A filter that goes by all rows sees those that come to it.
void fit_on_all(RuleFit& fit, const std::vector<RuleStep>& before, const OpenRows& open) {
  const RowsLeaving nobody{[](const RowError&) {}, [](int64_t) {}};
  Scratch scratch;
  RowsInSteps rows;
  BatchBuffer buffer;
  std::vector<int64_t> positions;
  do {
    const auto reader = open();
    int64_t first_row = 0;
    Batch batch;
    while (reader->next(batch)) {
      check_interrupted();
      scratch.clear();
      scratch.errors.clear();
      rows.begin(batch, first_row);
      for (const RuleStep& step : before) run_step(step, rows, scratch, nullptr, nobody);
      const Batch kept = rows.compact(buffer, positions);
      const auto chunk = fit.clone_empty();
      chunk->observe({.rows = kept, .first_row = first_row, .positions = positions.data()});
      fit.merge(std::move(*chunk));
      first_row += batch.rows;
    }
  } while (fit.next_pass());
}

}  // namespace

void RowsInSteps::begin(const Batch& batch, int64_t first) {
  rows = batch;
  first_row = first;
  stays.assign(size_t(batch.rows + 7) / 8, 0xff);
}

Batch RowsInSteps::compact(BatchBuffer& buffer, std::vector<int64_t>& positions) const {
  positions.clear();
  for_each_bit(stays.data(), rows.rows, [&](int64_t i) { positions.push_back(first_row + i); });
  if (int64_t(positions.size()) == rows.rows) return rows;
  buffer.reset(*rows.schema);
  buffer.append_selected(rows, stays.data());
  Batch out = buffer.view();
  out.schema = rows.schema;
  return out;
}

void run_step(const RuleStep& step, RowsInSteps& rows, Scratch& scratch, RuleReport* report,
              const RowsLeaving& leaving) {
  const size_t errors = scratch.errors.size();
  const uint8_t* keep = nullptr;
  if (step.stage == RuleStage::filter) {
    keep = step.rule->keep(rows.rows, scratch, report, rows.first_row);
  } else {
    step.rule->apply(rows.rows, scratch, report, rows.first_row);
    rows.rows.schema = &step.after;
  }
  for (size_t e = errors; e < scratch.errors.size(); ++e) {
    const RowError& error = scratch.errors[e];
    if (!get_bit(rows.stays.data(), error.row)) continue;
    clear_bit(rows.stays.data(), error.row);
    leaving.broken(error);
  }
  if (keep == nullptr) return;
  for (int64_t i = 0; i < rows.rows.rows; ++i) {
    if (!get_bit(rows.stays.data(), i) || get_bit(keep, i)) continue;
    clear_bit(rows.stays.data(), i);
    leaving.dropped(i);
  }
}

std::string lost_example(const RuleReport& report) {
  for (const RuleReport::Example& one : report.examples) {
    if (one.after == "null") return fmt::format(", for example {}: {}", one.column, one.before);
  }
  return {};
}

std::string unread_warning(const std::string& kind, int number, const RuleReport& report,
                           const std::string& table) {
  if (kind != "parse" || report.cells_unmatched * 2 <= report.cells_touched) return {};
  return fmt::format("rule {} parse of {} reads few cells: {} of {} are of no form{}", number,
                     table, report.cells_unmatched, report.cells_touched, lost_example(report));
}

RuleStep make_step(const RuleSpec& spec, const std::string& table, const RuleMaker& maker,
                   const Schema& schema, const std::vector<RuleStep>& before,
                   const OpenRows& open) {
  const RuleKind& kind = Rules::instance().get(spec.kind, "rule");
  if (kind.is_fitted(spec.params)) {
    throw Error(Code::invalid,
                fmt::format("rule {} of {} must see training rows before it can run, but {} is "
                            "read before rows are split",
                            spec.kind, table, table),
                spec.where, "move the rule to the table that the prediction is made from");
  }
  const auto fit = maker.make(spec, schema);
  if (kind.whole_table) fit_on_all(*fit, before, open);
  std::shared_ptr<Rule> rule = fit->freeze();
  Schema after = rule->bind(schema);
  return {spec, kind.stage, std::move(rule), schema, std::move(after)};
}

}  // namespace gristmill
