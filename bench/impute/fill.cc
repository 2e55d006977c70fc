// fill WITH TRAIN TEST OUT COLUMNS: fits rule `impute` on the rows of TRAIN and fills those of
// TEST; files of float64, row-major, NaN where a cell is missing. Prints its seconds as JSON.
#include <chrono>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "base/file_system.h"
#include "clean/rule.h"

namespace gristmill {
namespace {

BatchBuffer read_rows(const std::string& path, const Schema& schema) {
  const std::string bytes = disk().read(path);
  BatchBuffer rows(schema);
  for (size_t i = 0; i < bytes.size() / sizeof(double); ++i) {
    double cell;
    std::memcpy(&cell, bytes.data() + i * sizeof(double), sizeof(double));
    ColumnBuffer& column = rows[i % schema.size()];
    std::isnan(cell) ? column.append_null() : column.append(cell);
  }
  return rows;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

int run(const std::vector<std::string>& args) {
  Schema schema;
  for (int c = 0; c < std::stoi(args.at(5)); ++c)
    schema.add({fmt::format("x{}", c), Type::float64, true});
  const BatchBuffer train = read_rows(args.at(2), schema), test = read_rows(args.at(3), schema);
  const RuleKind& kind = Rules::instance().get("impute", "rule");
  const auto start = std::chrono::steady_clock::now();
  const auto fit = kind.make({{"columns", "numbers"}, {"with", args.at(1)}}, {schema, {}, {}, {}});
  fit->observe({.rows = train.view()});
  RuleChain chain(schema, {});
  chain.append("impute", fit->freeze());
  const double fitted = seconds_since(start);
  Batch rows = test.view();
  Scratch scratch;
  chain.apply(rows, scratch, nullptr, 0);
  const double all = seconds_since(start);
  std::string out;
  for (int64_t i = 0; i < rows.rows; ++i) {
    for (const Column& column : rows.columns)
      out.append(reinterpret_cast<const char*>(column.values<double>() + i), sizeof(double));
  }
  disk().write_atomic(args.at(4), out);
  fmt::print("{{\"fit\": {}, \"seconds\": {}}}\n", fitted, all);
  return 0;
}

}  // namespace
}  // namespace gristmill

int main(int argc, char** argv) { return gristmill::run({argv, argv + argc}); }
