// The table function gristmill_csv(files, options): CSV read by our own decoder, so that what was
// trained on is what `predict` reads. Blocks are read side by side, only the columns asked for.
#include "base/thread_pool.h"
#include "frame/csv_columns.h"
#include "source/csv_scan.h"
#include "table/functions.h"

namespace gristmill {
namespace {

struct Bound {
  CsvScan scan;
  Schema columns;  // of the function, with `filename`
};

// Of one scan.
struct Shared {
  explicit Shared(const CsvScan& scan) : scan(scan), blocks(scan), nulls(scan.nulls) {}
  const CsvScan& scan;
  CsvScanBlocks blocks;
  NullTexts nulls;
  std::vector<size_t> wanted;  // columns, in the order of the output
  Schema schema;               // theirs
};

// Of one thread.
struct Local {
  explicit Local(const Shared& shared) : cells(shared.scan.delimiter), rows(shared.schema) {}
  CsvCells cells;
  CsvBlock block;
  BatchBuffer rows;
  int64_t in_block = 0, given = 0;
};

// DuckDB calls these from C: nothing may be thrown through them.
void bind(duckdb_bind_info info) {
  guarded(info, duckdb_bind_set_error, [&] {
    Value files(duckdb_bind_get_parameter(info, 0)), options(duckdb_bind_get_parameter(info, 1));
    auto bound = std::make_unique<Bound>();
    bound->scan = CsvScan::from_options(text_of(options));
    for (idx_t i = 0; i < duckdb_get_list_size(files.get()); ++i)
      bound->scan.files.push_back(text_of(Value(duckdb_get_list_child(files.get(), i))));
    bound->columns = bound->scan.columns;
    if (bound->scan.filename) bound->columns.add({"filename", Type::string, false});
    for (const Field& field : bound->columns.fields()) {
      DuckType type(duckdb_create_logical_type(duckdb_type_of(field.type)));
      duckdb_bind_add_result_column(info, field.name.c_str(), type.get());
    }
    if (bound->scan.rows >= 0) duckdb_bind_set_cardinality(info, idx_t(bound->scan.rows), true);
    duckdb_bind_set_bind_data(info, bound.release(), destroy<Bound>);
  });
}

void init(duckdb_init_info info) {
  guarded(info, duckdb_init_set_error, [&] {
    const Bound& bound = *static_cast<const Bound*>(duckdb_init_get_bind_data(info));
    auto shared = std::make_unique<Shared>(bound.scan);
    for (idx_t i = 0; i < duckdb_init_get_column_count(info); ++i) {
      const idx_t column = duckdb_init_get_column_index(info, i);
      if (column >= bound.columns.size()) throw Error(Code::internal, "a column that is not there");
      shared->wanted.push_back(column);
      shared->schema.add(bound.columns[column]);
    }
    duckdb_init_set_max_threads(info, idx_t(available_cores()));
    duckdb_init_set_init_data(info, shared.release(), destroy<Shared>);
  });
}

Shared& shared_of(duckdb_function_info info) {
  return *static_cast<Shared*>(duckdb_function_get_init_data(info));
}

void init_local(duckdb_init_info info) {
  duckdb_init_set_init_data(info, new std::unique_ptr<Local>, destroy<std::unique_ptr<Local>>);
}

// A cell that is not of the type that the user gave its column.
Error with_type_hint(const Error& error) {
  if (error.where().field.empty() || !error.hint().empty()) return error;
  return error.with_hint(fmt::format(
      "give its type with `types: {{{}: text}}`, or name the text that means missing in "
      "`nulls: [...]`",
      error.where().field));
}

// False at the end.
bool read_block(Shared& shared, Local& local) {
  size_t file = 0;
  local.in_block = local.given = 0;
  while (local.in_block == 0) {
    if (!shared.blocks.next(local.block, file, local.cells)) return false;
    try {
      local.cells.find(local.block);
      local.in_block = local.cells.rows();
      local.rows.clear();
      for (size_t i = 0; i < shared.wanted.size(); ++i) {
        if (shared.wanted[i] < shared.scan.columns.size()) {
          read_csv_column(local.cells, shared.wanted[i], shared.schema[i], shared.nulls,
                          local.rows[i]);
          continue;
        }
        for (int64_t row = 0; row < local.in_block; ++row)
          local.rows[i].append(std::string_view(shared.scan.files[file].native()));
      }
    } catch (const Error& error) {
      throw in_scan(with_type_hint(error), shared.scan.files[file]);
    }
  }
  return true;
}

void read(duckdb_function_info info, duckdb_data_chunk chunk) {
  guarded(info, duckdb_function_set_error, [&] {
    Shared& shared = shared_of(info);
    auto& local = *static_cast<std::unique_ptr<Local>*>(duckdb_function_get_local_init_data(info));
    if (local == nullptr) local = std::make_unique<Local>(shared);
    int64_t rows = 0;
    if (local->given < local->in_block || read_block(shared, *local)) {
      rows = std::min(int64_t(duckdb_vector_size()), local->in_block - local->given);
      const Batch batch = local->rows.view();
      for (size_t i = 0; i < batch.columns.size(); ++i)
        fill_vector(duckdb_data_chunk_get_vector(chunk, i), batch.columns[i], local->given, rows);
      local->given += rows;
    }
    duckdb_data_chunk_set_size(chunk, idx_t(rows));
  });
}

}  // namespace

void register_csv_function(duckdb_connection connection) {
  duckdb_table_function function = duckdb_create_table_function();
  duckdb_table_function_set_name(function, "gristmill_csv");
  DuckType text(duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR));
  DuckType list(duckdb_create_list_type(text.get()));
  duckdb_table_function_add_parameter(function, list.get());
  duckdb_table_function_add_parameter(function, text.get());
  duckdb_table_function_supports_projection_pushdown(function, true);
  duckdb_table_function_set_bind(function, bind);
  duckdb_table_function_set_init(function, init);
  duckdb_table_function_set_local_init(function, init_local);
  duckdb_table_function_set_function(function, read);
  add_function(connection, function, "gristmill_csv");
}

}  // namespace gristmill
