// Joins with tables on database servers: the other side's keys are read first and sent along, so
// that the server gives the rows that can join and no others. The join itself is done as it was
// written: what the server leaves out need only be rows that change nothing (table/join_sites.h).
#pragma once

#include <functional>
#include <string>

#include "table/engine.h"

namespace gristmill {

// Of a table's name as written; null for what lies on no server.
using StatisticsOf = std::function<const ServerStatistics*(const std::string& table)>;

// What to execute before such a query, in its session; narrow() has done it.
std::string lookup_settings(SqlSession& engine);

struct Narrowing {
  bool read_keys = true;     // else the query stays as it is, and the notes say what would be tried
  bool send_filters = true;  // conditions of WHERE, too; of these no note speaks
};

// The query with `FROM ops.planes` written as `FROM (SELECT * FROM ops.planes WHERE tailnum IN (…))
// AS planes` where that pays: the table is large, the keys are few against it, and the server finds
// by them all that SQL here takes for equal. A condition of WHERE that the server would judge by
// its own rules is sent as well, where these let all rows through that ours do. `engine` is to be
// one transaction, in which the query runs as well: both then see the same rows. Any error: the
// query is to run as it is.
NarrowedQuery narrow(SqlSession& engine, const std::string& sql, const StatisticsOf& statistics,
                     const Narrowing& how);

}  // namespace gristmill
