#include "serve/serve.h"

#include "cli/open_project.h"
#include "cli/verb.h"

namespace gristmill {
namespace {

// In the order of the project file: /predict is answered by the first.
std::vector<std::string> bundles_of_project(const Invocation& call) {
  std::vector<std::string> bundles;
  if (!disk().exists(call.dir / project_file)) return bundles;
  for (const PredictSpec& spec : open_project(call).predicts) {
    const fs::path path = Workspace::bundle_path(call.dir, spec.name);
    if (disk().exists(path)) bundles.push_back(path.string());
  }
  return bundles;
}

void serve(const Invocation& call) {
  ServeOptions options = serve_options_from_environment();
  for (const std::string& given : call.all("BUNDLE"))
    options.bundles.push_back(find_bundle(call, given).string());
  if (options.bundles.empty()) options.bundles = bundles_of_project(call);
  if (options.bundles.empty()) {
    throw Error(Code::not_found, "there is no bundle to serve", {},
                "give a bundle's path, or make one with `gristmill run`");
  }
  options.host = call.value("host", options.host);
  options.port = int(call.integer("port", options.port));
  options.threads = int(call.integer("threads", options.threads));
  serve_bundles(options);
}

const RegisterVerb registration({
    .name = "serve",
    .text =
        "Answer over HTTP with bundles; GRISTMILL_HOST, _PORT and _THREADS stand for the options",
    .options =
        {{.name = "BUNDLE",
          .text = "Bundles' paths or names of predictions; all of the project when none is given",
          .many = true},
         {.name = "--host",
          .value = "HOST",
          .text = "Address to listen on; 127.0.0.1 when not given"},
         {.name = "--port",
          .value = "PORT",
          .text = "Port to listen on, 0 picks one; 8080 when not given"},
         {.name = "--threads", .value = "N", .text = "Threads; all cores when not given"}},
    .project = true,
    .run = serve,
    .position = 8,
});

}  // namespace
}  // namespace gristmill
