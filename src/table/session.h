// What Engine is made of: one DuckDB, and connections on which queries run and can be stopped.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "table/convert.h"
#include "table/engine.h"
#include "table/handles.h"
#include "table/narrow.h"
#include "table/read_moments.h"

namespace gristmill {

// Stops running queries once interrupted() is set: DuckDB does not look at it by itself.
class Interrupter {
 public:
  Interrupter();
  ~Interrupter();
  void enter(duckdb_connection connection);
  void leave(duckdb_connection connection);

 private:
  void watch();
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<duckdb_connection> active_;
  bool stop_ = false;
  std::thread thread_;
};

// A connection with what runs on it. One a query: several results may be open side by side.
class Session : public SqlSession {
 public:
  Session(duckdb_database database, Interrupter& interrupter);
  ~Session() override;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  duckdb_connection connection() const { return connection_.get(); }
  void execute(const std::string& sql) override;
  std::vector<std::vector<std::string>> rows(const std::string& sql) override;
  Schema describe(const std::string& sql) override;
  void load_extension(const std::string& file) override;
  void read_at_one_moment(const std::string&, const SharedMoment&) override {}  // the engine's
  DuckStatement prepare(const std::string& sql);
  // One statement, by whichever threads have time for it; this one sleeps while others run it.
  void execute_aside(const std::string& sql);
  // A transaction, which finish_stream() ends.
  void begin() { execute("BEGIN TRANSACTION"); }
  // The result as a stream: DuckDB's pipelines run on the thread that fetches and on its own, ahead
  // of the reader by a bounded buffer.
  void stream(const DuckStatement& statement, const std::string& sql, DuckResult& result);
  void finish_stream();       // commits; all rows were read
  void interrupt() noexcept;  // from any thread
  // Ends what still runs, and waits for its threads. Without it DuckDB would roll the transaction
  // back under them when the connection goes.
  void cancel() noexcept;

 private:
  DuckConnection connection_;
  Interrupter& interrupter_;
  bool running_ = false;  // a statement that cancel() has to end
};

struct Engine::Impl {
  DuckDatabase database;
  Interrupter interrupter;
  std::mutex mutex;
  std::set<std::string> extensions;  // loaded

  // Tables on database servers, by name in lower case.
  struct OnServer {
    std::function<ServerStatistics(SqlSession&)> ask;
    std::optional<ServerStatistics> known;
  };
  std::map<std::string, OnServer> on_server;
  ReadMoments moments;

  // In a transaction of `session`, which is a new one when this fails: then the query is as it was.
  NarrowedQuery narrowed(Session& session, const std::string& sql, const Narrowing& how);

  std::unique_ptr<Session> session() {
    return std::make_unique<Session>(database.get(), interrupter);
  }
  // A transaction for this query.
  void begin(Session& session, const std::string& sql) {
    session.begin();
    moments.enter(session, sql, [this] { return this->session(); });
  }
};

// Rows of ours that SQL can read for as long as this lives, in order, by one thread.
class ExposedRows {
 public:
  explicit ExposedRows(const Batch& rows);
  ~ExposedRows();
  ExposedRows(const ExposedRows&) = delete;
  ExposedRows& operator=(const ExposedRows&) = delete;
  std::string relation() const;

  // Makes the SQL function known to a database.
  static void register_function(duckdb_connection connection);

 private:
  int64_t id_;
};

// The columns of a prepared SELECT, as our types.
struct ResultColumn {
  std::string name;
  duckdb_type type;
};
std::vector<ResultColumn> result_columns(const DuckStatement& statement);
// Code::invalid when two columns have one name.
Schema schema_of(const std::vector<ResultColumn>& columns);

// Runs `sql` in a transaction that has begun, and ends it. `written` is the SQL that errors speak
// of; `schema`, when given, is what the reader says its rows are.
std::unique_ptr<BatchReader> stream_query(std::unique_ptr<Session> session, const std::string& sql,
                                          const std::string& written,
                                          const Schema* schema = nullptr);

}  // namespace gristmill
