// Which columns may be features, and what the project file says of each.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "feature/featurizer.h"
#include "pipeline/project.h"

namespace gristmill {

// `columns`: after all rules. `forbidden`: (column, reason). What may not be a feature goes to
// `left_out`. Code::invalid for a forbidden column that `features` names, Code::not_found for one
// that is not there.
std::vector<FeatureChoice> feature_choices(
    const PredictSpec& spec, const Schema& columns,
    const std::vector<std::pair<std::string, std::string>>& forbidden,
    std::vector<FeaturizerFit::LeftOut>& left_out);

// Names in `spec` what `facts` (FitResult::facts) tell was chosen: each column's encoder, and as
// excluded those left out, so that another fit on other rows makes the same features.
void keep_choices(const nlohmann::json& facts, PredictSpec& spec);

// Puts in place of files that `features` names, below the project's folder, what they hold: what is
// made of them hangs on it.
void read_feature_files(const fs::path& dir, PredictSpec& spec);

// The fit of these choices over the columns `in`. What does not fit is told at `features`.
FeaturizerFit start_features(const PredictSpec& spec, const Schema& in,
                             const std::vector<FeatureChoice>& choices, const Wants& wants,
                             const TargetInfo& target = {});

}  // namespace gristmill
