// Tables by name: source tables, and the project's own in SQL, as stored versions.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "clean/check.h"
#include "pipeline/executor.h"
#include "pipeline/open_sources.h"
#include "pipeline/rule_maker.h"
#include "table/union_query.h"
#include "table/version.h"

namespace gristmill {

// A table as something may read it.
struct TableHandle {
  TaskNeed need;  // what a task that reads it depends on
  Schema schema;
  std::optional<TableVersion> version;  // absent: read from its source, or planned
  std::string relation;                 // SQL that stands in FROM; planned: of no rows
  nlohmann::json facts;                 // rows in and out, joins, notes
  // Of a table that is read from a database server.
  std::function<ServerStatistics(SqlSession&)> statistics = {};
};

class Tables {
 public:
  // `frozen`: stored tables are taken as they last were; their sources are not looked at.
  Tables(const Project& project, Executor& executor, bool frozen = false);
  // Over sources that another looks at, too.
  Tables(const Project& project, Executor& executor, bool frozen, OpenSources& sources);
  // Code::not_found for rules of a table that is not there.
  void check_rules();

  // The table as SQL and lookups of the project see it: with its own (unfitted) rules applied.
  const TableHandle& cleaned(const std::string& name);
  // The table as a lookup reads it: like cleaned(), but always a stored version.
  const TableHandle& reference(const std::string& name);
  // A stored version without its rules: what a prediction reads.
  const TableHandle& stored(const std::string& name);

  // What its rules run over: a stored version of a table in SQL; a source's own rows.
  TableHandle before_rules(const std::string& name);

  // The table as one looks at it, by `show` and `sql`. One that a prediction is made from, or whose
  // rules must be fitted, is as it is stored, for so it comes to its rules, in training and in a
  // request; all others are as their rules leave them.
  const TableHandle& shown(const std::string& name);
  bool shown_before_rules(const std::string& name) const;
  // Defines the tables that `sql` reads as shown(); returns their names.
  std::vector<std::string> define_shown(const std::string& sql);

  // All source tables, opened; by "source.table".
  const std::map<std::string, SourceTable>& source_tables() { return sources_.looked_at(); }
  // The names a user may write: source tables and project tables.
  std::vector<std::string> names();
  RuleMaker rule_maker(const std::string& for_table);
  // What a rule needs beside its own table: the table that a lookup names.
  std::vector<TaskNeed> reference_needs(const RuleSpec& rule);
  // The texts that stand for a missing value in the sources that a table is made of.
  std::vector<std::string> null_texts(const std::string& table);
  // Defines every table that `sql` reads in the engine; returns what it needs.
  std::vector<TaskNeed> define_inputs(const std::string& sql, const Where& where);

  // Holds tables to what is expected of them, each when it is first used as its rules leave it.
  // Given the table, and whether another is being made from it; false: to be asked again when none
  // is.
  using Expect = std::function<bool(const std::string& table, bool making)>;
  void expect_by(Expect expect) { expect_ = std::move(expect); }
  void expect(const std::string& name);
  // What the checks of a table, whose rows have this schema, may ask.
  CheckContext check_context(const std::string& name, const Schema& schema);

  // Of each table made or found, in the order asked for.
  const std::vector<std::pair<std::string, nlohmann::json>>& facts() const { return facts_; }

 private:
  const SourceTable& source_table(const std::string& name, const Where& where);
  TableHandle make_stored(const std::string& name);
  TableHandle last_stored(const std::string& name);  // under --frozen
  // The SQL of a table of the project, parameters put in, checked to be repeatable.
  std::string table_sql(const TableSpec& spec) const;
  // Defines the tables in the engine; what they need.
  std::vector<TaskNeed> define_tables(const std::vector<NamedTable>& tables);
  UnionQuery define_union(const TableSpec& spec, std::vector<TaskNeed>& needs);
  std::vector<NamedTable> united(const TableSpec& spec);
  std::vector<std::string> names_like(const std::string& pattern);
  std::vector<std::string> tables_read(const TableSpec& spec);
  // The task of this kind that was used last, if the store still holds all that it made.
  std::optional<TaskRecord> last_whole(const std::string& kind, const std::string& name);
  TableHandle from_task(const std::string& name, const TaskRecord& task);
  TableHandle make_cleaned(const std::string& name);
  TableHandle source_handle(const SourceTable& table);
  std::vector<std::string> key_of(const std::string& name) const;
  Schema planned_schema(const VersionRequest& request, const Where& where);
  TableHandle from_result(const std::string& name, const TaskResult& result);
  TableHandle make_once(const std::string& name, bool cleaned,
                        const std::function<TableHandle()>& make);

  const Project& project_;
  Executor& executor_;
  bool frozen_;
  Expect expect_;
  std::vector<std::string> expected_later_;
  std::optional<OpenSources> own_sources_;
  OpenSources& sources_;
  std::map<std::string, TableHandle> stored_, cleaned_, shown_;
  std::vector<std::pair<std::string, bool>> making_;  // (table, cleaned) being made, to find cycles
  std::vector<std::pair<std::string, nlohmann::json>> facts_;
};

}  // namespace gristmill
