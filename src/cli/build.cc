#include <cstdio>

#include <fmt/format.h>

#include "cli/console.h"
#include "cli/open_project.h"
#include "cli/verb.h"
#include "learn/learner.h"
#include "pipeline/checker.h"
#include "pipeline/export_dataset.h"

namespace gristmill {
namespace {

void build(const Invocation& call) {
  const Project project = open_project(call);
  const PredictSpec& spec = project.predict(call.value("NAME"));
  const std::string output = call.value("output");
  const std::string learner = call.value("for", spec.models.front().learner);
  const Wants wants = Learners::instance().get(learner, "model", Code::usage).wants;
  check_export_path(output, call.has("csr"));
  Workspace workspace(call.dir);
  const Workspace::Lock lock(workspace, *call.progress);
  Executor executor(workspace, *call.progress, false, "");
  Tables tables(project, executor);
  Checker checker(project, tables, executor);
  require_expectations(tables, checker);
  const BuiltDataset built = build_dataset(project, spec, wants, tables, executor);
  call.progress->begin(fmt::format("writing {}", output), 0, "rows");
  const ExportedDataset out = export_dataset(workspace, built, output, call.has("csr"));
  call.progress->end();
  if (call.json) {
    fmt::print(
        "{}\n",
        nlohmann::json{{"path", output}, {"rows", out.rows}, {"columns", out.columns}}.dump(2));
  } else {
    fmt::print("{}: {} rows, {} columns\n", output, grouped(out.rows),
               grouped(int64_t(out.columns.size())));
  }
}

const RegisterVerb registration({
    .name = "build",
    .text = "Write a prediction's encoded data set for other programs",
    .options = {{.name = "NAME", .text = "A prediction of the project", .required = true},
                {.name = "-o,--output",
                 .value = "FILE",
                 .text = ".npy (features alone), .safetensors or .parquet",
                 .required = true},
                {.name = "--csr", .text = "Sparse rows instead of dense ones (.safetensors)"},
                {.name = "--for",
                 .value = "MODEL",
                 .text = "Encode as this model wants it; the project's first when not given"}},
    .json = true,
    .project = true,
    .run = build,
    .position = 9,
});

}  // namespace
}  // namespace gristmill
