// Any bytes as a model made elsewhere: an Error, or a bundle that opens and predicts. Run:
// bin/wrap_fuzz
#include <cmath>

#include "base/error.h"
#include "bundle/column_explainer.h"
#include "bundle/predictor.h"
#include "bundle/wrap.h"

namespace gristmill {
namespace {

// A row of missing cells, then numbers.
BatchBuffer some_rows(const Schema& schema) {
  BatchBuffer rows;
  rows.reset(schema);
  for (size_t i = 0; i < schema.size(); ++i) {
    for (const double value : {std::nan(""), 0.0, 1.5, -3e38, 1e300}) {
      if (std::isnan(value)) {
        rows[i].append_null();
      } else if (schema[i].type == Type::string) {
        rows[i].append(std::string_view("x"));
      } else if (schema[i].type == Type::boolean) {
        rows[i].append(value > 0);
      } else if (schema[i].type == Type::int64) {
        rows[i].append(int64_t(std::abs(value) < 9 ? value : 9));
      } else {
        rows[i].append(value);
      }
    }
  }
  return rows;
}

void wrap_and_predict(std::string_view bytes) {
  std::vector<std::string> notes;
  const std::string made = wrap_model(parse_model(bytes), {.name = "m"}, notes).serialize();
  const auto bundle = Bundle::parse(nullptr, made, "m.bundle");
  const BatchBuffer rows = some_rows(bundle->signature.expected().schema);
  const Predictor predictor(bundle);
  Predictor::Workspace workspace;
  Answers answers;
  predictor.predict(rows.view(), workspace, answers);
  Explanations explanations;
  ColumnExplainer(bundle).explain(workspace.encoded, explanations);
}

}  // namespace
}  // namespace gristmill

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gristmill;
  try {
    wrap_and_predict({reinterpret_cast<const char*>(data), size});
  } catch (const Error& error) {
    if (error.code() == Code::internal) __builtin_trap();
  }
  return 0;
}
