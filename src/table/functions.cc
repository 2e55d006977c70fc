#include "table/functions.h"

namespace gristmill {

void add_result_columns(duckdb_bind_info info, const Schema& schema) {
  for (const Field& field : schema.fields()) {
    DuckType type(duckdb_create_logical_type(duckdb_type_of(field.type)));
    duckdb_bind_add_result_column(info, field.name.c_str(), type.get());
  }
}

void add_function(duckdb_connection connection, duckdb_table_function function,
                  const std::string& name) {
  const duckdb_state state = duckdb_register_table_function(connection, function);
  duckdb_destroy_table_function(&function);
  if (state == DuckDBError) throw Error(Code::internal, "the SQL engine refuses " + name);
}

}  // namespace gristmill
