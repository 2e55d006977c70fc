// Plots as SVG in the page's own colours. What a mark stands for is told when it is pointed at.
#pragma once

#include <string>
#include <vector>

namespace gristmill {

// 0.25, 1,500, 3.2e+06: a number beside a mark, short.
std::string mark_text(double value);

// Horizontal bars from zero, with whiskers of ± `spread` (0: none). Negative bars point left.
struct Bar {
  std::string name, told;
  double value = 0, spread = 0;
};
std::string bar_plot(const std::vector<Bar>& bars);

// A point with its interval on a line that all rows share; `reference` a vertical line (NaN: none).
struct Range {
  std::string name, told;
  double value = 0, low = 0, high = 0;  // NaN: no interval
};
std::string range_plot(const std::vector<Range>& ranges, double reference);

// Points in the unit square against the diagonal; `size` gives the area of a point.
struct UnitPoint {
  double x = 0, y = 0, size = 1;
  std::string told;
};
std::string unit_plot(const std::vector<UnitPoint>& points, const std::string& x_name,
                      const std::string& y_name);

// y over numbers x, joined by a line; `low` and `high` bound y.
struct LinePoint {
  double x = 0, y = 0;
};
std::string line_plot(const std::vector<LinePoint>& points, double low, double high);

// The same for names in place of numbers: a row each, values from left to right.
struct NamedPoint {
  std::string name;
  double value = 0;
};
std::string dot_plot(const std::vector<NamedPoint>& points, double low, double high);

}  // namespace gristmill
