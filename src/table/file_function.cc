// The table function gristmill_file(files, options): files read by readers of our own, in their
// order, only the columns asked for.
#include "source/file_scan.h"
#include "table/functions.h"

namespace gristmill {
namespace {

struct Reading {
  std::unique_ptr<BatchReader> rows;
  Batch batch;
  int64_t given = 0;  // rows of it
};

// DuckDB calls these from C: nothing may be thrown through them.
void bind(duckdb_bind_info info) {
  guarded(info, duckdb_bind_set_error, [&] {
    Value files(duckdb_bind_get_parameter(info, 0)), options(duckdb_bind_get_parameter(info, 1));
    auto scan = std::make_unique<FileScan>(FileScan::from_options(text_of(options)));
    for (idx_t i = 0; i < duckdb_get_list_size(files.get()); ++i)
      scan->files.push_back(text_of(Value(duckdb_get_list_child(files.get(), i))));
    add_result_columns(info, scan->schema());
    duckdb_bind_set_bind_data(info, scan.release(), destroy<FileScan>);
  });
}

void init(duckdb_init_info info) {
  guarded(info, duckdb_init_set_error, [&] {
    const FileScan& scan = *static_cast<const FileScan*>(duckdb_init_get_bind_data(info));
    std::vector<size_t> wanted;
    for (idx_t i = 0; i < duckdb_init_get_column_count(info); ++i) {
      const idx_t column = duckdb_init_get_column_index(info, i);
      if (column >= scan.schema().size()) throw Error(Code::internal, "a column that is not there");
      wanted.push_back(column);
    }
    duckdb_init_set_max_threads(info, 1);
    duckdb_init_set_init_data(info, new Reading{.rows = read_files(scan, wanted), .batch = {}},
                              destroy<Reading>);
  });
}

void read(duckdb_function_info info, duckdb_data_chunk chunk) {
  guarded(info, duckdb_function_set_error, [&] {
    Reading& reading = *static_cast<Reading*>(duckdb_function_get_init_data(info));
    while (reading.given == reading.batch.rows) {
      reading.given = reading.batch.rows = 0;
      if (!reading.rows->next(reading.batch)) return duckdb_data_chunk_set_size(chunk, 0);
    }
    reading.given += fill_chunk(chunk, reading.batch, reading.given);
  });
}

}  // namespace

void register_file_function(duckdb_connection connection) {
  add_files_function(connection, "gristmill_file", bind, init, nullptr, read);
}

}  // namespace gristmill
