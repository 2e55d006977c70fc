#include "pipeline/checker.h"

#include <algorithm>

#include <fmt/format.h>

#include "pipeline/check_baseline.h"
#include "pipeline/measure_checks.h"

namespace gristmill {
namespace {

using nlohmann::json;

constexpr int check_version = 2;  // changes when the same checks measure something else

bool may_look_elsewhere(const std::vector<RuleSpec>& rules) {
  for (const RuleSpec& rule : rules) {
    if (!rule.is_check() || !rule.params.is_object()) continue;
    for (const auto& [name, unused] : rule.params.items()) {
      const CheckKind* kind = Checks::instance().find(name);
      if (kind != nullptr && kind->other_tables) return true;
    }
  }
  return false;
}

// What the check of this name measured of a version, or null.
json measured_by(const json& document, const std::string& name) {
  if (document.is_null()) return nullptr;
  for (const json& one : document.at("checks")) {
    if (one.at("name") == name) return one.at("measured");
  }
  return nullptr;
}

}  // namespace

bool has_checks(const std::vector<RuleSpec>& rules) {
  return std::any_of(rules.begin(), rules.end(), [](const auto& rule) { return rule.is_check(); });
}

std::string_view CheckOutcome::status() const {
  if (!finding.broken) return "passed";
  return warns ? "warned" : "failed";
}

int CheckedTable::count(std::string_view status) const {
  return int(std::count_if(outcomes.begin(), outcomes.end(),
                           [&](const CheckOutcome& one) { return one.status() == status; }));
}

json CheckedTable::json() const {
  nlohmann::json checks = nlohmann::json::array();
  for (const CheckOutcome& outcome : outcomes) {
    checks.push_back({{"check", outcome.name},
                      {"level", outcome.warns ? "warn" : "fail"},
                      {"status", outcome.status()},
                      {"message", outcome.finding.message},
                      {"examples", outcome.finding.examples},
                      {"line", outcome.where.line}});
  }
  return {{"table", table},
          {"rows", rows},
          {"seconds", seconds},
          {"checks", checks},
          {"error", error ? error->json() : nlohmann::json()}};
}

Checker::Checker(const Project& project, Tables& tables, Executor& executor, Clock& clock)
    : project_(project), tables_(tables), executor_(executor), clock_(clock) {}

bool Checker::check(const std::string& table, bool making) {
  const std::vector<RuleSpec>& rules = project_.rules_of(table);
  if (!has_checks(rules)) return true;
  for (const CheckedTable& known : results_) {
    if (known.table == table) return true;
  }
  if (making && may_look_elsewhere(rules)) return false;
  // Known from here on: tables may refer to each other.
  const size_t at = results_.size();
  results_.push_back({.table = table});
  try {
    const CheckSubject subject = check_subject(project_, tables_, table);
    const TaskResult result = executor_.task("check", table, what(subject), needs(subject), [&] {
      return measure_checks(subject, tables_, executor_);
    });
    if (result.output && !executor_.plan_only()) results_[at] = judge(subject, result);
  } catch (const Error& error) {
    results_[at].error = error;
    throw;
  }
  return true;
}

void Checker::check_all(const std::vector<std::string>& tables) {
  for (const std::string& table : tables) {
    try {
      check(table);
    } catch (const Error& error) {
      if (error.code() == Code::interrupted) throw;
    }
  }
}

void Checker::require(const std::string& table) const {
  std::vector<std::string> lines;
  Where where;
  for (const CheckedTable& checked : results_) {
    if (checked.table != table) continue;
    for (const CheckOutcome& outcome : checked.outcomes) {
      if (outcome.status() != "failed") continue;
      if (lines.empty()) where = outcome.where;
      lines.push_back(outcome.finding.message);
      if (!outcome.finding.examples.empty())
        lines.back() += fmt::format(" (for example {})", fmt::join(outcome.finding.examples, "; "));
    }
  }
  if (lines.empty()) return;
  throw Error(Code::invalid,
              fmt::format("table {} is not as expected: {}", table, fmt::join(lines, ";\n  ")),
              where);
}

void require_expectations(Tables& tables, Checker& checker) {
  tables.expect_by([&checker](const std::string& table, bool making) {
    if (!checker.check(table, making)) return false;
    checker.require(table);
    return true;
  });
}

json Checker::what(const CheckSubject& subject) const {
  std::vector<RuleSpec> checks, others;
  bool sql = false;
  for (const RuleSpec& rule : project_.rules_of(subject.table)) {
    if (!rule.is_check()) {
      others.push_back(rule);
      continue;
    }
    checks.push_back(rule);
    checks.back().params.erase("level");  // decides nothing of what is measured
    sql = sql || rule.params.contains("sql");
  }
  json what = {{"version", check_version}, {"checks", rules_key(checks)}, {"key", subject.key}};
  if (sql) what["params"] = project_.params;
  if (subject.from == nullptr) return what;
  what["rules"] = rules_key(others);
  what["target"] = subject.from->target;  // rows in which it is broken are left out
  return what;
}

std::vector<TaskNeed> Checker::needs(const CheckSubject& subject) {
  std::vector<TaskNeed> needs = {subject.handle->need};
  if (subject.from != nullptr) {
    for (const RuleSpec& rule : project_.rules_of(subject.table)) {
      for (TaskNeed& need : tables_.reference_needs(rule)) needs.push_back(std::move(need));
    }
  }
  for (const ExpectedCheck& one : subject.expected) {
    for (const std::string& table : one.check->tables()) needs.push_back(tables_.shown(table).need);
  }
  return needs;
}

CheckedTable Checker::judge(const CheckSubject& subject, const TaskResult& result) {
  Workspace& workspace = executor_.workspace();
  const json document = json::parse(workspace.store().read(*result.output));
  const Digest& table = subject.handle->version->digest;
  CheckBaseline baseline(workspace, subject.table);
  const bool compares = std::any_of(subject.expected.begin(), subject.expected.end(),
                                    [](const ExpectedCheck& one) { return one.check->compares(); });
  const json before = compares ? baseline.read(table) : json();
  CheckedTable checked{.table = subject.table,
                       .rows = document.at("rows").get<int64_t>(),
                       .seconds = result.seconds};
  for (size_t i = 0; i < subject.expected.size(); ++i) {
    const ExpectedCheck& one = subject.expected[i];
    const CheckTime time{clock_.now(), measured_by(before, one.check->name())};
    const json& measured = document.at("checks").at(i).at("measured");
    checked.outcomes.push_back(
        {one.check->name(), one.warns, one.where, one.check->judge(measured, time)});
  }
  if (compares && checked.count("failed") == 0) baseline.accept(table, *result.output);
  return checked;
}

}  // namespace gristmill
