// Tables as one looks at them, outside of a run.
#include <algorithm>

#include "pipeline/tables.h"

namespace gristmill {

bool Tables::shown_before_rules(const std::string& name) const {
  const std::vector<RuleSpec>& rules = project_.rules_of(name);
  return std::any_of(project_.predicts.begin(), project_.predicts.end(),
                     [&](const PredictSpec& spec) { return spec.from == name; }) ||
         std::any_of(rules.begin(), rules.end(), [](const RuleSpec& rule) {
           return Rules::instance().get(rule.kind, "rule").is_fitted(rule.params);
         });
}

const TableHandle& Tables::shown(const std::string& name) {
  const bool before_rules = shown_before_rules(name);
  if (before_rules && project_.tables.count(name) == 0) {
    auto found = shown_.find(name);
    if (found == shown_.end())
      found = shown_.emplace(name, source_handle(source_table(name, {}))).first;
    return found->second;
  }
  const TableHandle& handle = before_rules ? stored(name) : cleaned(name);
  if (handle.need.whole) handle.need.whole();
  return handle;
}

std::vector<std::string> Tables::define_shown(const std::string& sql) {
  Engine& engine = executor_.workspace().engine();
  const std::vector<std::string> names = engine.tables_read(sql);
  // All are made before the first is defined: one may read another as its rules leave it.
  std::vector<const TableHandle*> handles;
  for (const std::string& name : names) handles.push_back(&shown(name));
  for (size_t i = 0; i < names.size(); ++i) {
    const auto [schema, table] = split_name(names[i]);
    engine.define(schema, table, handles[i]->relation, handles[i]->statistics);
  }
  return names;
}

}  // namespace gristmill
