// Where a query joins a table of a server on equal values with something else.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "source/source.h"

namespace gristmill {

// Whatever rows `table` holds, those whose `column` is not among the values of `keys` change
// nothing in the query's result.
struct JoinSite {
  const nlohmann::json* table;  // its BASE_TABLE node
  std::string column;           // as the query writes it
  nlohmann::json keys;          // a SELECT of one column, `key`
};

// Likewise of those that do not fulfil `condition`, which compares `column` with constants.
struct FilterSite {
  const nlohmann::json* table;
  std::string column;
  const nlohmann::json* condition;
};

struct Sites {
  std::vector<JoinSite> joins;
  std::vector<FilterSite> filters;
};

// The sites of the tables that `wanted` (of a name as written) says yes to, in all of a query's
// SELECTs: inner joins and those that drop unmatched rows of the table, by ON, USING or WHERE, IN
// (SELECT …), EXISTS (SELECT …), and subqueries that ask for a value of the SELECT around them; and
// what WHERE says of the table alone. They point into `tree`. Found in the tree that the parser
// makes: what its names do not settle is no site.
Sites join_sites(SqlSession& engine, const nlohmann::json& tree,
                 const std::function<bool(const std::string& name)>& wanted);

}  // namespace gristmill
