#include "feature/geo_point.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

namespace gristmill {
namespace {

constexpr double radians = std::numbers::pi / 180;  // of a degree

// Which of `count` equal parts of a span `share` of the way lies in; its end is in the last.
int64_t part_of(double share, int64_t count) {
  return std::clamp(int64_t(share * double(count)), int64_t(0), count - 1);
}

}  // namespace

UnitPoint unit_point(double latitude, double longitude) {
  const double cosine = std::cos(latitude * radians);
  return {cosine * std::cos(longitude * radians), cosine * std::sin(longitude * radians),
          std::sin(latitude * radians)};
}

double distance_km(const UnitPoint& a, const UnitPoint& b) {
  const double x = a.x - b.x, y = a.y - b.y, z = a.z - b.z;
  const double half_chord = std::sqrt(x * x + y * y + z * z) / 2;
  return 2 * earth_radius_km * std::asin(std::min(half_chord, 1.0));
}

GeoGrid::GeoGrid(double cell_km)
    : cell_km_(cell_km),
      bands_(std::max<int64_t>(1, std::llround(std::numbers::pi * earth_radius_km / cell_km))) {}

int64_t GeoGrid::cells_in(int64_t band) const {
  const double middle = (double(band) + 0.5) / double(bands_) * 180 - 90;
  return std::max<int64_t>(1, std::llround(2 * double(bands_) * std::cos(middle * radians)));
}

int64_t GeoGrid::cell_of(double latitude, double longitude) const {
  const int64_t band = part_of((latitude + 90) / 180, bands_);
  // 180° W and 180° E are one meridian.
  const double east = longitude == 180 ? 0 : (longitude + 180) / 360;
  return (band << 32) | part_of(east, cells_in(band));
}

std::string GeoGrid::name_of(int64_t cell) const {
  const int64_t band = cell >> 32, place = cell & 0xffffffff;
  return fmt::format("{:.4f},{:.4f}", (double(band) + 0.5) / double(bands_) * 180 - 90,
                     (double(place) + 0.5) / double(cells_in(band)) * 360 - 180);
}

}  // namespace gristmill
