#include <cstdio>

#include <fmt/format.h>

#include "cli/console.h"
#include "cli/open_project.h"
#include "cli/verb.h"

namespace gristmill {
namespace {

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
    const nlohmann::json rows =
        table.endless ? nlohmann::json() : nlohmann::json(count_rows(engine, table.relation));
    const int64_t bytes = bytes_of(table);
    list.push_back({{"table", name},
                    {"rows", rows},
                    {"bytes", bytes},
                    {"columns", table.columns.json()},
                    {"notes", table.notes}});
    text += fmt::format("{}  {} rows, {} columns{}\n", name,
                        rows.is_null() ? "?" : grouped(rows.get<int64_t>()), table.columns.size(),
                        table.server.empty() ? ", " + bytes_text(bytes) : "");
    for (const Field& field : table.columns.fields())
      text += fmt::format("    {}  {}\n", field.name, name_of(field.type));
    for (const std::string& note : table.notes) text += fmt::format("    note: {}\n", note);
  }
  if (call.json) {
    text = nlohmann::json{{"tables", list}}.dump(2) + "\n";
  }
  fmt::print("{}", text);
}

const RegisterVerb registration({
    .name = "sources",
    .text = "List the tables of all sources with their columns, types, rows and sizes",
    .json = true,
    .project = true,
    .run = sources,
    .position = 5,
});

}  // namespace
}  // namespace gristmill
