// What database servers know of their tables, asked for through the SQL engine they are attached
// to.
#pragma once

#include <string>

#include "source/source.h"

namespace gristmill {

// A table as its server names it, and the name under which the server is attached.
struct ServerTable {
  std::string catalog, schema, name;
};

// One query to the server's catalog; no row of the table is read.
ServerStatistics postgresql_statistics(SqlSession& session, const ServerTable& table);
ServerStatistics mysql_statistics(SqlSession& session, const ServerTable& table);

}  // namespace gristmill
