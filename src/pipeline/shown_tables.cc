// Tables as one looks at them, outside of a run.
#include <algorithm>

#include "pipeline/tables.h"

namespace gristmill {

bool Tables::shown_before_rules(const std::string& name) const {
  const std::vector<RuleSpec>& rules = project_.rules_of(name);
  return std::any_of(project_.predicts.begin(), project_.predicts.end(),
                     [&](const PredictSpec& spec) { return spec.from == name; }) ||
         std::any_of(rules.begin(), rules.end(), [](const RuleSpec& rule) {
           return Rules::instance().get(rule.kind, "rule").fitted;
         });
}

const TableHandle& Tables::shown(const std::string& name) {
  if (!shown_before_rules(name)) return cleaned(name);
  if (project_.tables.count(name) > 0) return stored(name);
  return shown_.try_emplace(name, source_handle(source_table(name, {}))).first->second;
}

std::vector<std::string> Tables::define_shown(const std::string& sql) {
  Engine& engine = executor_.workspace().engine();
  const std::vector<std::string> names = engine.tables_read(sql);
  // All are made before the first is defined: one may read another as its rules leave it.
  for (const std::string& name : names) shown(name);
  for (const std::string& name : names) {
    const TableHandle& handle = shown(name);
    if (handle.need.whole) handle.need.whole();
    const auto [schema, table] = split_name(name);
    engine.define(schema, table, handle.relation);
  }
  return names;
}

}  // namespace gristmill
