#include <limits>

#include <fmt/format.h>

#include "base/progress.h"
#include "cli/open_project.h"
#include "cli/row_files.h"
#include "cli/rows_text.h"
#include "cli/verb.h"

namespace gristmill {
namespace {

void write_rows(BatchReader& rows, int64_t limit, const std::string& path) {
  RowFileWriter out(path, rows.schema());
  Batch batch;
  while (limit > 0 && rows.next(batch)) {
    check_interrupted();
    if (batch.rows > limit) batch = slice(batch, 0, limit);
    limit -= batch.rows;
    out.writer().write(batch);
  }
  out.writer().finish();
  out.publish();
}

void sql(const Invocation& call) {
  OpenTables open(call);
  const std::string text = Engine::with_params(call.value("SELECT"), open.project.params);
  for (const std::string& table : open.tables.define_shown(text)) note_rules(call, open, table);
  const auto rows = open.workspace.engine().query(text);
  const int64_t limit = call.integer("rows", std::numeric_limits<int64_t>::max());
  if (call.has("output")) {
    write_rows(*rows, limit, call.value("output"));
    return;
  }
  print_rows(call, *rows, limit, -1);
}

const RegisterVerb registration({
    .name = "sql",
    .text = "Run a SELECT over the project's sources and tables",
    .options = {{.name = "SELECT",
                 .text = "The query, in DuckDB's SQL; its tables are as `show` shows them",
                 .required = true},
                {.name = "-n,--rows",
                 .value = "N",
                 .text = "At most so many rows; all when not given"},
                {.name = "-o,--output",
                 .value = "FILE",
                 .text = "Write the rows to .csv, .parquet, .arrow or .jsonl"}},
    .json = true,
    .project = true,
    .run = sql,
    .position = 6,
});

}  // namespace
}  // namespace gristmill
