#include "table/session.h"

#include <chrono>

#include "base/progress.h"
#include "table/nearest_column.h"

namespace gristmill {

Interrupter::Interrupter() : thread_([this] { watch(); }) {}

Interrupter::~Interrupter() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Interrupter::enter(duckdb_connection connection) {
  std::lock_guard lock(mutex_);
  active_.insert(connection);
  if (active_.size() == 1) changed_.notify_all();
}

void Interrupter::leave(duckdb_connection connection) {
  std::lock_guard lock(mutex_);
  active_.erase(connection);
}

void Interrupter::watch() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    changed_.wait(lock, [this] { return stop_ || !active_.empty(); });
    while (!stop_ && !active_.empty()) {
      if (interrupted()) {
        // Again and again: DuckDB forgets the wish when the next statement begins.
        for (duckdb_connection connection : active_) duckdb_interrupt(connection);
      }
      changed_.wait_for(lock, std::chrono::milliseconds(20));
    }
  }
}

Session::Session(duckdb_database database, Interrupter& interrupter) : interrupter_(interrupter) {
  if (duckdb_connect(database, connection_.out()) == DuckDBError) {
    throw Error(Code::internal, "no connection to the SQL engine");
  }
  interrupter_.enter(connection_.get());
}

Session::~Session() {
  cancel();
  interrupter_.leave(connection_.get());
}

void Session::interrupt() noexcept { duckdb_interrupt(connection_.get()); }

void Session::cancel() noexcept {
  if (!running_) return;
  running_ = false;
  interrupter_.leave(connection_.get());
  interrupt();
  // A statement begins by ending the one before it.
  DuckResult ignored;
  duckdb_query(connection_.get(), "ROLLBACK", ignored.get());
}

void Session::finish_stream() {
  execute("COMMIT");
  running_ = false;
}

void Session::execute(const std::string& sql) {
  check_interrupted();
  DuckResult result;
  if (duckdb_query(connection_.get(), sql.c_str(), result.get()) == DuckDBError) {
    throw duckdb_failure(duckdb_result_error(result.get()), sql);
  }
}

std::vector<std::vector<std::string>> Session::rows(const std::string& sql) {
  check_interrupted();
  DuckResult result;
  if (duckdb_query(connection_.get(), sql.c_str(), result.get()) == DuckDBError) {
    throw duckdb_failure(duckdb_result_error(result.get()), sql);
  }
  std::vector<std::vector<std::string>> out(duckdb_row_count(result.get()));
  for (idx_t row = 0; row < out.size(); ++row) {
    for (idx_t column = 0; column < duckdb_column_count(result.get()); ++column) {
      const duckdb_string text = duckdb_value_string(result.get(), column, row);
      out[row].emplace_back(text.data == nullptr ? "" : std::string(text.data, text.size));
      duckdb_free(text.data);
    }
  }
  return out;
}

Schema Session::describe(const std::string& sql) { return schema_of(result_columns(prepare(sql))); }

void Session::load_extension(const std::string& file) { execute("LOAD " + quote_text(file)); }

DuckStatement Session::prepare(const std::string& sql) {
  check_interrupted();
  DuckStatement statement;
  if (duckdb_prepare(connection_.get(), sql.c_str(), statement.out()) == DuckDBError) {
    throw with_nearest_column(*this, sql,
                              duckdb_failure(duckdb_prepare_error(statement.get()), sql));
  }
  return statement;
}

void Session::execute_aside(const std::string& sql) {
  const DuckStatement statement = prepare(sql);
  running_ = true;  // until it is done: what it reads goes after its threads
  DuckPending pending;
  if (duckdb_pending_prepared(statement.get(), pending.out()) == DuckDBError)
    throw duckdb_failure(duckdb_pending_error(pending.get()), sql);
  // DuckDB's own way to wait is to ask again at once, which takes a core from who does the work.
  duckdb_pending_state state = DUCKDB_PENDING_RESULT_NOT_READY;
  while (!duckdb_pending_execution_is_finished(state)) {
    check_interrupted();
    if (state == DUCKDB_PENDING_NO_TASKS_AVAILABLE)
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    state = duckdb_pending_execute_task(pending.get());
  }
  if (state == DUCKDB_PENDING_ERROR) throw duckdb_failure(duckdb_pending_error(pending.get()), sql);
  DuckResult result;
  if (duckdb_execute_pending(pending.get(), result.get()) == DuckDBError)
    throw duckdb_failure(duckdb_result_error(result.get()), sql);
  running_ = false;
}

void Session::stream(const DuckStatement& statement, const std::string& sql, DuckResult& result) {
  running_ = true;
  DuckPending pending;
  if (duckdb_pending_prepared_streaming(statement.get(), pending.out()) == DuckDBError) {
    throw duckdb_failure(duckdb_pending_error(pending.get()), sql);
  }
  if (duckdb_execute_pending(pending.get(), result.get()) == DuckDBError) {
    throw duckdb_failure(duckdb_result_error(result.get()), sql);
  }
}

std::vector<ResultColumn> result_columns(const DuckStatement& statement) {
  std::vector<ResultColumn> columns(duckdb_prepared_statement_column_count(statement.get()));
  for (idx_t i = 0; i < columns.size(); ++i) {
    const char* name = duckdb_prepared_statement_column_name(statement.get(), i);
    columns[i].name = name == nullptr ? "" : name;
    duckdb_free(const_cast<char*>(name));
    columns[i].type = duckdb_prepared_statement_column_type(statement.get(), i);
  }
  return columns;
}

Schema schema_of(const std::vector<ResultColumn>& columns) {
  std::set<std::string> seen;
  std::vector<Field> fields;
  for (const ResultColumn& column : columns) {
    if (!seen.insert(column.name).second) {
      throw Error(Code::invalid,
                  fmt::format("the query gives two columns named \"{}\"", column.name),
                  {.field = column.name},
                  "name one of them with AS, leave one out with * EXCLUDE (…), or join with USING");
    }
    fields.push_back({column.name, type_from_duckdb(column.type), true});
  }
  return Schema(std::move(fields));
}

}  // namespace gristmill
