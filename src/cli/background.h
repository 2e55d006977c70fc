// The rows that `predict --explain --background` explains against.
#pragma once

#include <memory>
#include <string>

#include "base/progress.h"
#include "bundle/column_explainer.h"
#include "bundle/predictor.h"

namespace gristmill {

inline constexpr int64_t background_rows_max = 256;

// Of the rows of a file, read as the input of `predict` is; of more than background_rows_max, the
// same ones each time, which is told. Code::invalid when it has none, or one without an answer.
std::unique_ptr<ColumnExplainer> explain_against(const Predictor& predictor,
                                                 const std::string& file, char decimal,
                                                 Progress& progress);

}  // namespace gristmill
