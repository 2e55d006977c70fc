#include "page/run_page.h"

#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/number_text.h"
#include "page/html.h"
#include "page/prediction_part.h"

namespace gristmill {
namespace {

using nlohmann::json;

std::string text_of(const json& object, const char* key) {
  return object.at(key).get<std::string>();
}

std::string time_of(int64_t seconds) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(std::time_t(seconds)));
}

// The rows of the tables it was made from: [[name, rows], …] or {name: rows}.
std::string made_from(const json& facts) {
  std::vector<std::string> parts;
  auto add = [&](const std::string& name, const json& rows) {
    parts.push_back(fmt::format("{} {}", name, grouped(rows.get<int64_t>())));
  };
  const json in = facts.value("rows_in", json());
  if (in.is_object()) {
    for (const auto& [name, rows] : in.items()) add(name, rows);
  }
  if (in.is_array()) {
    for (const json& one : in) add(one.at(0).get<std::string>(), one.at(1));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string joins_of(const json& facts) {
  std::vector<std::string> parts;
  for (const json& join : facts.value("joins", json::array())) {
    const double left = join.at("left_rows").get<double>();
    parts.push_back(fmt::format("{} join {}: {} matched", text_of(join, "kind"),
                                text_of(join, "right"),
                                percent_text(join.at("matched").get<double>() / left)));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

std::string tables_part(const json& tables) {
  std::vector<std::vector<HtmlCell>> rows;
  std::string boxes;
  for (const auto& [name, facts] : tables.items()) {
    for (const char* key : {"warnings", "notes"}) {
      for (const json& text : facts.value(key, json::array()))
        boxes += warning_box(name + ": " + text.get<std::string>());
    }
    if (!facts.contains("rows")) continue;
    rows.push_back({text_cell(name), number_cell(grouped(facts.at("rows").get<int64_t>())),
                    text_cell(made_from(facts)), text_cell(joins_of(facts))});
  }
  if (rows.empty() && boxes.empty()) return {};
  std::string out = "<h2>Tables</h2>\n";
  if (!rows.empty()) out += html_table({"table", "rows", "made from", "joins"}, rows);
  return out + boxes;
}

void add_rules(const std::string& owner, const json& rules,
               std::vector<std::vector<HtmlCell>>& rows) {
  for (const json& rule : rules) {
    const json& report = rule.at("report");
    std::string example;
    for (const json& one : report.at("examples")) {
      example = fmt::format("{}: {} → {}", text_of(one, "column"), text_of(one, "before"),
                            text_of(one, "after"));
      break;
    }
    rows.push_back({text_cell(owner), text_cell(text_of(rule, "kind")),
                    number_cell(grouped(report.at("rows_touched").get<int64_t>())),
                    number_cell(grouped(report.at("cells_touched").get<int64_t>())),
                    text_cell(example)});
  }
}

std::string rules_part(const json& report) {
  std::vector<std::vector<HtmlCell>> rows;
  for (const auto& [name, facts] : report.at("tables").items())
    add_rules(name, facts.value("rules", json::array()), rows);
  for (const auto& [name, prediction] : report.at("predictions").items())
    add_rules(name, prediction.at("rules"), rows);
  if (rows.empty()) return {};
  return "<h2>What the rules did</h2>\n" +
         html_table({"of", "rule", "rows", "cells", "for example"}, rows);
}

std::string checks_part(const json& checks) {
  std::vector<std::vector<HtmlCell>> rows;
  for (const json& table : checks) {
    for (const json& check : table.at("checks"))
      rows.push_back({text_cell(text_of(table, "table")), text_cell(text_of(check, "check")),
                      text_cell(text_of(check, "status")), text_cell(text_of(check, "message"))});
  }
  if (rows.empty()) return {};
  return "<h2>Checks</h2>\n" + html_table({"table", "check", "", ""}, rows);
}

std::string tasks_part(const json& tasks) {
  std::vector<std::vector<HtmlCell>> rows;
  for (const json& task : tasks) {
    const bool reused = task.at("reused").get<bool>();
    rows.push_back(
        {text_cell(text_of(task, "kind")),
         text_cell(text_of(task, "name")),
         text_cell(reused ? "reused" : "ran"),
         number_cell(reused ? "" : fmt::format("{:.1f} s", task.at("seconds").get<double>())),
         {fmt::format("<code>{}</code>", escaped(text_of(task, "output").substr(0, 12))), false}});
  }
  if (rows.empty()) return {};
  return "<h2>Where it comes from</h2>\n<p class=\"soft\">What was made, in order. The same "
         "address "
         "is the same content: <code>gristmill why</code> follows it to the files.</p>\n" +
         html_table({"task", "of", "", "took", "address"}, rows);
}

}  // namespace

std::string run_page(const std::string& project, const json& run, const json& models) {
  const std::string id = text_of(run, "run");
  std::string body = fmt::format("<h1>{}</h1>\n<p class=\"soft\">Run {}, {}, begun {}",
                                 escaped(project), escaped(id), escaped(text_of(run, "status")),
                                 time_of(run.at("started").get<int64_t>()));
  const int64_t took = run.at("ended").get<int64_t>() - run.at("started").get<int64_t>();
  if (took >= 0) body += fmt::format(", took {} s", took);
  body += ".</p>\n";
  const json& report = run.at("report");
  if (report.contains("error"))
    body += warning_box(report.at("error").value("message", "the run failed"));
  if (report.contains("predictions")) {
    for (const auto& [name, prediction] : report.at("predictions").items())
      body += prediction_part(name, prediction, models.value(name, json::object()));
    body += tables_part(report.at("tables")) + rules_part(report) +
            checks_part(report.value("checks", json::array()));
  }
  body += tasks_part(run.at("tasks"));
  return html_document(project + ": run " + id, body);
}

}  // namespace gristmill
