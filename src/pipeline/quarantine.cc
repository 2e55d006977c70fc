#include "pipeline/quarantine.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace gristmill {
namespace {

const RuleSpec* rule_of(const std::vector<RuleSpec>& rules, int step) {
  return step < 0 ? nullptr : &rules.at(size_t(step));
}

nlohmann::json json_of(const Blame& blame) {
  return {{"rule", blame.rule ? nlohmann::json(blame.rule->number) : nlohmann::json()},
          {"kind", blame.rule ? blame.rule->kind : "target"},
          {"column", blame.first.field},
          {"rows", blame.rows},
          {"row", row_number(blame.first.row)},
          {"message", blame.first.message}};
}

Schema with_reasons(const Schema& table) {
  Schema schema;
  auto add = [&](std::string name, Type type) {
    while (std::any_of(table.fields().begin(), table.fields().end(),
                       [&](const Field& field) { return lower(field.name) == name; }))
      name += '_';
    schema.add({std::move(name), type, true});
  };
  add("row", Type::int64);
  add("rule", Type::int64);
  for (const char* name : {"kind", "column", "reason"}) add(name, Type::string);
  for (const Field& field : table.fields()) schema.add(field);
  return schema;
}

}  // namespace

std::string Blame::text() const {
  if (rule == nullptr) return "the target";
  return fmt::format("rule {} {}{}", rule->number, rule->kind,
                     first.field.empty() ? "" : ", column " + first.field);
}

std::string Blame::example() const {
  return fmt::format("row {}: {}", row_number(first.row), first.message);
}

bool Quarantine::full() const {
  return int64_t(errors_.size()) >= rows_most || kept_.memory() > bytes_most;
}

void Quarantine::add(const Batch& raw, int64_t first_row, const RowError& error) {
  RowError at = error;
  at.row += first_row;
  Count& count = by_cause_[{error.step, error.field}];
  if (count.rows++ == 0) count.first = at;
  ++rows_;
  if (full()) return;
  kept_.append(raw, error.row, 1);
  errors_.push_back(std::move(at));
}

void Quarantine::merge(const Quarantine& later) {
  for (const auto& [cause, count] : later.by_cause_) {
    Count& mine = by_cause_[cause];
    if (mine.rows == 0) mine.first = count.first;
    mine.rows += count.rows;
  }
  rows_ += later.rows_;
  const Batch kept = later.kept_.view();
  for (size_t i = 0; i < later.errors_.size() && !full(); ++i) {
    kept_.append(kept, int64_t(i), 1);
    errors_.push_back(later.errors_[i]);
  }
}

std::vector<Blame> Quarantine::blames(const std::vector<RuleSpec>& rules) const {
  std::vector<Blame> out;
  for (const auto& [cause, count] : by_cause_)
    out.push_back({rule_of(rules, cause.first), count.rows, count.first});
  std::stable_sort(out.begin(), out.end(),
                   [](const Blame& a, const Blame& b) { return a.rows > b.rows; });
  return out;
}

nlohmann::json Quarantine::facts(const std::vector<RuleSpec>& rules) const {
  nlohmann::json by = nlohmann::json::array();
  for (const Blame& blame : blames(rules)) by.push_back(json_of(blame));
  return {{"rows", rows_}, {"kept", errors_.size()}, {"by", by}};
}

std::vector<std::string> Quarantine::warnings(const std::vector<RuleSpec>& rules, int64_t read,
                                              const std::string& table) const {
  if (double(rows_) <= share_to_warn * double(read)) return {};
  const Blame worst = blames(rules).front();
  return {
      fmt::format("{:.1f} % of the rows of {} are rejected, most of them ({} of {}) by {}; {}; "
                  "`gristmill quarantine {}` shows them",
                  100.0 * double(rows_) / double(read), table, worst.rows, rows_, worst.text(),
                  worst.example(), table)};
}

Descriptor Quarantine::write(const std::vector<RuleSpec>& rules, Engine& engine,
                             Store& store) const {
  BatchBuffer rows(with_reasons(kept_.schema()));
  for (const RowError& error : errors_) {
    const RuleSpec* rule = rule_of(rules, error.step);
    rows[0].append(row_number(error.row));
    rule == nullptr ? rows[1].append_null() : rows[1].append(int64_t(rule->number));
    rows[2].append(std::string_view(rule == nullptr ? "target" : rule->kind));
    rows[3].append(std::string_view(error.field));
    rows[4].append(std::string_view(error.message));
  }
  const Batch kept = kept_.view();
  for (size_t c = 0; c < kept.columns.size(); ++c)
    rows[5 + c].append(kept.columns[c], 0, kept.rows);
  const fs::path file = store.new_file();
  try {
    engine.write_parquet(rows.view(), file);
    return store.publish(file, std::string(quarantine_type));
  } catch (...) {
    disk().remove(file);
    throw;
  }
}

}  // namespace gristmill
