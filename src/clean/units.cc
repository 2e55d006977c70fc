#include "clean/units.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "clean/text_steps.h"

namespace gristmill {
namespace {

using enum Dimension;

// Whole numbers in numerator and denominator, so that a value is rounded twice at most.
const std::vector<Unit>& units() {
  static const std::vector<Unit> table = {
      {mass, 1, 1, 0, {"kg", "kgs", "kilo", "kilos", "kilogram", "kilograms"}},
      {mass, 1, 1e3, 0, {"g", "gram", "grams"}},
      {mass, 1, 1e6, 0, {"mg", "milligram", "milligrams"}},
      {mass, 1, 1e9, 0, {"µg", "μg", "ug", "mcg", "microgram", "micrograms"}},
      {mass, 1e3, 1, 0, {"t", "tonne", "tonnes"}},
      {mass, 45359237, 1e8, 0, {"lb", "lbs", "pound", "pounds"}},
      {mass, 45359237, 16e8, 0, {"oz", "ounce", "ounces"}},
      {mass, 635029318, 1e8, 0, {"st", "stone"}},

      {length, 1, 1, 0, {"m", "meter", "meters", "metre", "metres"}},
      {length, 1e3, 1, 0, {"km", "kilometer", "kilometers", "kilometre", "kilometres"}},
      {length, 1, 1e2, 0, {"cm", "centimeter", "centimeters", "centimetre", "centimetres"}},
      {length, 1, 1e3, 0, {"mm", "millimeter", "millimeters", "millimetre", "millimetres"}},
      {length, 1, 1e6, 0, {"µm", "μm", "um"}},
      {length, 1, 1e9, 0, {"nm"}},
      {length, 254, 1e4, 0, {"in", "inch", "inches", "\"", "″"}},
      {length, 3048, 1e4, 0, {"ft", "foot", "feet", "'", "′"}},
      {length, 9144, 1e4, 0, {"yd", "yard", "yards"}},
      {length, 1609344, 1e3, 0, {"mi", "mile", "miles"}},
      {length, 1852, 1, 0, {"nmi"}},

      {volume, 1, 1, 0, {"l", "liter", "liters", "litre", "litres"}},
      {volume, 1, 1e3, 0, {"ml", "cm3", "cm³", "cc", "milliliter", "millilitre"}},
      {volume, 1, 1e2, 0, {"cl"}},
      {volume, 1, 10, 0, {"dl"}},
      {volume, 1e2, 1, 0, {"hl"}},
      {volume, 1e3, 1, 0, {"m3", "m³"}},
      {volume, 3785411784, 1e9, 0, {"gal", "gallon", "gallons"}},
      {volume, 946352946, 1e9, 0, {"qt", "quart", "quarts"}},
      {volume, 473176473, 1e9, 0, {"pt", "pint", "pints"}},
      {volume, 295735295625, 1e13, 0, {"fl oz", "floz"}},

      {time, 1, 1, 0, {"s", "sec", "secs", "second", "seconds"}},
      {time, 1, 1e3, 0, {"ms", "millisecond", "milliseconds"}},
      {time, 1, 1e6, 0, {"µs", "μs", "us", "microsecond", "microseconds"}},
      {time, 1, 1e9, 0, {"ns", "nanosecond", "nanoseconds"}},
      {time, 60, 1, 0, {"min", "mins", "minute", "minutes"}},
      {time, 3600, 1, 0, {"h", "hr", "hrs", "hour", "hours"}},
      {time, 86400, 1, 0, {"d", "day", "days"}},
      {time, 604800, 1, 0, {"w", "wk", "week", "weeks"}},

      {temperature, 1, 1, 0, {"°C", "C", "ºC", "℃", "° C", "celsius"}},
      {temperature, 5, 9, -32, {"°F", "F", "ºF", "℉", "° F", "fahrenheit"}},
      {temperature, 1, 1, -273.15, {"K", "kelvin"}},

      {data, 1, 1, 0, {"B", "byte", "bytes", "Byte", "Bytes"}},
      {data, 1e3, 1, 0, {"kB", "KB"}},
      {data, 1e6, 1, 0, {"MB"}},
      {data, 1e9, 1, 0, {"GB"}},
      {data, 1e12, 1, 0, {"TB"}},
      {data, 1e15, 1, 0, {"PB"}},
      {data, 0x1p10, 1, 0, {"KiB"}},
      {data, 0x1p20, 1, 0, {"MiB"}},
      {data, 0x1p30, 1, 0, {"GiB"}},
      {data, 0x1p40, 1, 0, {"TiB"}},
      {data, 0x1p50, 1, 0, {"PiB"}},

      {speed, 1, 1, 0, {"m/s"}},
      {speed, 10, 36, 0, {"km/h", "kmh", "kph", "km/hr"}},
      {speed, 44704, 1e5, 0, {"mph", "mi/h"}},
      {speed, 1852, 3600, 0, {"kn", "kt", "kts", "knot", "knots"}},
      {speed, 3048, 1e4, 0, {"ft/s", "fps"}},

      {duration, 1, 1, 0, {"s", "sec", "secs", "second", "seconds"}},
      {duration, 1, 1e3, 0, {"ms"}},
      {duration, 60, 1, 0, {"m", "min", "mins", "minute", "minutes"}},
      {duration, 3600, 1, 0, {"h", "hr", "hrs", "hour", "hours"}},
      {duration, 86400, 1, 0, {"d", "day", "days"}},
      {duration, 604800, 1, 0, {"w", "wk", "week", "weeks"}},
  };
  return table;
}

// m and M are not the same in every name; sizes of data go by their case.
bool same_name(std::string_view a, std::string_view b, bool any_case) {
  return any_case ? equal_ignoring_case(a, b) : a == b;
}

// A unit ends where the text ends, or space or the next number begins.
bool ends_unit(std::string_view rest) {
  return rest.empty() || is_digit(rest.front()) || leading_space(rest) > 0;
}

// The longest name of a unit of this kind at the front of `text`, which then begins after it.
const Unit* take_unit(std::string_view& text, Dimension dimension) {
  for (bool any_case : {false, true}) {
    if (any_case && dimension == data) break;
    const Unit* found = nullptr;
    size_t longest = 0;
    for (const Unit& unit : units()) {
      if (unit.dimension != dimension) continue;
      for (std::string_view name : unit.names) {
        if (name.size() <= longest || name.size() > text.size() ||
            !same_name(name, text.substr(0, name.size()), any_case) ||
            !ends_unit(text.substr(name.size())))
          continue;
        found = &unit;
        longest = name.size();
      }
    }
    if (found == nullptr) continue;
    text.remove_prefix(longest);
    return found;
  }
  return nullptr;
}

double converted(double value, const Unit& from, const Unit& to) {
  if (&from == &to) return value;
  return (value + from.offset) * (from.numerator * to.denominator) /
             (from.denominator * to.numerator) -
         to.offset;
}

bool read_parts(std::string_view text, const NumberForm& form, const Unit& to, double& value) {
  text = trimmed_unicode(text);
  bool had_sign;
  const bool negative = take_minus(text, had_sign);
  const bool several = to.dimension != temperature;
  double sum = 0;
  do {
    double number;
    if (!form.read_front(text, number)) return false;
    skip_space(text);
    const Unit* unit = take_unit(text, to.dimension);
    if (unit == nullptr) return false;
    // Below zero before it is converted: temperatures have an offset.
    sum += converted(negative ? -number : number, *unit, to);
    skip_space(text);
  } while (several && !text.empty());
  if (!text.empty() || !std::isfinite(sum)) return false;
  value = sum;
  return true;
}

}  // namespace

const Unit* find_unit(std::string_view name) {
  for (bool any_case : {false, true}) {
    const Unit* found = nullptr;
    for (const Unit& unit : units()) {
      if (unit.dimension == duration || (any_case && unit.dimension == data)) continue;
      for (std::string_view known : unit.names) {
        if (!same_name(known, name, any_case)) continue;
        if (found != nullptr && found != &unit) return nullptr;
        found = &unit;
      }
    }
    if (found != nullptr) return found;
  }
  return nullptr;
}

std::vector<std::string> unit_names() {
  std::vector<std::string> names;
  for (const Unit& unit : units()) {
    if (unit.dimension != duration) names.emplace_back(unit.names.front());
  }
  return names;
}

bool read_quantity(std::string_view cell, const std::vector<NumberForm>& forms, const Unit& to,
                   double& value) {
  return std::any_of(forms.begin(), forms.end(),
                     [&](const NumberForm& form) { return read_parts(cell, form, to, value); });
}

bool read_spans(std::string_view cell, double& seconds) {
  static const NumberForm plain;
  static const Unit& second = *std::find_if(
      units().begin(), units().end(), [](const Unit& unit) { return unit.dimension == duration; });
  return read_parts(cell, plain, second, seconds);
}

}  // namespace gristmill
