// How the best model answers, settled by the validate rows as the project asks for it.
#pragma once

#include <optional>

#include "bundle/bundle.h"
#include "learn/decide.h"
#include "model/calibrated.h"
#include "pipeline/project.h"
#include "pipeline/stored_model.h"

namespace gristmill {

struct Answering {
  std::optional<Calibration> calibration;
  std::optional<Decide> decide;
  double threshold = 0.5;
  std::optional<PredictionInterval> interval;
  // "calibration", "decision", "interval": those that were asked for.
  nlohmann::json facts = nlohmann::json::object();

  // Adds to the facts what comes of it on the test rows.
  void tell(const Scored& test);
};

Answering settle_answers(const PredictSpec& spec, const Candidate& best, const Store& store);

}  // namespace gristmill
