// What table functions of ours share.
#pragma once

#include <memory>
#include <string>

#include "table/convert.h"
#include "table/handles.h"

namespace gristmill {

using Value = Owned<duckdb_value, duckdb_destroy_value>;
inline std::string text_of(const Value& value) {
  char* text = duckdb_get_varchar(value.get());
  std::string out = text == nullptr ? "" : text;
  duckdb_free(text);
  return out;
}

template <class T>
void destroy(void* data) {
  delete static_cast<T*>(data);
}

// An Error as text that duckdb_failure() reads back.
std::string packed(const Error& error);

// Calls `call`; what it throws becomes DuckDB's error.
template <class Info, class Call>
void guarded(Info info, void (*set_error)(Info, const char*), const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    set_error(info, packed(error).c_str());
  } catch (const std::exception& error) {
    set_error(info, error.what());
  }
}

void add_result_columns(duckdb_bind_info info, const Schema& schema);

// Registers and destroys it.
void add_function(duckdb_connection connection, duckdb_table_function function,
                  const std::string& name);

// One of (files, options) that reads the columns asked for. `init_local` may be null.
void add_files_function(duckdb_connection connection, const char* name,
                        duckdb_table_function_bind_t bind, duckdb_table_function_init_t init,
                        duckdb_table_function_init_t init_local, duckdb_table_function_t read);

void register_csv_function(duckdb_connection connection);
void register_file_function(duckdb_connection connection);
void register_utf8_function(duckdb_connection connection);

}  // namespace gristmill
