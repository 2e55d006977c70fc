// join DIR SQL: a query over the project's sources, once to warm up and then five times. Prints one
// JSON line: seconds a query, the median, and its only row.
#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "base/file_system.h"
#include "pipeline/project.h"
#include "table/engine.h"

namespace gristmill {
namespace {

void run(const fs::path& dir, const std::string& sql) {
  const Project project = Project::read(dir, {});
  ScratchDir temp;
  Engine engine({.temp_dir = temp.path()});
  for (const SourceSpec& source : project.sources) {
    for (const SourceTable& table : make_source(source)->open(engine))
      engine.define(table.schema, table.name, table.relation, table.statistics);
  }
  std::vector<std::string> row = engine.rows(sql).at(0);
  std::vector<double> seconds;
  for (int i = 0; i < 5; ++i) {
    const auto start = std::chrono::steady_clock::now();
    row = engine.rows(sql).at(0);
    seconds.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(seconds.begin(), seconds.end());
  fmt::print("{{\"seconds\": {:.5f}, \"row\": {}}}\n", seconds[2], nlohmann::json(row).dump());
}

}  // namespace
}  // namespace gristmill

int main(int, char** argv) {
  try {
    gristmill::run(argv[1], argv[2]);
    return 0;
  } catch (const gristmill::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
