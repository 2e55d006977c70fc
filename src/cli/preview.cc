#include "pipeline/preview.h"

#include <fmt/format.h>

#include "cli/console.h"
#include "cli/open_project.h"
#include "cli/rows_text.h"
#include "cli/verb.h"

namespace gristmill {
namespace {

std::string cell_text(const nlohmann::json& cell) {
  if (cell.is_null()) return "(missing)";
  return shown_text(cell.is_string() ? cell.get<std::string>() : cell.dump());
}

std::string rules_text(const Preview& preview) {
  std::string out;
  for (const PreviewedRule& rule : preview.rules) {
    std::vector<std::string> parts;
    if (rule.cells > 0)
      parts.push_back(fmt::format("{} cells in {} rows", grouped(rule.cells), grouped(rule.rows)));
    if (rule.added > 0) parts.push_back(fmt::format("{} cells added", grouped(rule.added)));
    if (rule.dropped > 0) parts.push_back(fmt::format("{} rows dropped", grouped(rule.dropped)));
    if (rule.broken > 0) parts.push_back(fmt::format("{} rows broken", grouped(rule.broken)));
    out +=
        fmt::format("  rule {} {}: {}\n", rule.number, rule.kind,
                    parts.empty() ? "changes nothing" : fmt::format("{}", fmt::join(parts, ", ")));
  }
  return out;
}

std::string rows_text(const Preview& preview) {
  std::vector<std::string> head = {"row"};
  head.insert(head.end(), preview.key.begin(), preview.key.end());
  for (const char* name : {"rule", "column", "before", "after"}) head.emplace_back(name);
  std::vector<std::vector<std::string>> lines;
  for (const PreviewRow& row : preview.shown) {
    for (const PreviewCell& cell : row.cells) {
      std::vector<std::string>& line = lines.emplace_back();
      line.push_back(std::to_string(row.row));
      for (const auto& part : row.key) line.push_back(cell_text(part));
      const PreviewedRule& rule = preview.rules[cell.rule];
      line.push_back(fmt::format("{} {}", rule.number, rule.kind));
      line.push_back(cell.column);
      const bool left = &cell == &row.cells.back() && row.fate != PreviewRow::Fate::changed;
      line.push_back(left && cell.before.is_null() ? "" : cell_text(cell.before));
      line.push_back(left ? cell.after.get<std::string>() : cell_text(cell.after));
    }
  }
  return text_table(head, lines);
}

void preview(const Invocation& call) {
  OpenTables open(call);
  const PreviewRequest request{
      .table = call.value("TABLE"), .rule = call.value("RULE"), .limit = call.integer("rows", 20)};
  const Preview preview = preview_rules(open.project, request, open.tables, open.executor);
  if (!preview.fitted_on.empty())
    call.progress->note(fmt::format("{}: rules are fitted on the training rows of {}",
                                    preview.table, preview.fitted_on));
  if (call.json) {
    fmt::print("{}\n", preview.json().dump(2));
    return;
  }
  fmt::print("{}: {} rows, of which {} change, {} are dropped, {} break\n{}", preview.table,
             grouped(preview.rows), grouped(preview.changed), grouped(preview.dropped),
             grouped(preview.broken), rules_text(preview));
  if (preview.shown.empty()) return;
  const int64_t all = preview.changed + preview.dropped + preview.broken;
  fmt::print("\n{}{} of {} rows\n", rows_text(preview), grouped(int64_t(preview.shown.size())),
             grouped(all));
}

const RegisterVerb registration({
    .name = "preview",
    .text = "Show the rows and cells that a table's rules change, before and after",
    .options = {{.name = "TABLE", .text = "A table with rules", .required = true},
                {.name = "RULE",
                 .text = "Only what this one does: its number in the list, from 1, or its kind; "
                         "those before it have run"},
                {.name = "-n,--rows", .value = "N", .text = "So many rows; 20 when not given"}},
    .json = true,
    .project = true,
    .run = preview,
    .position = 7,
});

}  // namespace
}  // namespace gristmill
