#include "page/plot.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/number_text.h"
#include "page/html.h"

namespace gristmill {
namespace {

constexpr double name_width = 160, number_width = 64, plot_width = 256, row_height = 22;

std::string told(const std::string& text) {
  return text.empty() ? "" : fmt::format("<title>{}</title>", escaped(text));
}

// Long names lose their middle: columns of one family differ at the end.
std::string short_name(const std::string& name, size_t most = 24) {
  std::vector<size_t> starts;
  for (size_t i = 0; i < name.size(); ++i) {
    if ((name[i] & 0xc0) != 0x80) starts.push_back(i);
  }
  if (starts.size() <= most) return name;
  return name.substr(0, starts[most / 2]) + "…" + name.substr(starts[starts.size() - most / 2 + 1]);
}

std::string row_name(const std::string& name, double y) {
  return fmt::format(
      "<text class=\"name\" x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}<title>{}</title></text>",
      name_width - 8, y + 4, escaped(short_name(name)), escaped(name));
}

std::string svg(double width, double height, const std::string& what, const std::string& inside) {
  return fmt::format(
      "<svg viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" height=\"{1:.0f}\" role=\"img\" "
      "aria-label=\"{2}\">{3}</svg>\n",
      width, height, escaped(what), inside);
}

// Of values to places between `begin` and `end`.
struct Scale {
  double low, high, begin, end;
  double operator()(double value) const {
    const double share = high > low ? (value - low) / (high - low) : 0.5;
    return begin + std::clamp(share, 0.0, 1.0) * (end - begin);
  }
};

std::string whisker(double from, double to, double y) {
  return fmt::format(
      "<path class=\"whisker\" d=\"M{0:.1f} {2:.1f}H{1:.1f}M{0:.1f} {3:.1f}v6M{1:.1f} "
      "{3:.1f}v6\"/>",
      from, to, y, y - 3);
}

std::string axis(double x1, double y1, double x2, double y2) {
  return fmt::format(
      "<line class=\"axis\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>", x1, y1, x2,
      y2);
}

}  // namespace

std::string mark_text(double value) {
  if (std::isnan(value)) return "–";
  const double size = std::abs(value);
  if (size >= 1e6 || (size > 0 && size < 1e-4)) return fmt::format("{:.2g}", value);
  if (size >= 1000) return grouped(std::llround(value));
  return fmt::format("{:.3g}", value);
}

std::string bar_plot(const std::vector<Bar>& bars) {
  Scale scale{0, 0, name_width, name_width + plot_width};
  for (const Bar& bar : bars) {
    scale.low = std::min(scale.low, bar.value - bar.spread);
    scale.high = std::max(scale.high, bar.value + bar.spread);
  }
  const double zero = scale(0), height = row_height * double(bars.size());
  std::string out = axis(zero, 0, zero, height);
  double y = row_height / 2;
  for (const Bar& bar : bars) {
    const double end = scale(bar.value), from = std::min(zero, end);
    out += row_name(bar.name, y);
    out += fmt::format(
        "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"12\" "
        "rx=\"2\">{}</rect>",
        bar.value < 0 ? "mark-2" : "mark", from, y - 6, std::abs(end - zero), told(bar.told));
    if (bar.spread > 0)
      out += whisker(scale(bar.value - bar.spread), scale(bar.value + bar.spread), y);
    out += fmt::format("<text x=\"{}\" y=\"{:.1f}\">{}</text>", name_width + plot_width + 8, y + 4,
                       mark_text(bar.value));
    y += row_height;
  }
  return svg(name_width + plot_width + number_width, height, "bars", out);
}

std::string range_plot(const std::vector<Range>& ranges, double reference) {
  Scale scale{INFINITY, -INFINITY, name_width + 6, name_width + plot_width - 6};
  auto take = [&](double value) {
    if (std::isnan(value)) return;
    scale.low = std::min(scale.low, value);
    scale.high = std::max(scale.high, value);
  };
  take(reference);
  for (const Range& range : ranges) {
    take(range.value);
    take(range.low);
    take(range.high);
  }
  const double height = row_height * double(ranges.size());
  std::string out;
  if (!std::isnan(reference))
    out += fmt::format("<path class=\"soft-stroke\" d=\"M{:.1f} 0V{:.1f}\"/>", scale(reference),
                       height);
  double y = row_height / 2;
  for (const Range& range : ranges) {
    out += row_name(range.name, y);
    if (!std::isnan(range.low)) out += whisker(scale(range.low), scale(range.high), y);
    if (!std::isnan(range.value))
      out += fmt::format("<circle class=\"mark\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\">{}</circle>",
                         scale(range.value), y, told(range.told));
    out += fmt::format("<text x=\"{}\" y=\"{:.1f}\">{}</text>", name_width + plot_width + 8, y + 4,
                       score_text(range.value));
    y += row_height;
  }
  return svg(name_width + plot_width + number_width, height, "intervals", out);
}

std::string unit_plot(const std::vector<UnitPoint>& points, const std::string& x_name,
                      const std::string& y_name) {
  constexpr double side = 240, left = 40, top = 8;
  double largest = 0;
  for (const UnitPoint& point : points) largest = std::max(largest, point.size);
  const Scale x{0, 1, left, left + side}, y{0, 1, top + side, top};
  std::string out;
  for (const double at : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    out += axis(x(at), y(0), x(at), y(1)) + axis(x(0), y(at), x(1), y(at));
    out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>", x(at),
                       y(0) + 14, at);
    out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>", left - 5,
                       y(at) + 4, at);
  }
  out += fmt::format("<path class=\"soft-stroke\" d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\"/>", x(0), y(0),
                     x(1), y(1));
  std::string path;
  for (const UnitPoint& point : points)
    path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", x(point.x), y(point.y));
  out += fmt::format("<path class=\"stroke\" d=\"{}\"/>", path);
  for (const UnitPoint& point : points)
    out += fmt::format(
        "<circle class=\"mark\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\">{}</circle>", x(point.x),
        y(point.y), 2 + 4 * std::sqrt(largest > 0 ? point.size / largest : 1), told(point.told));
  out += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>", left + side / 2,
                     top + side + 30, escaped(x_name));
  return svg(left + side + 12, top + side + 36, y_name + " over " + x_name, out);
}

