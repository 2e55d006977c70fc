#include <cstdio>

#include <fmt/format.h>

#include "bundle/wrap.h"
#include "cli/console.h"
#include "cli/row_files.h"
#include "cli/verb.h"
#include "pipeline/read_predict.h"
#include "pipeline/wrap_schema.h"

namespace gristmill {
namespace {

void wrap(const Invocation& call) {
  const std::string path = call.value("MODEL"), output = call.value("output");
  refuse_overwriting(path, output);
  WrapSchema schema;
  if (call.has("schema")) {
    refuse_overwriting(call.value("schema"), output);
    schema = read_wrap_schema(call.value("schema"));
  }
  if (schema.name.empty()) {
    schema.name = fs::path(output).stem().string();
    check_prediction_name(schema.name, {});
  }
  if (!disk().exists(path))
    throw Error(Code::not_found, fmt::format("there is no file `{}`", path));
  std::vector<std::string> notes;
  const std::string bytes = told_at({.file = path}, [&] {
    return wrap_model(parse_model(disk().read(path)), schema, notes).serialize();
  });
  // Opened as everybody will open it.
  const auto bundle = Bundle::parse(nullptr, bytes, output);
  disk().write_atomic(output, bytes);
  for (const std::string& note : notes) call.progress->note(note);
  const size_t columns = bundle->signature.fields.size();
  const auto model = bundle->card.at("model").get<std::string>();
  if (call.json) {
    fmt::print("{}\n", nlohmann::json{{"path", output},
                                      {"name", bundle->name},
                                      {"version", bundle->version},
                                      {"model", model},
                                      {"columns", columns},
                                      {"notes", notes}}
                           .dump(2));
  } else {
    fmt::print("wrote {}: {} ({}), {} columns\nnext: gristmill inspect {}\n", output, bundle->name,
               model, grouped(int64_t(columns)), output);
  }
}

const RegisterVerb registration({
    .name = "wrap",
    .text = "Make a bundle of a model that LightGBM or XGBoost saved",
    .options = {{.name = "MODEL",
                 .text = "LightGBM's text model, or XGBoost's JSON model",
                 .required = true},
                {.name = "-o,--output", .value = "FILE", .text = "The bundle", .required = true},
                {.name = "--schema",
                 .value = "FILE",
                 .text = "YAML or JSON with what the model does not say of itself (`name`, "
                         "`classes`, `columns`), or a file of rows with its columns"}},
    .json = true,
    .run = wrap,
    .position = 10,
});

}  // namespace
}  // namespace gristmill
