#include "pipeline/settle_answers.h"

#include "learn/calibrate.h"
#include "learn/conformal.h"
#include "learn/evaluate.h"

namespace gristmill {

Answering settle_answers(const PredictSpec& spec, const Candidate& best, const Store& store) {
  Answering out{.decide = spec.decide};
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
  if (!spec.decide && !spec.interval) return out;
  const Predictions predictions(*model, *data, Fold::validate, 0);
  const Scored validate = predictions.scored();
  if (spec.decide) {
    out.threshold =
        told_at(spec.place("decide"), [&] { return choose_threshold(*spec.decide, validate); });
    out.facts["decision"] = {{"by", spec.decide->json()},
                             {"threshold", out.threshold},
                             {"validate", decision_scores(*spec.decide, out.threshold, validate)}};
  }
  if (spec.interval) {
    out.interval = {*spec.interval, told_at(spec.place("intervals"), [&] {
                      return conformal_margin(validate, *spec.interval);
                    })};
    out.facts["interval"] = out.interval->json();
  }
  return out;
}

void Answering::tell(const Scored& test) {
  if (decide) facts["decision"]["test"] = decision_scores(*decide, threshold, test);
  if (interval) facts["interval"]["coverage_test"] = coverage(test, interval->margin);
}

}  // namespace gristmill
