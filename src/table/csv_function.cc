// The table function gristmill_csv(files, options): CSV read by our own decoder, so that what was
// trained on is what `predict` reads. Blocks are read side by side, only the columns asked for.
#include "base/thread_pool.h"
#include "frame/csv_columns.h"
#include "source/csv_scan.h"
#include "table/functions.h"

namespace gristmill {
namespace {

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
    auto scan = std::make_unique<CsvScan>(CsvScan::from_options(text_of(options)));
    for (idx_t i = 0; i < duckdb_get_list_size(files.get()); ++i)
      scan->files.push_back(text_of(Value(duckdb_get_list_child(files.get(), i))));
    add_result_columns(info, scan->schema());
    if (scan->rows >= 0) duckdb_bind_set_cardinality(info, idx_t(scan->rows), true);
    duckdb_bind_set_bind_data(info, scan.release(), destroy<CsvScan>);
  });
}

void init(duckdb_init_info info) {
  guarded(info, duckdb_init_set_error, [&] {
    const CsvScan& scan = *static_cast<const CsvScan*>(duckdb_init_get_bind_data(info));
    const Schema schema = scan.schema();
    auto shared = std::make_unique<Shared>(scan);
    for (idx_t i = 0; i < duckdb_init_get_column_count(info); ++i) {
      const idx_t column = duckdb_init_get_column_index(info, i);
      if (column >= schema.size()) throw Error(Code::internal, "a column that is not there");
      shared->wanted.push_back(column);
      shared->schema.add(schema[column]);
    }
    duckdb_init_set_max_threads(info, idx_t(available_cores()));
    duckdb_init_set_init_data(info, shared.release(), destroy<Shared>);
  });
}

void init_local(duckdb_init_info info) {
  guarded(info, duckdb_init_set_error, [&] {
    duckdb_init_set_init_data(info, new std::unique_ptr<Local>, destroy<std::unique_ptr<Local>>);
  });
}

// A cell that is not of the type that the user gave its column.
Error with_type_hint(const Error& error) {
  if (error.where().field.empty() || !error.hint().empty()) return error;
  return error.with_hint(fmt::format(
      "give its type with `types: {{{}: text}}`, which the rule `parse` makes numbers or times, or "
      "name the text that means missing in `nulls: [...]`",
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
                          shared.scan.decimal, local.rows[i]);
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
    Shared& shared = *static_cast<Shared*>(duckdb_function_get_init_data(info));
    auto& local = *static_cast<std::unique_ptr<Local>*>(duckdb_function_get_local_init_data(info));
    if (local == nullptr) local = std::make_unique<Local>(shared);
    if (local->given == local->in_block && !read_block(shared, *local))
      return duckdb_data_chunk_set_size(chunk, 0);
    Batch batch = local->rows.view();
    batch.rows = local->in_block;  // there may be no columns
    local->given += fill_chunk(chunk, batch, local->given);
  });
}

}  // namespace

void register_csv_function(duckdb_connection connection) {
  add_files_function(connection, "gristmill_csv", bind, init, init_local, read);
}

}  // namespace gristmill
