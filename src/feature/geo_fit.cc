// Encoder `geo`: fitting, and its registration.

#include <fmt/format.h>

#include "base/error.h"
#include "feature/geo.h"
#include "feature/level_column.h"
#include "sketch/moments.h"

namespace gristmill {
namespace {

class GeoFit : public EncoderFit {
 public:
  GeoFit(GeoValues values, const Wants& wants, std::optional<GeoGrid> grid)
      : values_(std::move(values)), wants_(wants), grid_(grid), moments_(values_.size()) {}

  std::vector<std::string> reads() const override { return values_.reads(); }

  void observe(const FitBatch& seen) override {
    const Batch& rows = seen.rows;
    GeoValues bound = values_;
    bound.bind(*rows.schema);
    std::vector<std::vector<double>> columns(bound.size(), std::vector<double>(size_t(rows.rows)));
    GeoValues::Row row;
    for (int64_t i = 0; i < rows.rows; ++i) {
      bound.read(rows, i, row);
      for (size_t v = 0; v < columns.size(); ++v) columns[v][size_t(i)] = row[v];
    }
    for (size_t v = 0; v < columns.size(); ++v)
      moments_[v].observe({.type = Type::float64, .length = rows.rows, .data = columns[v].data()});
    if (!grid_) return;
    double lat, lon;
    for (int64_t i = 0; i < rows.rows; ++i) {
      if (bound.point.degrees(rows, i, lat, lon)) {
        cells_.add(grid_->cell_of(lat, lon));
      } else {
        cells_.add_null();
      }
    }
  }
  std::unique_ptr<EncoderFit> clone_empty() const override {
    return std::make_unique<GeoFit>(values_, wants_, grid_);
  }
  void merge(EncoderFit&& other) override {
    const auto& later = dynamic_cast<GeoFit&>(other);
    for (size_t v = 0; v < moments_.size(); ++v) moments_[v].merge(later.moments_[v]);
    cells_.merge(later.cells_);
  }

  std::unique_ptr<Encoder> freeze(std::string* why) const override {
    if (moments_[0].count == 0) {
      *why = "all its points are missing, or out of range";
      return nullptr;
    }
    GeoPlan plan{.values = values_, .outputs = ValueOutputs(wants_), .grid = grid_};
    for (size_t v = 0; v < moments_.size(); ++v) add(v, plan.outputs);
    if (grid_ && varies()) {
      const int64_t rows = cells_.admitted() + cells_.left_over() + cells_.nulls();
      plan.cells = frequent_levels(Type::int64, cells_, least_count(rows), GeoEncoder::most_cells);
    }
    if (plan.outputs.empty() && plan.cells.empty()) {
      *why = "constant: all its points are the same";
      return nullptr;
    }
    return std::make_unique<GeoEncoder>(std::move(plan));
  }

 private:
  bool gaps(size_t value) const { return moments_[value].not_finite > 0; }
  bool varies() const {
    for (size_t v = 0; v < GeoValues::coordinates; ++v)
      if (!moments_[v].constant() || gaps(v)) return true;
    return false;
  }
  // The value, and what marks its gaps; those of the point do for x, y and z together.
  void add(size_t value, ValueOutputs& outputs) const {
    outputs.add(value, moments_[value]);
    const bool last_coordinate = value + 1 == GeoValues::coordinates;
    if (last_coordinate ? gaps(value) : moments_[value].not_finite > moments_[0].not_finite)
      outputs.mark(value);
  }

