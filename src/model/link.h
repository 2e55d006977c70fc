// From a model's raw scores to its answer.
#pragma once

#include <cstdint>
#include <string_view>

#include "tensor/dataset.h"

namespace gristmill {

enum class Link : uint8_t { identity, logistic, softmax, exponential };

std::string_view name_of(Link link);     // "identity", "logistic", "softmax", "exponential"
Link parse_link(std::string_view name);  // Code::corrupt

// What turns a score into the problem's answer.
Link link_of(Problem problem);

// In place over [rows][outputs]: identity; 1 / (1 + exp(−slope · s)) of each; softmax over a row;
// exp(s).
void apply_link(Link link, double slope, int64_t rows, int64_t outputs, double* scores);

}  // namespace gristmill
