// expressions FLIGHTS.csv ROUNDS: each operator of the closed list over the flights, by our own
// code and by DuckDB, on one thread each. Prints one JSON line of nanoseconds a row. DuckDB's time
// is that of first(expression), less that of first() of the columns that it reads.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "table/engine.h"

namespace gristmill {
namespace {

using Clock = std::chrono::steady_clock;
using nlohmann::json;

// By the operator that they are to show.
const std::vector<std::pair<const char*, const char*>> expressions = {
    {"column", "distance"},
    {"constant", "15"},
    {"cast", "CAST(minutes AS BIGINT)"},
    {"cast", "CAST(distance AS VARCHAR)"},
    {"cast", "CAST(written AS DOUBLE)"},
    {"cast", "CAST(departs AS DATE)"},
    {"+", "distance + delay"},
    {"-", "distance - delay"},
    {"-", "-delay"},
    {"*", "distance * delay"},
    {"/", "distance / minutes"},
    {"//", "distance // delay"},
    {"%", "distance % delay"},
    {"**", "minutes ** 1.5"},
    {"abs", "abs(delay)"},
    {"round", "round(minutes / 7, 1)"},
    {"floor", "floor(minutes / 7)"},
    {"ceil", "ceil(minutes / 7)"},
    {"sqrt", "sqrt(minutes)"},
    {"ln", "ln(minutes)"},
    {"exp", "exp(minutes / 100)"},
    {"=", "dest = 'LAX'"},
    {"<>", "distance <> delay"},
    {"<", "delay < 15"},
    {"<=", "delay <= distance"},
    {">", "minutes > 100"},
    {">=", "departs >= TIMESTAMP '2013-08-01'"},
    {"is distinct from", "delay IS DISTINCT FROM distance"},
    {"is not distinct from", "delay IS NOT DISTINCT FROM distance"},
    {"is null", "delay IS NULL"},
    {"is not null", "delay IS NOT NULL"},
    {"in", "carrier IN ('AA', 'UA', 'DL')"},
    {"and", "delay > 15 AND distance > 1000"},
    {"or", "delay > 15 OR distance > 1000"},
    {"not", "NOT (delay > 15)"},
    {"case", "CASE WHEN delay > 60 THEN 2 WHEN delay > 15 THEN 1 ELSE 0 END"},
    {"coalesce", "coalesce(delay, 0)"},
    {"greatest", "greatest(delay, distance, 100)"},
    {"least", "least(delay, distance, 100)"},
    {"lower", "lower(tailnum)"},
    {"upper", "upper(tailnum)"},
    {"trim", "trim(tailnum)"},
    {"ltrim", "ltrim(tailnum, 'N')"},
    {"rtrim", "rtrim(tailnum, 'A')"},
    {"length", "length(tailnum)"},
    {"substr", "substr(tailnum, 2, 3)"},
    {"left", "left(tailnum, 3)"},
    {"right", "right(tailnum, 2)"},
    {"contains", "contains(tailnum, '12')"},
    {"starts_with", "starts_with(tailnum, 'N1')"},
    {"ends_with", "ends_with(tailnum, 'AA')"},
    {"like", "tailnum LIKE 'N%A_'"},
    {"||", "carrier || tailnum"},
    {"concat", "concat(carrier, '-', dest)"},
    {"replace", "replace(tailnum, 'A', 'aa')"},
    {"date_part", "date_part('month', departs)"},
    {"date_trunc", "date_trunc('week', departs)"},
    {"date_diff", "date_diff('day', TIMESTAMP '2013-01-01', departs)"},
    {"regexp_matches", "regexp_matches(tailnum, '[0-9]{3}[A-Z]')"},
    {"regexp_full_match", "regexp_full_match(tailnum, 'N[0-9]+[A-Z]*')"},
    {"regexp_extract", "regexp_extract(tailnum, '[0-9]+')"},
};

// What is not in the list above is not measured: the list says so itself.
void check_all_are_here() {
  std::set<std::string> missing;
  for (const ExprOp& op : expr_ops()) missing.insert(op.name);
  for (const auto& [op, text] : expressions) missing.erase(op);
  if (!missing.empty())
    throw Error(Code::internal, fmt::format("not measured: {}", fmt::join(missing, ", ")));
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + long(values.size() / 2), values.end());
  return values[values.size() / 2];
}

template <class Job>
double seconds_of(const Job& job) {
  const auto start = Clock::now();
  job();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class Bench {
 public:
  explicit Bench(const std::string& file) : engine_({.temp_dir = temp_.path(), .threads = 1}) {
    engine_.execute(fmt::format(
        "CREATE TABLE flights AS SELECT distance, arr_delay AS delay, air_time::DOUBLE AS minutes, "
        "air_time::VARCHAR AS written, carrier, dest, tailnum, time_hour::TIMESTAMP AS departs "
        "FROM read_csv({}, nullstr='NA')",
        quote_text(file)));
    const auto reader = engine_.query("SELECT * FROM flights");
    schema_ = reader->schema();
    Chunker chunker(*reader);
    for (BatchBuffer chunk; chunker.next(chunk); chunk = BatchBuffer()) {
      rows_ += chunk.rows();
      chunks_.push_back(std::move(chunk));
    }
  }

  // Nanoseconds a row: ours, DuckDB's.
  std::pair<double, double> measure(const std::string& text, int rounds) {
    const Expr bound = engine_.bind(text, schema_);
    std::string columns;
    for (const std::string& name : bound.columns())
      columns += (columns.empty() ? "" : ", ") + fmt::format("first({})", quote_name(name));
    const std::string theirs = fmt::format("SELECT first({}) FROM flights", text);
    const std::string scan =
        fmt::format("SELECT {} FROM flights", columns.empty() ? "count(*)" : columns);
    std::vector<double> ours_s, theirs_s, scan_s;
    for (int round = 0; round < rounds; ++round) {
      ours_s.push_back(seconds_of([&] { evaluate(bound); }));
      theirs_s.push_back(seconds_of([&] { engine_.rows(theirs); }));
      scan_s.push_back(seconds_of([&] { engine_.rows(scan); }));
    }
    const double of_row = 1e9 / double(rows_);
    return {median(ours_s) * of_row, (median(theirs_s) - median(scan_s)) * of_row};
  }

 private:
  void evaluate(const Expr& expression) {
    for (const BatchBuffer& chunk : chunks_) {
      scratch_.clear();
      expression.evaluate(chunk.view(), scratch_);
    }
  }

  ScratchDir temp_;
  Engine engine_;
  Schema schema_;
  std::vector<BatchBuffer> chunks_;
  Scratch scratch_;
  int64_t rows_ = 0;
};

void run(const std::string& file, int rounds) {
  check_all_are_here();
  Bench bench(file);
  json each = json::object();
  double logs = 0;
  int compared = 0, faster = 0;
  for (const auto& [op, text] : expressions) {
    const auto [ours, theirs] = bench.measure(text, rounds);
    each[text] = {{"gristmill_ns", std::round(ours * 100) / 100},
                  {"duckdb_ns", std::round(theirs * 100) / 100}};
    if (theirs < 0.2) continue;  // no more than the noise of the scan
    logs += std::log(ours / theirs);
    ++compared;
    faster += ours <= theirs;
  }
  const double ratio = std::exp(logs / compared);
  fmt::print("{}\n", json{{"figure", "expressions"},
                          {"compared", compared},
                          {"faster", faster},
                          {"ratio_duckdb", std::round(ratio * 1000) / 1000},
                          {"each", each}}
                         .dump());
}

}  // namespace
}  // namespace gristmill

int main(int, char** argv) {
  try {
    gristmill::run(argv[1], std::stoi(argv[2]));
    return 0;
  } catch (const gristmill::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
