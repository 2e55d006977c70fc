// Points on the earth as a sphere.
#pragma once

#include <cstdint>
#include <string>

namespace gristmill {

// Of the sphere of radius 1: x towards 0° N 0° E, y towards 90° E, z towards the north pole.
struct UnitPoint {
  double x = 0, y = 0, z = 0;
};

inline constexpr double earth_radius_km = 6371.0088;  // the mean one (IUGG)

// In degrees; NaN is in no range.
inline bool is_latitude(double degrees) { return degrees >= -90 && degrees <= 90; }
inline bool is_longitude(double degrees) { return degrees >= -180 && degrees <= 180; }

UnitPoint unit_point(double latitude, double longitude);

// Along the great circle. The square of half the chord is the haversine of the angle, so this is
// the haversine formula, without its sines.
double distance_km(const UnitPoint& a, const UnitPoint& b);

// The sphere in bands of latitude as high as a cell, each cut into as many cells as make them about
// as wide as high. A cell is the number of its band and of itself in it.
class GeoGrid {
 public:
  static constexpr double smallest_km = 0.1, largest_km = 5000;

  GeoGrid() = default;
  explicit GeoGrid(double cell_km);  // within these

  double cell_km() const { return cell_km_; }
  int64_t cell_of(double latitude, double longitude) const;
  // Its middle, "40.6250,-73.7812"; of what is no cell, some text.
  std::string name_of(int64_t cell) const;

 private:
  int64_t cells_in(int64_t band) const;

  double cell_km_ = largest_km;
  int64_t bands_ = 1;
};

}  // namespace gristmill
