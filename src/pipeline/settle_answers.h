// How the best model answers, settled by the validate rows as the project asks for it.
#pragma once

#include <optional>

#include "bundle/bundle.h"
#include "model/calibrated.h"
#include "pipeline/evaluate_models.h"
#include "pipeline/project.h"

namespace gristmill {

struct Answering {
  std::optional<Calibration> calibration;
  double threshold = 0.5;
  std::optional<PredictionInterval> interval;
  // "calibration", "decision", "interval" with what comes of them on the test rows: those that were
  // asked for.
  nlohmann::json facts = nlohmann::json::object();
};

Answering settle_answers(const PredictSpec& spec, const Candidate& best, const Store& store);

}  // namespace gristmill
