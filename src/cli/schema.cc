#include <cstdio>

#include <fmt/format.h>

#include "cli/verb.h"
#include "pipeline/project.h"

namespace gristmill {
namespace {

const RegisterVerb registration({
    .name = "schema",
    .text = "Print the JSON Schema of gristmill.yaml, for editors",
    .options = {},
    .run = [](const Invocation&) { fmt::print("{}\n", project_schema().dump(2)); },
    .position = 20,
});

}  // namespace
}  // namespace gristmill
