// Our rows → a table of the engine.
#include "base/progress.h"
#include "expr/op.h"
#include "table/session.h"

namespace gristmill {
namespace {

void destroy_appender(duckdb_appender* appender) { duckdb_appender_destroy(appender); }
using Appender = Owned<duckdb_appender, destroy_appender>;

DuckChunk make_chunk(const Schema& schema) {
  std::vector<DuckType> owned;
  std::vector<duckdb_logical_type> types;
  for (const Field& field : schema.fields()) {
    owned.emplace_back(duckdb_create_logical_type(duckdb_type_of(field.type)));
    types.push_back(owned.back().get());
  }
  return DuckChunk(duckdb_create_data_chunk(types.data(), types.size()));
}

std::string failure_of(const Appender& appender) {
  duckdb_error_data data = duckdb_appender_error_data(appender.get());
  const char* message = duckdb_error_data_message(data);
  std::string text = message == nullptr ? "rows could not be loaded" : message;
  duckdb_destroy_error_data(&data);
  return text;
}

void append(const Appender& appender, const Batch& batch, const DuckChunk& chunk) {
  for (int64_t begin = 0; begin < batch.rows;) {
    duckdb_data_chunk_reset(chunk.get());
    begin += fill_chunk(chunk.get(), batch, begin);
    if (duckdb_append_data_chunk(appender.get(), chunk.get()) == DuckDBError) {
      throw duckdb_failure(failure_of(appender), "");
    }
  }
}

}  // namespace

void Engine::load(const std::string& table, BatchReader& rows) {
  std::unique_ptr<Session> session = impl_->session();
  session->begin();
  std::string columns;
  for (const Field& field : rows.schema().fields()) {
    columns += fmt::format("{}{} {}", columns.empty() ? "" : ", ", quote_name(field.name),
                           sql_name(field.type));
  }
  session->execute(fmt::format("CREATE TABLE {} ({})", quote_name(table), columns));
  Appender appender;
  if (duckdb_appender_create(session->connection(), nullptr, table.c_str(), appender.out()) ==
      DuckDBError) {
    throw duckdb_failure(failure_of(appender), "");
  }
  DuckChunk chunk = make_chunk(rows.schema());
  Batch batch;
  while (rows.next(batch)) {
    check_interrupted();
    append(appender, batch, chunk);
  }
  if (duckdb_appender_close(appender.get()) == DuckDBError) {
    throw duckdb_failure(failure_of(appender), "");
  }
  session->execute("COMMIT");
}

LoadedTable::LoadedTable(Engine& engine, const std::string& name, BatchReader& rows)
    : engine_(engine), relation_(quote_name(name)) {
  engine.load(name, rows);
}

LoadedTable::~LoadedTable() {
  try {
    engine_.execute("DROP TABLE " + relation_);
  } catch (const Error&) {
    // It goes with the engine, then.
  }
}

}  // namespace gristmill
