// k nearest neighbours: the training rows are the model.
#include <cmath>

#include <fmt/format.h>

#include "learn/class_weight.h"
#include "learn/learner.h"
#include "learn/metrics.h"
#include "learn/training_rows.h"
#include "model/nearest.h"

namespace gristmill {
namespace {

void hold(const Dataset& data, int64_t i, NearestParameters& to) {
  const DatasetRows rows = data.fold_slice(Fold::train);
  if (rows.weight != nullptr) {
    if (!(rows.weight[i] > 0)) return;  // it would answer nothing
    to.weight.push_back(rows.weight[i]);
  }
  const FeatureLayout& layout = data.info().layout;
  for (int64_t j = 0; j < layout.floats; ++j) {
    const float value = rows.features.floats[i * rows.features.float_stride + j];
    if (std::isinf(value))
      throw Error(Code::invalid,
                  "nearest neighbours cannot measure a distance to an infinite number", {},
                  "`range` makes such numbers missing");
    to.floats.push_back(std::isnan(value) ? 0 : value);
  }
  const int32_t* codes = rows.features.codes + i * rows.features.code_stride;
  to.codes.insert(to.codes.end(), codes, codes + layout.codes);
  to.target.push_back(rows.target[i]);
}

std::unique_ptr<Model> train(const Dataset& unweighted, const Params& params,
                             TrainContext& context) {
  const std::shared_ptr<const Dataset> data = with_class_weights(unweighted, params);
  check_training_rows(*data);
  const DatasetInfo& info = data->info();
  NearestParameters out{.problem = info.problem,
                        .outputs = outputs_of(info),
                        .neighbors = params.integer("neighbors"),
                        .by_distance = params.text("weights") == "distance"};
  for (int64_t i : evenly_spaced(data->fold_rows(Fold::train), params.integer("rows")))
    hold(*data, i, out);
  if (out.target.empty()) throw Error(Code::invalid, "all rows that would be held have weight 0");
  const size_t rows = out.target.size();
  context.learned["held"] = {
      {"rows", rows},
      {"bytes", 4 * (out.floats.size() + out.codes.size()) + 8 * (rows + out.weight.size())}};
  return make_nearest(std::move(out), info.layout);
}

const RegisterLearner registration({
    .name = "nearest",
    .text = "The mean, or the shares of classes, of the training rows nearest to a row: numbers as "
            "linear models see them (scaled, what is missing at the mean), and a category that "
            "differs as far as a number one standard deviation away. The bundle holds these rows, "
            "encoded; the report says how many bytes. Each answer looks at all of them, and cannot "
            "be explained.",
    .params = {{"neighbors", "integer", "So many rows answer.", 5, 1, 1000, {}},
               {"weights",
                "string",
                "`distance`: a row counts the more, the nearer it is (1 / distance).",
                "uniform",
                {},
                {},
                {"uniform", "distance"}},
               {"rows",
                "integer",
                "At most so many rows are held: of more, evenly spaced ones.",
                100000,
                1,
                10000000,
                {}},
               class_weight_param()},
    .check = check_class_weight,
    .wants = {.scaled = true, .missing = false, .cyclic = true},
    .search = {{"neighbors", 1, 100, true, true}},
    .bytes_per_row =
        [](const FeatureLayout& layout) { return 4 * (layout.floats + layout.codes) + 16; },
    .train = train,
});

}  // namespace
}  // namespace gristmill