std::string line_plot(const std::vector<LinePoint>& points, double low, double high) {
  constexpr double width = 260, height = 110, left = 54, top = 6;
  const Scale x{points.front().x, points.back().x, left, left + width};
  const Scale y{low, high, top + height, top};
  std::string out;
  for (const double at : {low, high})
    out += axis(left, y(at), left + width, y(at)) +
           fmt::format("<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>", left - 5,
                       y(at) + 4, mark_text(at));
  out += fmt::format("<text x=\"{}\" y=\"{}\">{}</text>", left, top + height + 15,
                     mark_text(points.front().x));
  out += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>", left + width,
                     top + height + 15, mark_text(points.back().x));
  std::string path;
  for (const LinePoint& point : points)
    path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", x(point.x), y(point.y));
  out += fmt::format("<path class=\"stroke\" d=\"{}\"/>", path);
  for (const LinePoint& point : points)
    out +=
        fmt::format("<circle class=\"mark\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.5\">{}</circle>",
                    x(point.x), y(point.y), told(mark_text(point.x) + ": " + mark_text(point.y)));
  return svg(left + width + 10, top + height + 22, "line", out);
}

std::string dot_plot(const std::vector<NamedPoint>& points, double low, double high) {
  constexpr double names = 112, width = 150, row = 14;
  const Scale x{low, high, names + 4, names + width - 4};
  const double height = row * double(points.size());
  std::string out = axis(names, 0, names, height);
  double y = row / 2;
  for (const NamedPoint& point : points) {
    out += fmt::format(
        "<text class=\"name\" x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}<title>{}</title></text>",
        names - 6, y + 4, escaped(short_name(point.name, 16)), escaped(point.name));
    out += axis(names, y, x(point.value), y);
    out += fmt::format("<circle class=\"mark\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.5\">{}</circle>",
                       x(point.value), y, told(point.name + ": " + mark_text(point.value)));
    out += fmt::format("<text x=\"{}\" y=\"{:.1f}\">{}</text>", names + width + 6, y + 4,
                       mark_text(point.value));
    y += row;
  }
  return svg(names + width + 54, height, "dots", out);
}

}  // namespace gristmill
