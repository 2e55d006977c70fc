// The SQL engine (DuckDB) over all sources: queries as streams of batches, and what a query is made
// of.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "expr/expr.h"
#include "frame/batch.h"
#include "source/quote.h"
#include "source/source.h"

namespace gristmill {

struct EngineOptions {
  fs::path temp_dir;         // spills go here
  int threads = 0;           // 0: all cores
  int64_t memory_bytes = 0;  // 0: 60 % of what the machine or the cgroup allows
};

// A query whose tables on database servers are read as far as they can join.
struct NarrowedQuery {
  std::string sql;
  std::map<std::string, std::string>
      tables;                      // that are subqueries now: their names by their aliases
  std::set<std::string> read_as;   // by which names those read them
  std::vector<std::string> notes;  // "of about 3,000,000 rows of ops.planes only those …"
};

// One DuckDB in memory, without a network: extensions are loaded from files beside the program and
// nothing is fetched. Thread-safe; each query has a session of its own, so several results may be
// read side by side. Errors are ours, with the line and column in the SQL when DuckDB gives it. A
// running query stops with Code::interrupted soon after interrupted() is set.
class Engine : public SqlSession {
 public:
  explicit Engine(const EngineOptions& options);
  ~Engine() override;

  void execute(const std::string& sql) override;
  std::vector<std::vector<std::string>> rows(const std::string& sql) override;
  Schema describe(const std::string& sql) override;
  // e.g. "sqlite_scanner". Code::unavailable when its file is not there.
  void load_extension(const std::string& name) override;
  void read_at_one_moment(const std::string& source, const SharedMoment& how) override;
  // Ends those moments: what is read from now on begins new ones. Until then a transaction is kept
  // open on each server that was read.
  void leave_moments();

  // Streams the result. Of tables on database servers that a small side joins, only the rows with
  // its keys are asked for where that pays (table/narrow.h). Columns are converted to our types.
  // Dates and times are kept, decimals and huge integers become float64, lists and structs their
  // JSON text. Code::invalid when two columns have one name.
  std::unique_ptr<BatchReader> query(const std::string& sql);
  // The same with the schema that is known already (nullability, which DuckDB does not tell).
  std::unique_ptr<BatchReader> query(const std::string& sql, const Schema& schema);
  // A new table of this engine with the rows of a SELECT; `looked_up`: it is of a NarrowedQuery.
  void copy(const std::string& table, const std::string& select, bool looked_up);
  // Loads rows into a new table of this engine (in memory, spilling to disk), in order. There is
  // none when it fails.
  void load(const std::string& table, BatchReader& rows);

  // Writes rows as one Parquet file; the same rows give the same bytes.
  void write_parquet(const Batch& rows, const fs::path& file);

  // Makes `schema.name` (or `name`) stand for `relation` in later queries. `statistics`: of a table
  // on a database server; asked for once, by the first query that may need them.
  void define(const std::string& schema, const std::string& name, const std::string& relation,
              std::function<ServerStatistics(SqlSession&)> statistics = {});
  // The query as query() runs it, but for conditions of WHERE that are sent. It is itself when
  // nothing can be left out, or is known.
  NarrowedQuery narrowed(const std::string& sql);
  // What that would try, without a look at the keys.
  std::vector<std::string> narrowings(const std::string& sql);

  // Tables that a SELECT reads, as written ("ops.flights", "flights"), without its own CTEs, in the
  // order met. Code::invalid unless it is one SELECT, and for functions that read files or other
  // databases: what is not named as a source has no fingerprint.
  std::vector<std::string> tables_read(const std::string& sql);
  // Code::invalid, with its place, for what a SELECT asks of the clock or of chance: a stored table
  // would keep today's answer for ever.
  void check_repeatable(const std::string& sql);
  // Sentences on what a SELECT leaves to the order in which rows happen to come: aggregates such as
  // first(), LIMIT, DISTINCT ON, each without ORDER BY.
  std::vector<std::string> left_to_order(const std::string& sql);
  // `$name` replaced by typed literals. Code::invalid for an absent parameter.
  static std::string with_params(const std::string& sql, const nlohmann::json& params);

  // An expression's text over rows of this schema, bound by DuckDB. Code::invalid for what is not
  // in the closed list, and for volatile functions, by name.
  Expr bind(const std::string& text, const Schema& schema);

 private:
  std::unique_ptr<BatchReader> stream(const std::string& sql, const Schema* schema);
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A table of the engine's for as long as this lives.
class LoadedTable {
 public:
  LoadedTable(Engine& engine, const std::string& name, BatchReader& rows);
  ~LoadedTable();
  LoadedTable(const LoadedTable&) = delete;
  LoadedTable& operator=(const LoadedTable&) = delete;
  const std::string& relation() const { return relation_; }  // stands in FROM

 private:
  Engine& engine_;
  const std::string relation_;
};

}  // namespace gristmill
