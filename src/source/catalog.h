// What an attached database holds.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "source/source.h"

namespace gristmill {

// (schema, name) of the tables and views that are not the database's own, sorted.
std::vector<std::pair<std::string, std::string>> tables_and_views(SqlSession& session,
                                                                  const std::string& catalog);

}  // namespace gristmill
