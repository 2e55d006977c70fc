// How a table of the project is made from others: its SQL, or the union of several.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "pipeline/planned_table.h"
#include "source/files.h"

namespace gristmill {

std::string Tables::table_sql(const TableSpec& spec) const {
  std::string sql =
      told_at(spec.where, [&] { return Engine::with_params(spec.sql, project_.params); });
  try {
    executor_.workspace().engine().check_repeatable(sql);
  } catch (const Error& error) {
    throw in_sql(error, spec.where);
  }
  return sql;
}

std::vector<TaskNeed> Tables::define_inputs(const std::string& sql, const Where& where) {
  std::vector<NamedTable> read;
  try {
    for (std::string& name : executor_.workspace().engine().tables_read(sql))
      read.push_back({std::move(name), where});
  } catch (const Error& error) {
    throw in_sql(error, where);
  }
  return define_tables(read);
}

std::vector<TaskNeed> Tables::define_tables(const std::vector<NamedTable>& tables) {
  std::vector<TaskNeed> needs;
  for (const auto& [name, where] : tables) {
    if (project_.tables.count(name) == 0) source_table(name, where);  // or its error has no place
    const TableHandle& handle = cleaned(name);
    needs.push_back(handle.need);
    const auto [schema, table] = split_name(name);
    executor_.workspace().engine().define(schema, table, handle.relation, handle.statistics);
  }
  return needs;
}

std::vector<std::string> Tables::names_like(const std::string& pattern) {
  std::vector<std::string> all;
  const auto [source, unused] = split_name(pattern);
  if (source.empty()) {
    for (const auto& [name, unused_spec] : project_.tables) all.push_back(name);
  }
  for (const SourceSpec& spec : project_.sources) {
    if (!is_like(spec.name, source)) continue;
    for (std::string& name : sources_.names(spec.name)) all.push_back(std::move(name));
  }
  std::erase_if(all, [&](const std::string& name) {
    const auto [its_source, its_table] = split_name(name);
    return !is_like(its_table, split_name(pattern).second);
  });
  return all;
}

std::vector<NamedTable> Tables::united(const TableSpec& spec) {
  std::set<std::string> named;
  for (const NamedTable& table : spec.unite) named.insert(table.name);
  std::vector<NamedTable> all;
  for (const NamedTable& table : spec.unite) {
    if (!has_wildcard(table.name)) {
      all.push_back(table);
      continue;
    }
    std::vector<std::string> like = names_like(table.name);
    std::erase(like, spec.name);
    if (like.empty())
      throw Error(Code::not_found, fmt::format("no table is like `{}`", table.name), table.where,
                  did_you_mean(table.name, names()));
    for (std::string& name : like) {
      if (named.insert(name).second) all.push_back({std::move(name), table.where});
    }
  }
  return all;
}

UnionQuery Tables::define_union(const TableSpec& spec, std::vector<TaskNeed>& needs) {
  const std::vector<NamedTable> tables = united(spec);
  needs = define_tables(tables);
  std::vector<std::string> names;
  for (const NamedTable& table : tables) names.push_back(table.name);
  return told_at(spec.where,
                 [&] { return union_query(executor_.workspace().engine(), names, spec.origin); });
}

}  // namespace gristmill
