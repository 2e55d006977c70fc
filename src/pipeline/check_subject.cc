#include "pipeline/check_subject.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace gristmill {
namespace {

void refuse_contradictions(const std::vector<ExpectedCheck>& all) {
  for (size_t i = 0; i < all.size(); ++i) {
    for (size_t k = 0; k < all.size(); ++k) {
      const std::string why = i == k ? "" : all[i].check->conflict(*all[k].check);
      if (why.empty()) continue;
      const ExpectedCheck &first = all[std::min(i, k)], &second = all[std::max(i, k)];
      throw Error(Code::invalid,
                  fmt::format("{}: `{}` and `{}` cannot both hold: {}", check_owner,
                              first.check->name(), second.check->name(), why),
                  second.where);
    }
  }
}

}  // namespace

std::vector<std::string> CheckSubject::columns() const {
  if (from != nullptr) return {};  // its rules read what they like
  std::set<std::string> names(key.begin(), key.end());
  for (const ExpectedCheck& one : expected) {
    for (std::string& name : one.check->reads()) names.insert(std::move(name));
  }
  std::vector<std::string> columns;  // in the table's order
  for (const Field& field : handle->schema.fields()) {
    if (names.count(field.name) > 0) columns.push_back(field.name);
  }
  if (columns.empty()) columns.push_back(handle->schema[0].name);  // to count rows
  return columns;
}

CheckSubject check_subject(const Project& project, Tables& tables, const std::string& table) {
  CheckSubject subject{.table = table};
  const std::vector<RuleSpec>& rules = project.rules_of(table);
  for (const PredictSpec& spec : project.predicts) {
    if (spec.from == table && subject.from == nullptr) subject.from = &spec;
  }
  subject.handle = subject.from != nullptr ? &tables.stored(table) : &tables.reference(table);
  std::unique_ptr<LabelStage> labels;
  if (subject.from != nullptr)
    labels = std::make_unique<LabelStage>(*subject.from, rules, subject.handle->schema,
                                          tables.rule_maker(table));
  subject.rows = std::make_unique<CheckedRows>(subject.handle->schema, std::move(labels));
  const CheckContext context = tables.check_context(table, subject.rows->schema());
  for (const std::string& name : context.key) {
    if (context.schema.find(name) >= 0) subject.key.push_back(name);
  }
  for (const RuleSpec& rule : rules) {
    if (!rule.is_check()) continue;
    Expectation expectation =
        told_at(rule.where, [&] { return read_expectation(rule.params, context); });
    for (auto& check : expectation.checks)
      subject.expected.push_back({std::move(check), expectation.warns, rule.where});
  }
  refuse_contradictions(subject.expected);
  return subject;
}

}  // namespace gristmill
