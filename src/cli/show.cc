#include <algorithm>

#include <fmt/format.h>

#include "cli/open_project.h"
#include "cli/rows_text.h"
#include "cli/run_text.h"
#include "cli/verb.h"

namespace gristmill {
namespace {

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

const RegisterVerb registration({
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
