#include "pipeline/settle_answers.h"

#include "learn/calibrate.h"
#include "learn/conformal.h"
#include "learn/evaluate.h"
#include "pipeline/stored_model.h"

namespace gristmill {
namespace {

// What `settle` throws is about that member of the prediction.
template <class Settle>
auto of_member(const PredictSpec& spec, const char* member, Settle settle) {
  try {
    return settle();
  } catch (const Error& error) {
    throw error.at(spec.place(member));
  }
}

void settle_decision(const PredictSpec& spec, const Scored& validate, const Scored& test,
                     Answering& out) {
  out.threshold =
      of_member(spec, "decide", [&] { return choose_threshold(*spec.decide, validate); });
  out.facts["decision"] = {{"by", spec.decide->json()},
                           {"threshold", out.threshold},
                           {"validate", decision_scores(*spec.decide, out.threshold, validate)},
                           {"test", decision_scores(*spec.decide, out.threshold, test)}};
}

void settle_interval(const PredictSpec& spec, const Scored& validate, const Scored& test,
                     Answering& out) {
  const double margin =
      of_member(spec, "intervals", [&] { return conformal_margin(validate, *spec.interval); });
  out.interval = {*spec.interval, margin};
  out.facts["interval"] = {
      {"level", *spec.interval}, {"margin", margin}, {"coverage_test", coverage(test, margin)}};
}

}  // namespace

Answering settle_answers(const PredictSpec& spec, const Candidate& best, const Store& store) {
  Answering out;
  if (!spec.decide && !spec.calibrate && !spec.interval) return out;
  const auto data = stored_dataset(store, *best.dataset);
  std::unique_ptr<Model> model = stored_model(store, *best.model, data->info().layout);
  if (spec.calibrate) {
    const Predictions validate(*model, *data, Fold::validate, 0);
    out.calibration = fit_calibration(data->info().problem, validate.scored());
    out.facts["calibration"] = {{"slope", out.calibration->slope},
                                {"offset", out.calibration->offset}};
    model = make_calibrated(std::move(model), *out.calibration);
  }
  const Predictions validate(*model, *data, Fold::validate, 0), test(*model, *data, Fold::test, 0);
  if (spec.decide) settle_decision(spec, validate.scored(), test.scored(), out);
  if (spec.interval) settle_interval(spec, validate.scored(), test.scored(), out);
  return out;
}

}  // namespace gristmill
