#include <cmath>

#include "base/error.h"
#include "feature/geo_point.h"
#include "feature/test_rows.h"

namespace gristmill {
namespace {

using Names = std::vector<std::string>;
constexpr double jfk[] = {40.639751, -73.778925}, lhr[] = {51.4775, -0.461389};

double between(const double* a, const double* b) {
  return distance_km(unit_point(a[0], a[1]), unit_point(b[0], b[1]));
}

// The formula as it is written in books.
double haversine(double lat1, double lon1, double lat2, double lon2) {
  const double radian = std::acos(-1.0) / 180;
  auto square_sine = [&](double degrees) { return std::pow(std::sin(degrees * radian / 2), 2); };
  const double h = square_sine(lat2 - lat1) +
                   std::cos(lat1 * radian) * std::cos(lat2 * radian) * square_sine(lon2 - lon1);
  return 2 * earth_radius_km * std::asin(std::sqrt(h));
}

TEST(GeoPoint, DistancesAreThoseOfTheHaversineFormula) {
  EXPECT_NEAR(between(jfk, lhr), 5540, 2);
  EXPECT_EQ(between(jfk, jfk), 0);
  const double pole[] = {90, 12}, same_pole[] = {90, -170}, other_pole[] = {-90, 0};
  EXPECT_NEAR(between(pole, same_pole), 0, 1e-9);
  EXPECT_NEAR(between(pole, other_pole), std::acos(-1.0) * earth_radius_km, 1e-6);
  for (double lat = -88; lat <= 88; lat += 22)
    for (double lon = -180; lon < 180; lon += 36) {
      const double from[] = {lat, lon}, to[] = {-0.7 * lat + 1, lon / 2 + 31};
      EXPECT_NEAR(between(from, to), haversine(from[0], from[1], to[0], to[1]), 1e-5);
      const double near[] = {lat + 1e-6, lon};  // 11 cm
      EXPECT_NEAR(between(from, near), 1.112e-4, 1e-7);
    }
}

TEST(GeoPoint, CellsAreAsWideAsHighAndMeetAtTheDateLine) {
  const GeoGrid grid(100);
  EXPECT_EQ(grid.cell_of(10, 180), grid.cell_of(10, -180));
  EXPECT_EQ(grid.cell_of(90, 5), grid.cell_of(90, 5));
  EXPECT_NE(grid.cell_of(0, 0.1), grid.cell_of(0, 1.1));
  EXPECT_EQ(grid.name_of(grid.cell_of(jfk[0], jfk[1])), "40.9500,-73.3113");
  for (double lat = -89.9; lat < 90; lat += 3.7) {
    double west = 0;  // how far one may go within a cell
    const int64_t cell = grid.cell_of(lat, 0.01);
    while (west < 359 && grid.cell_of(lat, std::remainder(0.01 - west, 360)) == cell) west += 0.01;
    while (west < 359 && grid.cell_of(lat, std::remainder(0.01 + west, 360)) == cell) west += 0.01;
    const double width = west * 111.2 * std::cos(lat * std::acos(-1.0) / 180);
    EXPECT_LT(width, 230) << lat;
  }
  EXPECT_EQ(GeoGrid(5000).name_of(GeoGrid(5000).cell_of(0, 0)), "22.5000,0.0000");
}

TestRows places() {
  TestRows rows({{"lat", Type::float64},
                 {"lon", Type::float64},
                 {"to_lat", Type::int64},
                 {"to_lon", Type::int64}});
  rows.row({"0", "0", "0", "1"}).row({"0", "90", "0", "90"}).row({"90", "7", "0", "12"});
  rows.row({"0", "180", "0", "-179"}).row({"0", "0", "95", "0"});
  return rows;
}

const nlohmann::json all = {{"longitude", "lon"},
                            {"to", {{"here", {0, 0}}, {"there", {"to_lat", "to_lon"}}}}};

TEST(Geo, WritesSphereAndDistancesForTrees) {
  Encoded got = fit_encode("geo", places(), places(), for_trees, all);
  EXPECT_EQ(got.names, (Names{"lat_x", "lat_y", "lat_z", "lat_km_here", "lat_km_there"}));
  const float degree = float(std::acos(-1.0) * earth_radius_km / 180);
  auto expect = [&](size_t row, std::vector<float> values) {
    for (size_t k = 0; k < values.size(); ++k)
      EXPECT_NEAR(got.floats[row][k], values[k], 1e-3) << row << " " << k;
  };
  expect(0, {1, 0, 0, 0, degree});
  expect(1, {0, 1, 0, 90 * degree, 0});
  expect(2, {0, 0, 1, 90 * degree, 90 * degree});
  expect(3, {-1, 0, 0, 180 * degree, degree});  // across the date line
  EXPECT_TRUE(std::isnan(got.floats[4][4]));    // no place is at 95° N
}

TEST(Geo, OutOfRangeIsMissing) {
  TestRows rows({{"lat", Type::float64}, {"lon", Type::float64}});
  rows.row({"1", "2"}).row({"3", "4"}).row({"90.01", "4"}).row({"3", "-180.5"}).row({"3", nullptr});
  rows.row({nullptr, "4"}).row({"nan", "4"}).row({"5", "180"});
  const nlohmann::json params = {{"longitude", "lon"}, {"cell", 500}};
  Encoded got = fit_encode("geo", rows, rows, for_trees, params);
  for (size_t i : {2, 3, 4, 5, 6}) {
    for (float value : got.floats[i]) EXPECT_TRUE(std::isnan(value));
    EXPECT_EQ(got.codes[i][0], 0);
  }
  for (size_t i : {0, 1, 7}) EXPECT_FALSE(std::isnan(got.floats[i][0]));
  EXPECT_EQ(got.codes[7][0], 1);  // rare
  got = fit_encode("geo", rows, rows, for_linear, "lon");
  EXPECT_EQ(got.names, (Names{"lat_x", "lat_y", "lat_z", "lat_missing"}));
  for (size_t i : {2, 3, 4, 5, 6}) EXPECT_EQ(got.floats[i], (std::vector<float>{0, 0, 0, 1}));
  double sum = 0, squares = 0;
  for (size_t i : {0, 1, 7}) {
    sum += double(got.floats[i][1]);
    squares += double(got.floats[i][1]) * double(got.floats[i][1]);
  }
  EXPECT_NEAR(sum, 0, 1e-5);
  EXPECT_NEAR(squares, 3, 1e-5);
}

TEST(Geo, GapsOfADistanceAreMarkedWhereThePointHasNone) {
  Encoded got = fit_encode("geo", places(), places(), for_linear, all);
  EXPECT_EQ(got.names, (Names{"lat_x", "lat_y", "lat_z", "lat_km_here", "lat_km_there",
                              "lat_km_there_missing"}));
  EXPECT_EQ(got.floats[4][4], 0);
  EXPECT_EQ(got.floats[4][5], 1);
  EXPECT_EQ(got.floats[3][5], 0);
}

TEST(Geo, CellsAreLevelsByTheirCount) {
  TestRows rows({{"lat", Type::float64}, {"lon", Type::float64}});
  for (int i = 0; i < 3; ++i) rows.row({"40.64", "-73.78"});
  for (int i = 0; i < 2; ++i) rows.row({"51.48", "-0.46"});
  rows.row({"-33.9", "151.2"});
  auto encoder = fit_encoder("geo", rows, for_trees, {{"longitude", "lon"}, {"cell", 100}});
  EXPECT_EQ(encoder->reads(), (Names{"lat", "lon"}));
  EXPECT_EQ(encoder->outputs()[1].name, "lat_cell");
  EXPECT_EQ(encoder->outputs()[1].names, (Names{"", "", "40.9500,-73.3113", "51.7500,-0.7258"}));
  Encoded got = encode_with("geo", std::move(encoder), rows);
  EXPECT_EQ(got.codes, (std::vector<std::vector<int32_t>>{{2}, {2}, {2}, {3}, {3}, {1}}));
}

TEST(Geo, ChunksMergeToTheSameBits) {
  const Schema schema = places().schema();
  auto start = [&] {
    nlohmann::json params = all;
    params["cell"] = 1000;
    return FeaturizerFit(schema, {{"lat", "geo", params}}, for_linear, "");
  };
  TestRows rows = places();
  FeaturizerFit whole = start(), parts = start();
  for (int round = 0; round < 2; ++round) {
    for (FeaturizerFit* fit : {&whole, &parts}) {
      auto chunk = fit->clone_empty();
      chunk->observe({rows.batch()});
      if (fit == &whole) {
        fit->observe({rows.batch()});
      } else {
        fit->merge(std::move(*chunk));
      }
    }
  }
  EXPECT_EQ(whole.freeze(nullptr).save().digest_hex(), parts.freeze(nullptr).save().digest_hex());
}

TEST(Geo, WhatCarriesNothingIsLeftOut) {
  std::string why;
  TestRows same({{"lat", Type::float64}, {"lon", Type::float64}});
  same.row({"1", "2"}).row({"1", "2"});
  EXPECT_EQ(fit_encoder("geo", same, for_trees, {{"longitude", "lon"}, {"cell", 10}}, &why),
            nullptr);
  EXPECT_EQ(why, "constant: all its points are the same");
  TestRows none({{"lat", Type::float64}, {"lon", Type::float64}});
  none.row({"91", "2"}).row({nullptr, "2"});
  EXPECT_EQ(fit_encoder("geo", none, for_trees, "lon", &why), nullptr);
  EXPECT_EQ(why, "all its points are missing, or out of range");
}

TEST(Geo, RefusesWrongParameters) {
  auto error_of = [](nlohmann::json params) {
    try {
      fit_encoder("geo", places(), for_trees, params);
    } catch (const Error& error) {
      EXPECT_NE(error.code(), Code::internal);
      return error.message() + " / " + error.hint();
    }
    return std::string();
  };
  EXPECT_NE(error_of(nullptr).find("`longitude` names no column"), std::string::npos);
  EXPECT_NE(error_of("lno").find("lon"), std::string::npos);
  auto to = [](nlohmann::json places) {
    return nlohmann::json{{"longitude", "lon"}, {"to", std::move(places)}};
  };
  EXPECT_NE(error_of(to({{"JFK", {-73.78, 200}}})).find("no place on earth"), std::string::npos);
  EXPECT_NE(error_of(to({{"JFK", {-73.78}}})).find("neither two numbers"), std::string::npos);
  EXPECT_NE(error_of(to({{"JFK", {-73.78, "lon"}}})).find("neither two numbers"),
            std::string::npos);
  EXPECT_NE(error_of(to({{"d", {"to_lat", "to_lno"}}})).find("to_lon"), std::string::npos);
  EXPECT_NE(error_of({{"longitude", "lon"}, {"cell", 0}}), "");
  TestRows text({{"lat", Type::string}, {"lon", Type::float64}});
  EXPECT_THROW(fit_encoder("geo", text, for_trees, "lon"), Error);
}

TEST(Geo, RefusesHostileStates) {
  nlohmann::json params = all;
  params["cell"] = 1000;
  const State good = fit_encoder("geo", places(), for_trees, params)->save();
  const EncoderKind& kind = Encoders::instance().get("geo", "encoder");
  EXPECT_NO_THROW(kind.load(good));
  auto refuses = [&](auto damage) {
    State state = good;
    damage(state);
    try {
      kind.load(state);
    } catch (const Error& error) {
      return error.code() == Code::corrupt;
    }
    return false;
  };
  EXPECT_TRUE(refuses([](State& s) { s.json["outputs"][0][0] = 5; }));
  EXPECT_TRUE(refuses([](State& s) { s.json["outputs"][0][0] = -1; }));
  EXPECT_TRUE(refuses([](State& s) { s.json["outputs"] = 3; }));
  EXPECT_TRUE(refuses([](State& s) { s.json["places"] = 1e9; }));
  EXPECT_TRUE(refuses([](State& s) { s.json["places"] = 101; }));
  EXPECT_TRUE(refuses([](State& s) { s.json["places"] = 3; }));
  EXPECT_TRUE(refuses([](State& s) { s.json["latitude"]["type"] = "string"; }));
  EXPECT_TRUE(refuses([](State& s) { s.put<double>("cell_km", {0}); }));
  EXPECT_TRUE(refuses([](State& s) { s.put<double>("cell_km", {std::nan("")}); }));
  EXPECT_TRUE(refuses([](State& s) { s.put_strings("levels", std::vector<std::string>{"abc"}); }));
  EXPECT_TRUE(refuses([](State& s) { s.put<double>("numbers", {1, 0}); }));
  EXPECT_TRUE(refuses([](State& s) {
    s.put<double>("numbers", std::vector<double>(s.get<double>("numbers").size(), 0));
  }));
}

}  // namespace
}  // namespace gristmill
