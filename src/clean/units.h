// Quantities with their units: "12 kg", "1.2 t", "5 ft 11 in", "1h 30m".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "clean/number_form.h"

namespace gristmill {

enum class Dimension : uint8_t { mass, length, volume, time, temperature, data, speed, duration };

struct Unit {
  Dimension dimension;
  double numerator, denominator;  // base units = (value + offset) × numerator / denominator
  double offset;
  std::vector<std::string_view> names;  // the first is what the reference calls it
};

// A unit by any of its names, other than those of Dimension::duration (in which m is a minute); to
// the letter, or in any case where that is one unit only. nullptr: none.
const Unit* find_unit(std::string_view name);
std::vector<std::string> unit_names();  // the first of each

// What a whole cell says, in units of `to`: one number with its unit, or several, as 5 ft 11 in,
// that are added up. False when it does not, or not in units of the same kind.
bool read_quantity(std::string_view cell, const std::vector<NumberForm>& forms, const Unit& to,
                   double& value);
// The same in seconds, by the units of Dimension::duration.
bool read_spans(std::string_view cell, double& seconds);

}  // namespace gristmill
