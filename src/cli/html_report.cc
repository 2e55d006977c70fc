#include <cstdio>

#include <fmt/format.h>

#include "bundle/bundle.h"
#include "cli/open_project.h"
#include "cli/run_text.h"
#include "cli/verb.h"
#include "page/run_page.h"
#include "pipeline/model_facts.h"

namespace gristmill {
namespace {

using nlohmann::json;

// By prediction. A bundle that `gc` took leaves what the run recorded.
json facts_of_models(const Invocation& call, Workspace& workspace, const json& run) {
  json out = json::object();
  for (const json& task : run.at("tasks")) {
    if (task.at("kind") != "bundle") continue;
    const std::string name = task.at("name").get<std::string>();
    const fs::path path =
        workspace.store().path_of(Digest::parse(task.at("output").get<std::string>()));
    if (!disk().exists(path)) continue;
    call.progress->begin(fmt::format("asking the model of {}", name), 0, "");
    out[name] = model_facts(Bundle::open(path), workspace);
    call.progress->end();
  }
  return out;
}

// The one that is asked for; else the last that has something to report, not one that goes on.
RunRecord wanted_run(const Invocation& call, Ledger& ledger) {
  constexpr int looked_at = 100;
  if (call.has("RUN")) return ledger.run(call.value("RUN"));
  for (const RunRecord& run : ledger.runs(looked_at)) {
    if (run.report.is_object() && run.report.contains("predictions")) return ledger.run(run.id);
  }
  return ledger.run("last");
}

void report(const Invocation& call) {
  need_state(call.dir);
  Workspace workspace(call.dir);
  json run = run_facts(workspace, wanted_run(call, workspace.ledger()));
  const json models = facts_of_models(call, workspace, run);
  if (!call.json || call.has("output")) {
    const std::string own = fmt::format("report-{}.html", run.at("run").get<std::string>());
    const fs::path to = call.value("output", (call.dir / own).string());
    disk().write_atomic(to, run_page(fs::canonical(call.dir).filename().string(), run, models));
    if (!call.json) fmt::print("{}\n", to.string());
  }
  if (!call.json) return;
  run["models"] = models;
  fmt::print("{}\n", run.dump(2));
}

const RegisterVerb registration({
    .name = "report",
    .text = "Write a run's report as one HTML file: scores, plots, what the model looks at",
    .options = {{.name = "RUN", .text = "A run's id; the last one when not given"},
                {.name = "-o,--output",
                 .value = "FILE",
                 .text = "The file; `report-RUN.html` in the project's folder when not given, and "
                         "none with --json"}},
    .json = true,
    .run = report,
    .position = 12,
});

}  // namespace
}  // namespace gristmill
