#include "table/session.h"

#include <chrono>

#include "base/progress.h"
#include "table/sql_text.h"

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

void Session::cancel() noexcept {
  if (!streams_) return;
  streams_ = false;
  interrupter_.leave(connection_.get());
  duckdb_interrupt(connection_.get());
  // A statement begins by ending the one before it.
  DuckResult ignored;
  duckdb_query(connection_.get(), "ROLLBACK", ignored.get());
}

void Session::finish_stream() {
  execute("COMMIT");
  streams_ = false;
}

void Session::execute(const std::string& sql) {
  check_interrupted();
  DuckResult result;
  if (duckdb_query(connection_.get(), sql.c_str(), result.get()) == DuckDBError) {
    throw duckdb_failure(duckdb_result_error(result.get()), sql);
  }
}

DuckStatement Session::prepare(const std::string& sql) {
  check_interrupted();
  DuckStatement statement;
  if (duckdb_prepare(connection_.get(), sql.c_str(), statement.out()) == DuckDBError) {
    throw duckdb_failure(duckdb_prepare_error(statement.get()), sql);
  }
  return statement;
}

void Session::stream(const DuckStatement& statement, const std::string& sql, DuckResult& result) {
  streams_ = true;
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

namespace {

class StreamReader : public BatchReader {
 public:
  StreamReader(std::unique_ptr<Session> session, const std::string& sql, const Schema* schema)
      : session_(std::move(session)), sql_(sql) {
    // One transaction from binding to the last row: the SQLite reader binds to a file that it
    // closes when a transaction ends.
    session_->execute("BEGIN TRANSACTION");
    DuckStatement statement = session_->prepare(sql_);
    std::vector<ResultColumn> columns = result_columns(statement);
    schema_ = schema_of(columns);
    if (schema != nullptr) schema_ = *schema;
    if (std::string readable = with_text_casts(columns); !readable.empty()) {
      sql_ = readable;
      statement = session_->prepare(sql_);
    }
    session_->stream(statement, sql_, result_);
    for (idx_t i = 0; i < columns.size(); ++i) {
      columns_.emplace_back(DuckType(duckdb_column_logical_type(result_.get(), i)).get());
    }
  }

  ~StreamReader() override { session_->cancel(); }

  const Schema& schema() const override { return schema_; }

  bool next(Batch& batch) override {
    int64_t rows = 0, text = 0;
    for (ColumnGather& column : columns_) column.clear();
    // 64 MB of text end a batch early: memory stays bounded when cells are long.
    while (rows < chunk_rows && text < (int64_t(64) << 20) && fetch()) {
      int64_t size = int64_t(duckdb_data_chunk_get_size(chunk_.get()));
      if (rows + size > chunk_rows) break;
      text = 0;
      for (size_t i = 0; i < columns_.size(); ++i) {
        columns_[i].append(duckdb_data_chunk_get_vector(chunk_.get(), i), size);
        text += columns_[i].text_bytes();
      }
      chunk_.reset();
      rows += size;
    }
    if (rows == 0) return false;
    batch.schema = &schema_;
    batch.rows = rows;
    batch.columns.clear();
    for (const ColumnGather& column : columns_) batch.columns.push_back(column.view());
    return true;
  }

 private:
  // The chunk to be read next is in chunk_; false at the end.
  bool fetch() {
    while (!chunk_ && !done_) {
      check_interrupted();
      chunk_ = DuckChunk(duckdb_fetch_chunk(*result_.get()));
      if (!chunk_) {
        const char* error = duckdb_result_error(result_.get());
        if (error != nullptr && *error != '\0') throw duckdb_failure(error, sql_);
        done_ = true;
        session_->finish_stream();
      } else if (duckdb_data_chunk_get_size(chunk_.get()) == 0) {
        chunk_.reset();
      }
    }
    return bool(chunk_);
  }

  // The query with columns of other types as text; "" when there are none.
  std::string with_text_casts(const std::vector<ResultColumn>& columns) const {
    std::string casts;
    for (const ResultColumn& column : columns) {
      if (is_readable(column.type)) continue;
      bool nested = column.type == DUCKDB_TYPE_LIST || column.type == DUCKDB_TYPE_STRUCT ||
                    column.type == DUCKDB_TYPE_MAP || column.type == DUCKDB_TYPE_ARRAY ||
                    column.type == DUCKDB_TYPE_UNION;
      std::string name = quote_name(column.name);
      casts += fmt::format("{}CAST({} AS VARCHAR) AS {}", casts.empty() ? "" : ", ",
                           nested ? "to_json(" + name + ")" : name, name);
    }
    if (casts.empty()) return {};
    return fmt::format("SELECT * REPLACE ({}) FROM (\n{}\n)", casts, trim_sql(sql_));
  }

  std::unique_ptr<Session> session_;
  std::string sql_;
  Schema schema_;
  DuckResult result_;
  DuckChunk chunk_;
  bool done_ = false;
  std::vector<ColumnGather> columns_;
};

}  // namespace

std::unique_ptr<BatchReader> stream_query(std::unique_ptr<Session> session, const std::string& sql,
                                          const Schema* schema) {
  return std::make_unique<StreamReader>(std::move(session), sql, schema);
}

}  // namespace gristmill
