// Encoder `geo`, frozen: points on the earth, each told by two columns.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "feature/encoder.h"
#include "feature/geo_point.h"
#include "feature/levels.h"
#include "feature/source_column.h"
#include "feature/value_outputs.h"

namespace gristmill {

// Degrees as int64 or float64. Missing where one of both is, or is out of range.
struct GeoColumns {
  SourceColumn latitude, longitude;

  void bind(const Schema& in);
  // False: missing.
  bool degrees(const Batch& rows, int64_t i, double& lat, double& lon) const;
};

// What a distance is measured to: a point of each row, or one for all.
struct GeoPlace {
  std::string name;
  std::optional<GeoColumns> columns;
  double latitude = 0, longitude = 0;  // without columns
};

// A row has these values, NaN where it has none: x, y and z of its point on the unit sphere, then
// its distance to each place in km.
struct GeoValues {
  static constexpr size_t most_places = 100;
  static constexpr size_t coordinates = 3;
  using Row = double[coordinates + most_places];

  GeoColumns point;
  std::vector<GeoPlace> places;

  size_t size() const { return coordinates + places.size(); }
  std::string name(size_t value) const;  // "lat_x", "lat_km_JFK"
  std::vector<std::string> reads() const;
  void bind(const Schema& in);
  void read(const Batch& rows, int64_t i, Row& values) const;  // bound
};

struct GeoPlan {
  GeoValues values;
  ValueOutputs outputs;
  std::optional<GeoGrid> grid;
  std::vector<std::string> cells;  // levels of the grid's cells, as levels.h has numbers
};

class GeoEncoder : public Encoder {
 public:
  static constexpr int64_t most_cells = 255;

  explicit GeoEncoder(GeoPlan plan);

  void bind(const Schema& in) override { plan_.values.bind(in); }
  std::vector<std::string> reads() const override { return plan_.values.reads(); }
  std::vector<TensorSpec> outputs() const override;
  void encode(const Batch& rows, const FeatureRows& out, const int64_t* at,
              Scratch&) const override;
  State save() const override;
  static std::unique_ptr<Encoder> load(const State& state);  // Code::corrupt

 private:
  GeoPlan plan_;
  LevelTable codes_;
};

}  // namespace gristmill
