// Where a database server compares by other rules than SQL here.
#pragma once

#include <map>
#include <set>
#include <string>

#include "source/server_statistics.h"

namespace gristmill {

// Of the tables of a schema, by table, the columns on which no condition may be left to the server:
// it would find other rows than we do.
using ServerColumns = std::map<std::string, std::set<std::string>>;
ServerColumns postgresql_own_rules(SqlSession& session, const ServerTable& schema);
ServerColumns mysql_own_rules(SqlSession& session, const ServerTable& schema);

// All of a table of MySQL, by a query of its own: DuckDB's scan of `relation` cannot write its
// names.
std::string mysql_query_of(SqlSession& session, const ServerTable& at, const std::string& relation);

// All of a relation, with no condition on one of `columns` left to the server: `SELECT … FROM …`.
std::string select_judged_here(const std::string& relation, const Schema& schema,
                               const std::set<std::string>& columns);

}  // namespace gristmill
