// A SELECT as the tree that DuckDB's own parser makes of it (json_serialize_sql).
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "table/engine.h"

namespace gristmill {

// The query node of the one SELECT in `sql`. Code::invalid with line and column otherwise.
nlohmann::json sql_tree(SqlSession& engine, const std::string& sql);
// A query node as SQL again.
std::string sql_of(SqlSession& engine, const nlohmann::json& node);

// Whether a SELECT that passes check_repeatable() gives the same set of rows when it is run twice
// over the same tables: threads decide nothing in it.
bool is_same_each_time(SqlSession& engine, const nlohmann::json& node, const std::string& sql);
// As Engine's.
void check_repeatable(SqlSession& engine, const std::string& sql);

// Line and column of a byte of `sql`.
Where place_at(std::string_view sql, size_t position);

// "" when there is none.
std::string json_text(const nlohmann::json& node, const char* key);

// `name`, `schema.name` or `catalog.schema.name` of a BASE_TABLE node.
std::string table_name_of(const nlohmann::json& base_table);
// Such a name as SQL reads it: "a.b" is the table b of a source a.
std::string quoted_table_name(const std::string& name);

// Whether a query node is a SELECT that gives one row for each that its WHERE leaves of its FROM.
bool gives_its_rows(const nlohmann::json& node);
// The one table each of whose rows such a SELECT gives; "" for all others.
std::string whole_table(const nlohmann::json& node);

// Tables read below `node`, in the order met, without names bound by WITH. Calls `function` for
// each table function.
std::vector<std::string> tables_of(const nlohmann::json& node,
                                   const std::function<void(const std::string& name)>& function);

}  // namespace gristmill
