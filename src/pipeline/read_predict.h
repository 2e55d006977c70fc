// One prediction of the project file.
#pragma once

#include <string>

#include "pipeline/project.h"
#include "pipeline/spot.h"

namespace gristmill {

// Code::invalid with its place for what is wrong in it.
PredictSpec read_predict(const Spot& spot, const std::string& name);

// Code::invalid for a name that cannot stand in URLs, in file names and on command lines.
void check_prediction_name(const std::string& name, const Where& where);

// Code::invalid for a key column that is called as an answer's own are.
void check_prediction_key(const std::vector<std::string>& key, const Where& where);

}  // namespace gristmill
