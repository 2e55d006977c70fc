#include <algorithm>

#include <fmt/format.h>

#include "cli/console.h"
#include "cli/open_project.h"
#include "cli/rows_text.h"
#include "cli/verb.h"
#include "frame/cell.h"
#include "pipeline/quarantined.h"

namespace gristmill {
namespace {

using nlohmann::json;

// The first rows, as {column: cell}, in the order of the table.
json first_rows(Workspace& workspace, const Quarantined& from, int64_t limit, Schema& schema) {
  json rows = json::array();
  if (!from.rows) return rows;
  workspace.store().check(*from.rows);
  const auto reader = workspace.engine().query(
      fmt::format("SELECT * FROM {} ORDER BY 1 LIMIT {}",
                  parquet_relation({workspace.store().path_of(*from.rows)}), limit));
  schema = reader->schema();
  Batch batch;
  while (reader->next(batch)) {
    for (int64_t i = 0; i < batch.rows; ++i) {
      json row = json::array();
      for (const Column& column : batch.columns) row.push_back(cell_json(column, i));
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

std::string place(const Quarantined& from) {
  return from.prediction.empty() ? from.table
                                 : fmt::format("{}, for {}", from.table, from.prediction);
}

std::string by_text(const Quarantined& from) {
  std::string out;
  for (const json& by : from.facts.at("by")) {
    out += fmt::format(
        "  {}{}: {} rows; row {}: {}\n",
        by.at("rule").is_null()
            ? "the target"
            : fmt::format("rule {} {}", by.at("rule").get<int>(), by.at("kind").get<std::string>()),
        by.at("column") == "" ? "" : ", column " + by.at("column").get<std::string>(),
        grouped(by.at("rows").get<int64_t>()), by.at("row").get<int64_t>(),
        by.at("message").get<std::string>());
  }
  return out;
}

std::string rows_text(const json& rows, const Schema& schema) {
  std::vector<std::vector<std::string>> lines;
  for (const json& row : rows) {
    std::vector<std::string>& line = lines.emplace_back();
    for (const json& cell : row)
      line.push_back(cell.is_null()     ? ""
                     : cell.is_string() ? shown_text(cell.get<std::string>())
                                        : cell.dump());
  }
  return text_table(schema.names(), lines);
}

// {"row", "rule", "kind", "column", "reason", "cells": {…}}
json named(const json& row, const Schema& schema) {
  static constexpr const char* ours[] = {"row", "rule", "kind", "column", "reason"};
  json out = {{"cells", json::object()}};
  for (size_t c = 0; c < schema.size(); ++c)
    (c < 5 ? out[ours[c]] : out["cells"][schema[c].name]) = row[c];
  return out;
}

void quarantine(const Invocation& call) {
  const Project project = open_project(call);
  const std::string table = call.value("TABLE");
  const int64_t limit = std::max<int64_t>(call.integer("rows", 20), 0);
  Workspace workspace(call.dir);
  json list = json::array();
  for (const Quarantined& from : find_quarantined(project, workspace, table)) {
    Schema schema;
    const json rows = first_rows(workspace, from, limit, schema);
    const int64_t all = from.facts.at("rows").get<int64_t>();
    if (!call.json) {
      fmt::print("{}: {} rows rejected\n{}", place(from), grouped(all), by_text(from));
      if (!rows.empty())
        fmt::print("\n{}{} of {} rows\n\n", rows_text(rows, schema), grouped(int64_t(rows.size())),
                   grouped(all));
      continue;
    }
    json shown = json::array();
    for (const json& row : rows) shown.push_back(named(row, schema));
    list.push_back({{"table", from.table},
                    {"prediction", from.prediction.empty() ? json() : json(from.prediction)},
                    {"rows", all},
                    {"kept", from.facts.at("kept")},
                    {"by", from.facts.at("by")},
                    {"shown", shown}});
  }
  if (call.json) fmt::print("{}\n", json{{"quarantine", list}}.dump(2));
}

const RegisterVerb registration({
    .name = "quarantine",
    .text = "Show the rows that training rejected, as they were, and why",
    .options = {{.name = "TABLE",
                 .text = "A table with rules, or that a prediction is made from; "
                         "all when none is given"},
                {.name = "-n,--rows",
                 .value = "N",
                 .text = "So many rows of each; 20 when not given"}},
    .json = true,
    .project = true,
    .run = quarantine,
    .position = 7,
});

}  // namespace
}  // namespace gristmill