  GeoValues values_;
  Wants wants_;
  std::optional<GeoGrid> grid_;
  std::vector<Moments> moments_;  // by value
  LevelCounts cells_;
};

const std::vector<ParamDoc> docs = {
    {"longitude", "string", "The column with the longitudes.", nullptr, {}, {}, {}},
    {"to",
     "object",
     "Places, by name, to which the distance is told in km: a latitude and a longitude, "
     "`{JFK: [40.64, -73.78]}`, or two columns of the row, `{dest: [dest_lat, dest_lon]}`.",
     nullptr,
     {},
     {},
     {}},
    {"cell",
     "number",
     "Also as a category: the cell of a grid that the point lies in, about so many km high and "
     "wide. The 255 most frequent cells are told apart, by the rules of `category`.",
     nullptr,
     GeoGrid::smallest_km,
     GeoGrid::largest_km,
     {}},
};

constexpr const char* place_hint =
    "for example {to: {JFK: [40.64, -73.78], dest: [dest_lat, "
    "dest_lon]}}";

[[noreturn]] void refuse(std::string message, std::string hint) {
  throw Error(Code::invalid, "encoder geo: " + std::move(message), {}, std::move(hint));
}

Params read_params(const nlohmann::json& given) {
  Params params(given.is_string() ? nlohmann::json{{"longitude", given}} : given, docs,
                "encoder geo");
  if (!params.has("longitude"))
    refuse("`longitude` names no column", "for example {lat: {geo: {longitude: lon}}}");
  return params;
}

// A name of `to` and what it stands for.
using Place = std::pair<std::string, nlohmann::json>;

bool by_row(const Place& place) { return place.second[0].is_string(); }

std::vector<Place> places_of(const Params& params) {
  std::vector<Place> places;
  if (!params.has("to")) return places;
  for (const auto& [name, at] : params["to"].items()) {
    const auto both = [&at](auto is) { return is(at[0]) && is(at[1]); };
    if (!at.is_array() || at.size() != 2 ||
        !(both([](const auto& one) { return one.is_string(); }) ||
          both([](const auto& one) { return one.is_number(); })))
      refuse(fmt::format("`to` says {} of {}, which is neither two numbers nor two columns",
                         at.dump(), name),
             place_hint);
    places.emplace_back(name, at);
  }
  if (places.size() > GeoValues::most_places)
    refuse(fmt::format("`to` names more than {} places", GeoValues::most_places),
           "choose a `cell` instead");
  return places;
}

OtherColumns others(const nlohmann::json& given) {
  const Params params = read_params(given);
  OtherColumns columns{{params.text("longitude")}, {}};
  for (const Place& place : places_of(params)) {
    if (!by_row(place)) continue;
    for (const auto& column : place.second) columns.read.push_back(column.get<std::string>());
  }
  return columns;
}

SourceColumn column_of(const Schema& schema, const std::string& name) {
  const Field& field = schema[schema.index_of(name, "encoder geo")];
  require_type(field, "geo", {Type::float64, Type::int64},
               "make it degrees with the rule `parse`, south and west below 0");
  return SourceColumn(field);
}

GeoPlace fixed_place(const Place& place) {
  GeoPlace fixed{.name = place.first};
  fixed.latitude = place.second[0].get<double>();
  fixed.longitude = place.second[1].get<double>();
  if (!is_latitude(fixed.latitude) || !is_longitude(fixed.longitude))
    refuse(fmt::format("{} at {} is no place on earth", place.first, place.second.dump()),
           "a latitude, from -90 to 90, comes first, then a longitude, from -180 to 180");
  return fixed;
}

std::unique_ptr<EncoderFit> make(const nlohmann::json& given, const EncoderContext& context) {
  const Params params = read_params(given);
  const auto column = [&](const std::string& name) { return column_of(context.schema, name); };
  GeoValues values{{column(context.field.name), column(params.text("longitude"))}, {}};
  for (const Place& place : places_of(params)) {
    if (!by_row(place)) {
      values.places.push_back(fixed_place(place));
      continue;
    }
    values.places.push_back({.name = place.first,
                             .columns = GeoColumns{column(place.second[0].get<std::string>()),
                                                   column(place.second[1].get<std::string>())}});
  }
  std::optional<GeoGrid> grid;
  if (params.has("cell")) grid.emplace(params.number("cell"));
  return std::make_unique<GeoFit>(std::move(values), context.wants, grid);
}

const RegisterEncoder registered({
    .name = "geo",
    .version = 1,
    .text = "A latitude together with a longitude, in degrees, as a point on the earth: x, y and z "
            "of the unit sphere, in which near points are near, across the date line too; its "
            "distances in km, along the great circle; its cell. What is out of range is missing. "
            "The longitude is no feature of its own then, unless `features` names it. Trees take a "
            "missing value as NaN; linear models take numbers scaled to mean 0 and variance 1, a "
            "missing one as 0 and, when training saw one, a column `<name>_missing`.",
    .example = "{lat: {geo: {longitude: lon, to: {JFK: [40.64, -73.78], dest: [dest_lat, "
               "dest_lon]}, cell: 100}}}",
    .params = docs,
    .make = make,
    .load = GeoEncoder::load,
    .others = others,
});

}  // namespace
}  // namespace gristmill
