#include <fmt/format.h>

#include "cli/open_project.h"
#include "cli/rows_text.h"
#include "cli/run_text.h"
#include "cli/verb.h"

namespace gristmill {
namespace {

// Tables of sources have a dot in their names; what has none and is no table of the project is a
// run, for which no source is looked at.
void show(const Invocation& call) {
  const std::string name = call.value("NAME");
  OpenTables open(call);
  if (open.project.tables.count(name) == 0 && name.find('.') == std::string::npos) {
    if (const auto run = open.workspace.ledger().find_run(name))
      return show_run(call, open.workspace, *run);
    throw Error(Code::not_found, fmt::format("there is no table and no run \"{}\"", name), {},
                did_you_mean(name, open.tables.names()));
  }
  const TableHandle& table = open.tables.shown(name);
  note_rules(call, open, name);
  const int64_t total =
      table.version ? table.version->rows : count_rows(open.workspace.engine(), table.relation);
  const auto rows = open.workspace.engine().query("SELECT * FROM " + table.relation);
  print_rows(call, *rows, call.integer("rows", 20), total);
}

const RegisterVerb registration({
    .name = "show",
    .text = "Show the first rows of a table, or a run",
    .options = {{.name = "NAME",
                 .text = "A table (flights, ops.planes), or a run's id, or `last`. What a "
                         "prediction is made from is shown before its rules, and so is a table "
                         "whose rules must be fitted; all others after them",
                 .required = true},
                {.name = "-n,--rows", .value = "N", .text = "So many rows; 20 when not given"}},
    .json = true,
    .project = true,
    .run = show,
    .position = 7,
});

}  // namespace
}  // namespace gristmill
