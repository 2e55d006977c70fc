#include "table/engine.h"

#include "base/text.h"
#include "base/thread_pool.h"
#include "frame/cell.h"
#include "table/bind.h"
#include "table/functions.h"
#include "table/machine.h"
#include "table/session.h"

namespace gristmill {
namespace {

void set(const DuckConfig& config, const char* name, const std::string& value) {
  if (duckdb_set_config(config.get(), name, value.c_str()) == DuckDBError) {
    throw Error(Code::internal, fmt::format("the SQL engine refuses {} = {}", name, value));
  }
}

DuckDatabase open_database(const EngineOptions& options) {
  DuckConfig config;
  if (duckdb_create_config(config.out()) == DuckDBError) {
    throw Error(Code::internal, "the SQL engine does not start");
  }
  int64_t memory = options.memory_bytes > 0 ? options.memory_bytes : memory_allowed() * 6 / 10;
  int threads = options.threads > 0 ? options.threads : ThreadPool().size();
  set(config, "threads", std::to_string(threads));
  set(config, "memory_limit", fmt::format("{}KiB", std::max<int64_t>(memory / 1024, 1024)));
  set(config, "preserve_insertion_order", "true");
  // No network, ever: an extension is loaded from its file, or it is an error.
  set(config, "autoinstall_known_extensions", "false");
  set(config, "autoload_known_extensions", "false");
  set(config, "allow_community_extensions", "false");
  // Ours lie beside the program and are as trusted as it is. Checking their signatures takes a
  // thread a megabyte, and aborts the program where one of those cannot be started.
  set(config, "allow_unsigned_extensions", "true");
  // Secrets of the user's other DuckDBs are none of ours. (Without persistent secrets at all, the
  // extensions of database servers do not attach.)
  set(config, "secret_directory", (options.temp_dir / "no-secrets").string());
  if (!options.temp_dir.empty()) set(config, "temp_directory", options.temp_dir.string());
  DuckDatabase database;
  char* message = nullptr;
  if (duckdb_open_ext(nullptr, database.out(), config.get(), &message) == DuckDBError) {
    std::string text = message == nullptr ? "the SQL engine does not start" : message;
    duckdb_free(message);
    throw duckdb_failure(text, "");
  }
  return database;
}

}  // namespace

Engine::Engine(const EngineOptions& options) : impl_(new Impl) {
  impl_->database = open_database(options);
  std::unique_ptr<Session> session = impl_->session();
  // Times mean the same on every machine.
  session->execute("SET GLOBAL TimeZone = 'UTC'");
  ExposedRows::register_function(session->connection());
  register_csv_function(session->connection());
  register_file_function(session->connection());
  register_utf8_function(session->connection());
}

Engine::~Engine() = default;

void Engine::execute(const std::string& sql) { impl_->session()->execute(sql); }

std::vector<std::vector<std::string>> Engine::rows(const std::string& sql) {
  std::vector<std::vector<std::string>> out;
  std::unique_ptr<BatchReader> reader = query(sql);
  Batch batch;
  while (reader->next(batch)) {
    for (int64_t row = 0; row < batch.rows; ++row) {
      std::vector<std::string>& cells = out.emplace_back();
      for (const Column& column : batch.columns) cells.push_back(cell_text(column, row));
    }
  }
  return out;
}

Schema Engine::describe(const std::string& sql) {
  return schema_of(result_columns(impl_->session()->prepare(sql)));
}

std::unique_ptr<BatchReader> Engine::query(const std::string& sql) { return stream(sql, nullptr); }

std::unique_ptr<BatchReader> Engine::query(const std::string& sql, const Schema& schema) {
  return stream(sql, &schema);
}

std::unique_ptr<BatchReader> Engine::stream(const std::string& sql, const Schema* schema) {
  std::unique_ptr<Session> session = impl_->session();
  // One transaction from binding to the last row: the SQLite reader binds to a file that it closes
  // when a transaction ends.
  impl_->begin(*session, sql);
  const NarrowedQuery query = impl_->narrowed(*session, sql, {});
  return stream_query(std::move(session), query.sql, sql, schema);
}

void Engine::copy(const std::string& table, const std::string& select, bool looked_up) {
  const std::unique_ptr<Session> session = impl_->session();
  impl_->begin(*session, select);
  if (const std::string set = lookup_settings(*session); looked_up && !set.empty())
    session->execute(set);
  session->execute(fmt::format("CREATE TABLE {} AS {}", quote_name(table), select));
  session->execute("COMMIT");
}

void Engine::read_at_one_moment(const std::string& source, const SharedMoment& how) {
  impl_->moments.add(source, how);
}

void Engine::leave_moments() { impl_->moments.leave(); }

void Engine::write_parquet(const Batch& rows, const fs::path& file) {
  ExposedRows exposed(rows);
  impl_->session()->execute_aside(
      fmt::format("COPY (SELECT * FROM {}) TO {} (FORMAT parquet, COMPRESSION zstd)",
                  exposed.relation(), quote_text(file.string())));
}

Expr Engine::bind(const std::string& text, const Schema& schema) {
  return bind_expression([this](const std::string& sql) { return rows(sql).at(0).at(0); }, text,
                         schema);
}

void Engine::load_extension(const std::string& name) {
  std::lock_guard lock(impl_->mutex);
  if (impl_->extensions.count(name) > 0) return;
  fs::path file = extension_file(name);
  impl_->session()->execute("LOAD " + quote_text(file.string()));
  impl_->extensions.insert(name);
}

void Engine::define(const std::string& schema, const std::string& name, const std::string& relation,
                    std::function<ServerStatistics(SqlSession&)> statistics) {
  std::unique_ptr<Session> session = impl_->session();
  std::string full = quote_name(name);
  if (!schema.empty()) {
    session->execute("CREATE SCHEMA IF NOT EXISTS " + quote_name(schema));
    full = quote_name(schema) + "." + full;
  }
  session->execute(fmt::format("CREATE OR REPLACE VIEW {} AS SELECT * FROM {}", full, relation));
  const std::string written = lower(schema.empty() ? name : schema + "." + name);
  std::lock_guard lock(impl_->mutex);
  if (!statistics) {
    impl_->on_server.erase(written);
  } else if (impl_->on_server.count(written) == 0) {
    impl_->on_server[written] = {std::move(statistics), {}};
  }
}

}  // namespace gristmill
