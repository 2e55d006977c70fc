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

void add_files_function(duckdb_connection connection, const char* name,
                        duckdb_table_function_bind_t bind, duckdb_table_function_init_t init,
                        duckdb_table_function_init_t init_local, duckdb_table_function_t read) {
  duckdb_table_function function = duckdb_create_table_function();
  duckdb_table_function_set_name(function, name);
  DuckType text(duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR));
  DuckType list(duckdb_create_list_type(text.get()));
  duckdb_table_function_add_parameter(function, list.get());
  duckdb_table_function_add_parameter(function, text.get());
  duckdb_table_function_supports_projection_pushdown(function, true);
  duckdb_table_function_set_bind(function, bind);
  duckdb_table_function_set_init(function, init);
  if (init_local != nullptr) duckdb_table_function_set_local_init(function, init_local);
  duckdb_table_function_set_function(function, read);
  add_function(connection, function, name);
}

}  // namespace gristmill
