// The encoder written by hand for this one schema: a JSON row → 25 doubles, categories as the
// codes that LightGBM was trained on.
#pragma once

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>

#include <boost/json.hpp>

constexpr std::array<std::string_view, 20> number_columns = {
    "month",    "day",   "sched_dep_time", "sched_arr_time", "hour",       "minute",    "distance",
    "temp",     "dewp",  "humid",          "wind_dir",       "wind_speed", "wind_gust", "precip",
    "pressure", "visib", "built",          "seats",          "lat",        "lon"};
constexpr std::array<std::string_view, 5> category_columns = {"carrier", "origin", "dest",
                                                              "manufacturer", "engine"};
constexpr int column_count = number_columns.size() + category_columns.size();

struct BadRow : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Encoder {
 public:
  // {"carrier": ["9E", …], …}: the levels in the order of their codes.
  explicit Encoder(const std::string& levels_path);
  // Writes column_count values; a missing number is NaN, an unseen category −1. Throws BadRow.
  void encode(const boost::json::object& row, double* out) const;

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using Levels = std::unordered_map<std::string, int, Hash, std::equal_to<>>;
  std::array<Levels, category_columns.size()> levels_;
};
