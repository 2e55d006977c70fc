// Encoders that are not fitted: of models made elsewhere, which say what they take.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "feature/encoder.h"
#include "feature/number_shape.h"

namespace gristmill {

// Of kind "number": the shape of a number or boolean, NaN where it is missing.
std::unique_ptr<Encoder> unfitted_number(const Field& field, NumberShape shape);
// Of kind "category": code 2 + i is level i, which is as level_column.h says. Code::corrupt when
// two are equal.
std::unique_ptr<Encoder> unfitted_category(const Field& field, std::vector<std::string> levels);
// Of kind "ordinal": the place of text among `levels`, NaN where it is missing or none of them.
std::unique_ptr<Encoder> unfitted_ordinal(const Field& field, std::vector<std::string> levels);

}  // namespace gristmill
