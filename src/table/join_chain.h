// The joins of a FROM, as a chain from left to right.
#pragma once

#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace gristmill {

// Join k puts the right side leaves[k + 1] to all before it.
struct JoinChain {
  std::vector<nlohmann::json> leaves;  // one more than joins
  std::vector<nlohmann::json> joins;   // JOIN nodes, their sides aside
};

// The SELECTs of a query node that read a FROM: itself, those of WITH, of each side of UNION and
// the like, and those that stand in a FROM. Each with all of WITH that it sees.
std::vector<nlohmann::json> selects_of(const nlohmann::json& query);

// The joins on equal values and the ASOF ones, from the left up to the first that is neither:
// others may take far longer to count than the query itself takes. A comma is a join of kind CROSS.
JoinChain join_chain(const nlohmann::json& from);
// Leaves the first `count` joins.
void cut(JoinChain& chain, size_t count);
bool is_asof(const nlohmann::json& join);

// Columns that conditions below `node` name, in lower case.
void add_condition_names(const nlohmann::json& node, std::set<std::string>& names);

// Columns of the right side `alias` that join compares for equality with others. `own` are that
// side's columns, `others` those of the sides before it, all in lower case. Empty: not known.
std::set<std::string> equal_columns(const nlohmann::json& join, const std::string& alias,
                                    const std::set<std::string>& own,
                                    const std::set<std::string>& others);

}  // namespace gristmill
