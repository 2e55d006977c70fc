#include "feature/geo.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/error.h"
#include "feature/level_column.h"

namespace gristmill {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

double number(const Column& column, int64_t i) {
  if (column.is_null(i)) return nan;
  return column.type == Type::int64 ? double(column.values<int64_t>()[i])
                                    : column.values<double>()[i];
}

void check(bool holds, const char* what) {
  if (!holds) throw Error(Code::corrupt, fmt::format("an encoder `geo` {}", what));
}

State save_columns(const GeoColumns& columns) {
  State state, latitude, longitude;
  columns.latitude.save(latitude);
  columns.longitude.save(longitude);
  state.put_state("latitude", latitude);
  state.put_state("longitude", longitude);
  return state;
}

GeoColumns load_columns(const State& state) {
  GeoColumns columns{SourceColumn::load(state.get_state("latitude")),
                     SourceColumn::load(state.get_state("longitude"))};
  check(is_number(columns.latitude.type()) && is_number(columns.longitude.type()),
        "over a column that is no number");
  return columns;
}

GeoPlace load_place(const State& state) {
  GeoPlace place{.name = state.at<std::string>("name")};
  if (state.at<bool>("by_row")) {
    place.columns = load_columns(state.get_state("columns"));
    return place;
  }
  const auto degrees = state.get<double>("degrees");
  check(degrees.size() == 2 && is_latitude(degrees[0]) && is_longitude(degrees[1]),
        "with a place that is nowhere");
  place.latitude = degrees[0], place.longitude = degrees[1];
  return place;
}

GeoValues load_values(const State& state) {
  GeoValues values{load_columns(state), {}};
  const auto places = state.at<int64_t>("places");
  check(places >= 0 && places <= int64_t(GeoValues::most_places), "with too many places");
  for (int64_t i = 0; i < places; ++i)
    values.places.push_back(load_place(state.get_state(fmt::format("place{}", i))));
  return values;
}

}  // namespace

void GeoColumns::bind(const Schema& in) {
  latitude.bind(in);
  longitude.bind(in);
}

bool GeoColumns::degrees(const Batch& rows, int64_t i, double& lat, double& lon) const {
  lat = number(latitude.in(rows), i);
  lon = number(longitude.in(rows), i);
  return is_latitude(lat) && is_longitude(lon);
}

std::string GeoValues::name(size_t value) const {
  constexpr const char* axes[coordinates] = {"x", "y", "z"};
  const std::string& column = point.latitude.name();
  return value < coordinates ? fmt::format("{}_{}", column, axes[value])
                             : fmt::format("{}_km_{}", column, places[value - coordinates].name);
}

std::vector<std::string> GeoValues::reads() const {
  std::vector<std::string> names;
  const auto add = [&names](const GeoColumns& columns) {
    for (const SourceColumn* column : {&columns.latitude, &columns.longitude})
      if (std::find(names.begin(), names.end(), column->name()) == names.end())
        names.push_back(column->name());
  };
  add(point);
  for (const GeoPlace& place : places)
    if (place.columns) add(*place.columns);
  return names;
}

void GeoValues::bind(const Schema& in) {
  point.bind(in);
  for (GeoPlace& place : places)
    if (place.columns) place.columns->bind(in);
}

void GeoValues::read(const Batch& rows, int64_t i, Row& values) const {
  double lat, lon;
  if (!point.degrees(rows, i, lat, lon)) {
    std::fill_n(values, size(), nan);
    return;
  }
  const UnitPoint here = unit_point(lat, lon);
  values[0] = here.x, values[1] = here.y, values[2] = here.z;
  for (size_t p = 0; p < places.size(); ++p) {
    lat = places[p].latitude, lon = places[p].longitude;
    const bool known = !places[p].columns || places[p].columns->degrees(rows, i, lat, lon);
    values[coordinates + p] = known ? distance_km(here, unit_point(lat, lon)) : nan;
  }
}

GeoEncoder::GeoEncoder(GeoPlan plan)
    : plan_(std::move(plan)), codes_({plan_.cells.begin(), plan_.cells.end()}) {}

std::vector<TensorSpec> GeoEncoder::outputs() const {
  const std::string& column = plan_.values.point.latitude.name();
  std::vector<TensorSpec> specs;
  if (!plan_.outputs.empty()) {
    TensorSpec& block = specs.emplace_back(TensorSpec{column, TensorKind::block, {}, column});
    for (const ValueOutput& output : plan_.outputs.all()) {
      const bool of_point = output.marks && output.value < GeoValues::coordinates;
      block.names.push_back((of_point ? column : plan_.values.name(output.value)) +
                            (output.marks ? "_missing" : ""));
    }
  }
  if (!plan_.cells.empty()) {
    TensorSpec& code =
        specs.emplace_back(TensorSpec{column + "_cell", TensorKind::code, {"", ""}, column});
    for (const std::string& cell : plan_.cells)
      code.names.push_back(plan_.grid->name_of(number_of_level(cell)));
  }
  return specs;
}

void GeoEncoder::encode(const Batch& rows, const FeatureRows& out, const int64_t* at,
                        Scratch&) const {
  const int64_t* next = at;
  if (!plan_.outputs.empty()) {
    float* to = out.floats + *next++;
    GeoValues::Row values;
    for (int64_t i = 0; i < rows.rows; ++i, to += out.float_stride) {
      plan_.values.read(rows, i, values);
      plan_.outputs.write(values, to);
    }
  }
  if (plan_.cells.empty()) return;
  int32_t* to = out.codes + *next;
  double lat, lon;
  for (int64_t i = 0; i < rows.rows; ++i, to += out.code_stride) {
    const bool known = plan_.values.point.degrees(rows, i, lat, lon);
    *to = known ? codes_.code(plan_.grid->cell_of(lat, lon)) : 0;
  }
}

State GeoEncoder::save() const {
  const GeoValues& values = plan_.values;
  State state = save_columns(values.point);
  state.json["places"] = values.places.size();
  for (size_t i = 0; i < values.places.size(); ++i) {
    const GeoPlace& place = values.places[i];
    State saved;
    saved.json["name"] = place.name;
    saved.json["by_row"] = place.columns.has_value();
    if (place.columns) {
      saved.put_state("columns", save_columns(*place.columns));
    } else {
      saved.put<double>("degrees", {place.latitude, place.longitude});
    }
    state.put_state(fmt::format("place{}", i), saved);
  }
  plan_.outputs.save(state);
  state.json["grid"] = plan_.grid.has_value();
  if (plan_.grid) {
    state.put<double>("cell_km", {plan_.grid->cell_km()});
    state.put_strings("levels", plan_.cells);
  }
  return state;
}

std::unique_ptr<Encoder> GeoEncoder::load(const State& state) {
  GeoPlan plan{.values = load_values(state)};
  plan.outputs = ValueOutputs::load(state, plan.values.size(), "geo");
  if (state.at<bool>("grid")) {
    const auto size = state.get<double>("cell_km");
    check(size.size() == 1 && size[0] >= GeoGrid::smallest_km && size[0] <= GeoGrid::largest_km,
          "with cells of no size");
    plan.grid.emplace(size[0]);
    plan.cells = load_levels(state, Type::int64, "geo", most_cells);
  }
  check(!plan.outputs.empty() || !plan.cells.empty(), "without an output");
  return std::make_unique<GeoEncoder>(std::move(plan));
}

}  // namespace gristmill
