// The verbs that look at data: sources, sql, show.
#include <cstdio>
#include <limits>

#include <fmt/format.h>

#include "cli/console.h"
#include "cli/open_project.h"
#include "cli/row_files.h"
#include "cli/rows_text.h"
#include "cli/run_text.h"
#include "cli/verb.h"

namespace gristmill {
namespace {

int64_t count_rows(Engine& engine, const std::string& relation) {
  return std::stoll(engine.rows("SELECT count(*) FROM " + relation).at(0).at(0));
}

int64_t bytes_of(const SourceTable& table) {
  int64_t bytes = 0;
  for (const fs::path& file : table.files) bytes += stamp_of(file).size;
  return bytes;
}

void sources(const Invocation& call) {
  OpenTables open(call);
  Engine& engine = open.workspace.engine();
  nlohmann::json list = nlohmann::json::array();
  std::string text;
  for (const auto& [name, table] : open.tables.source_tables()) {
    const int64_t rows = count_rows(engine, table.relation);
    const int64_t bytes = bytes_of(table);
    list.push_back({{"table", name},
                    {"rows", rows},
                    {"bytes", bytes},
                    {"columns", table.columns.json()},
                    {"notes", table.notes}});
    text += fmt::format("{}  {} rows, {} columns, {}\n", name, grouped(rows), table.columns.size(),
                        bytes_text(bytes));
    for (const Field& field : table.columns.fields())
      text += fmt::format("    {}  {}\n", field.name, name_of(field.type));
    for (const std::string& note : table.notes) text += fmt::format("    note: {}\n", note);
  }
  if (call.json) {
    text = nlohmann::json{{"tables", list}}.dump(2) + "\n";
  }
  fmt::print("{}", text);
}

const RegisterVerb sources_registration({
    .name = "sources",
    .text = "List the tables of all sources with their columns, types, rows and sizes",
    .options = {{.name = "-p,--param",
                 .value = "NAME=VALUE",
                 .text = "Override a parameter of the project",
                 .many = true}},
    .json = true,
    .run = sources,
    .position = 5,
});

void print_rows(const Invocation& call, BatchReader& rows, int64_t limit, int64_t total) {
  if (call.json) {
    fmt::print("{}\n", rows_json(rows, limit).dump());
  } else {
    fmt::print("{}", rows_table(rows, limit, total));
  }
}

void write_rows(BatchReader& rows, const std::string& path) {
  RowFileWriter out(path, rows.schema());
  Batch batch;
  while (rows.next(batch)) {
    check_interrupted();
    out.writer().write(batch);
  }
  out.writer().finish();
  out.publish();
}

void sql(const Invocation& call) {
  OpenTables open(call);
  const std::string text = Engine::with_params(call.value("SELECT"), open.project.params);
  open.tables.define_inputs(text, {});
  const auto rows = open.workspace.engine().query(text);
  if (call.has("output")) {
    write_rows(*rows, call.value("output"));
    return;
  }
  const int64_t limit = call.integer("rows", std::numeric_limits<int64_t>::max());
  print_rows(call, *rows, limit, -1);
}

const RegisterVerb sql_registration({
    .name = "sql",
    .text = "Run a SELECT over the project's sources and tables",
    .options = {{.name = "SELECT", .text = "The query, in DuckDB's SQL", .required = true},
                {.name = "-n,--rows",
                 .value = "N",
                 .text = "At most so many rows; all when not given"},
                {.name = "-o,--output",
                 .value = "FILE",
                 .text = "Write all rows to .csv, .parquet, .arrow or .jsonl"},
                {.name = "-p,--param",
                 .value = "NAME=VALUE",
                 .text = "Override a parameter of the project",
                 .many = true}},
    .json = true,
    .run = sql,
    .position = 6,
});

bool is_run(Workspace& workspace, const std::string& name) {
  try {
    workspace.ledger().run(name);
    return true;
  } catch (const Error&) {
    return false;
  }
}

void show(const Invocation& call) {
  const std::string name = call.value("NAME");
  OpenTables open(call);
  const std::vector<std::string> names = open.tables.names();
  const bool is_table = std::find(names.begin(), names.end(), name) != names.end();
  if (!is_table && is_run(open.workspace, name)) {
    show_run(call, open.workspace, name);
    return;
  }
  if (!is_table) {
    throw Error(Code::not_found, fmt::format("there is no table and no run \"{}\"", name), {},
                did_you_mean(name, names));
  }
  const TableHandle& table = open.tables.cleaned(name);
  const int64_t total =
      table.version ? table.version->rows : count_rows(open.workspace.engine(), table.relation);
  const auto rows = open.workspace.engine().query("SELECT * FROM " + table.relation);
  print_rows(call, *rows, call.integer("rows", 20), total);
}

const RegisterVerb show_registration({
    .name = "show",
    .text = "Show the first rows of a table, or a run",
    .options = {{.name = "NAME",
                 .text = "A table (flights, ops.planes), or a run's id, or `last`",
                 .required = true},
                {.name = "-n,--rows", .value = "N", .text = "So many rows; 20 when not given"},
                {.name = "-p,--param",
                 .value = "NAME=VALUE",
                 .text = "Override a parameter of the project",
                 .many = true}},
    .json = true,
    .run = show,
    .position = 7,
});

}  // namespace
}  // namespace gristmill
