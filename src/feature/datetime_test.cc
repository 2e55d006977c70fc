#include <cmath>
#include <numbers>

#include "feature/calendar_part.h"
#include "feature/test_rows.h"

namespace gristmill {
namespace {

using Names = std::vector<std::string>;

// The values of output `name`, one a row.
std::vector<float> values_of(const Encoded& encoded, const std::string& name) {
  std::vector<float> values;
  auto it = std::find(encoded.names.begin(), encoded.names.end(), name);
  EXPECT_NE(it, encoded.names.end()) << name;
  if (it == encoded.names.end()) return values;
  for (const auto& row : encoded.floats) values.push_back(row[size_t(it - encoded.names.begin())]);
  return values;
}

using Floats = std::vector<float>;

TEST(Calendar, DaysOfYearsAndWeeks) {
  auto week = [](int64_t y, int m, int d) { return week_of(days_from_civil(y, m, d)); };
  EXPECT_EQ(week(2013, 1, 1), 1);
  EXPECT_EQ(week(2012, 1, 1), 52);  // a Sunday: still 2011
  EXPECT_EQ(week(2015, 12, 31), 53);
  EXPECT_EQ(week(2018, 12, 31), 1);
  EXPECT_EQ(day_of_year({2012, 12, 31}), 366);
  EXPECT_EQ(day_of_year({2013, 12, 31}), 365);
  EXPECT_EQ(day_of_year({2013, 3, 1}), 60);
  EXPECT_EQ(weekday_of(0), 3);
  EXPECT_EQ(weekday_of(-4), 6);
}

TEST(Datetime, ChosenPartsAreThoseWhoseCycleTrainingSaw) {
  auto names = [](Type type, const std::vector<const char*>& cells, const Wants& wants) {
    auto encoder = fit_encoder("datetime", TestRows::column(type, cells), wants);
    return encoder ? encoder->outputs()[0].names : Names{};
  };
  EXPECT_EQ(names(Type::timestamp, {"2013-01-01 05:00", "2013-01-02 04:30"}, for_trees),
            Names{"x_hour"});
  EXPECT_EQ(names(Type::timestamp, {"2013-01-01 05:00", "2013-01-09 07:00"}, for_trees),
            (Names{"x_hour", "x_weekday"}));
  EXPECT_EQ(names(Type::timestamp, {"2013-01-01 05:00", "2013-12-31 07:00"}, for_trees),
            (Names{"x_hour", "x_day_of_year"}));  // both are Tuesdays
  EXPECT_EQ(names(Type::date, {"2013-01-01", "2013-12-31", "2013-06-05"}, for_trees),
            (Names{"x_weekday", "x_day_of_year"}));
  EXPECT_EQ(names(Type::date, {"2013-01-01", "2013-06-05"}, for_linear),
            (Names{"x_weekday_sin", "x_weekday_cos"}));
  EXPECT_EQ(names(Type::date, {"2013-01-01", "2013-01-03"}, for_trees), Names{});
}

TEST(Datetime, EveryPart) {
  nlohmann::json params = {
      {"parts",
       {"year", "month", "week", "day", "day_of_year", "weekday", "hour", "minute", "elapsed"}}};
  TestRows rows = TestRows::column(
      Type::timestamp, {"2012-12-31T23:59:59.5", "2013-03-01T00:30:00", "", "1969-12-31T12:15:00"});
  Encoded got = fit_encode("datetime", rows, rows, for_trees, params);
  auto check = [&](const char* name, float a, float b, float d) {
    std::vector<float> values = values_of(got, name);
    EXPECT_EQ(values[0], a) << name;
    EXPECT_EQ(values[1], b) << name;
    EXPECT_TRUE(std::isnan(values[2])) << name;
    EXPECT_EQ(values[3], d) << name;
  };
  check("x_year", 2012, 2013, 1969);
  check("x_month", 12, 3, 12);
  check("x_week", 1, 9, 1);
  check("x_day", 31, 1, 31);
  check("x_day_of_year", 366, 60, 365);
  check("x_weekday", 0, 4, 2);
  check("x_hour", float(1439 / 60.0), 0.5, 12.25);
  check("x_minute", 59, 30, 15);
  EXPECT_NEAR(values_of(got, "x_days")[1], 15765.51, 0.01);
  EXPECT_EQ(values_of(got, "x_days")[3], 0);
}

TEST(Datetime, CyclesForLinearModels) {
  TestRows rows = TestRows::column(Type::timestamp, {"2013-01-07 06:00", "2013-01-20 18:00", ""});
  Encoded got = fit_encode("datetime", rows, rows, for_linear);
  EXPECT_EQ(got.names,
            (Names{"x_hour_sin", "x_hour_cos", "x_weekday_sin", "x_weekday_cos", "x_missing"}));
  EXPECT_NEAR(values_of(got, "x_hour_sin")[0], 1, 1e-6);
  EXPECT_NEAR(values_of(got, "x_hour_sin")[1], -1, 1e-6);
  EXPECT_NEAR(values_of(got, "x_hour_cos")[1], 0, 1e-6);
  EXPECT_NEAR(values_of(got, "x_weekday_sin")[0], 0, 1e-6);
  EXPECT_NEAR(values_of(got, "x_weekday_cos")[1], std::cos(2 * std::numbers::pi * 6 / 7), 1e-6);
  EXPECT_EQ(got.floats[2], (std::vector<float>{0, 0, 0, 0, 1}));
  EXPECT_EQ(values_of(got, "x_missing"), (Floats{0, 0, 1}));
}

TEST(Datetime, WallTimeOfAZone) {
  nlohmann::json params = {{"zone", "America/New_York"}, {"parts", {"hour", "day", "weekday"}}};
  TestRows rows =
      TestRows::column(Type::timestamptz, {"2013-01-01T04:30:00Z",    // the day before there
                                           "2013-03-10T06:59:00Z",    // 01:59, then the clock jumps
                                           "2013-03-10T07:00:00Z",    // 03:00
                                           "2013-11-03T05:30:00Z",    // 01:30
                                           "2013-11-03T06:30:00Z",    // 01:30 again
                                           "2090-07-01T12:00:00Z"});  // by the rule
  Encoded got = fit_encode("datetime", rows, rows, for_trees, params);
  EXPECT_EQ(values_of(got, "x_hour"), (Floats{23.5, float(119 / 60.0), 3, 1.5, 1.5, 8}));
  EXPECT_EQ(values_of(got, "x_day"), (Floats{31, 10, 10, 3, 3, 1}));
  params = {{"zone", "Asia/Kathmandu"}, {"parts", {"hour"}}};
  got = fit_encode("datetime", rows, rows, for_trees, params);
  EXPECT_EQ(values_of(got, "x_hour")[0], 10.25);  // 5:45 ahead
  got = fit_encode("datetime", rows, rows, for_trees, {{"parts", {"hour"}}});
  EXPECT_EQ(values_of(got, "x_hour")[0], 4.5);  // UTC
}

TEST(Datetime, DaysBeforeThePredictionTime) {
  TestRows rows({{"born", Type::date}, {"asked", Type::timestamp}});
  rows.row({"2013-01-01", "2013-01-02 12:00"})
      .row({"2013-01-01", "2013-01-01 00:00"})
      .row({nullptr, "2013-01-01 00:00"})
      .row({"2013-01-05", nullptr});
  auto encoder = fit_encoder("datetime", rows, for_trees, {}, nullptr, "asked");
  EXPECT_EQ(encoder->reads(), (Names{"born", "asked"}));
  Encoded got = encode_with("datetime", std::move(encoder), rows);
  EXPECT_EQ(got.names, Names{"born_days_before"});
  std::vector<float> values = values_of(got, "born_days_before");
  EXPECT_EQ(values[0], 1.5);
  EXPECT_EQ(values[1], 0);
  EXPECT_TRUE(std::isnan(values[2]) && std::isnan(values[3]));
  got = fit_encode("datetime", rows, rows, for_linear, {}, "asked");
  EXPECT_EQ(values_of(got, "born_days_before"), (Floats{1, -1, 0, 0}));
}

TEST(Datetime, ExtremeValuesAreReadable) {
  TestRows rows = TestRows::column(Type::timestamptz, {"2013-01-01", "2014-06-01T07:00:00Z"});
  rows[0].append(std::numeric_limits<int64_t>::max());
  rows[0].append(std::numeric_limits<int64_t>::min());
  nlohmann::json parts = {"year",        "month",   "week", "day",
                          "day_of_year", "weekday", "hour", "elapsed"};
  for (const Wants& wants : {for_trees, for_linear})
    for (const auto& row :
         fit_encode("datetime", rows, rows, wants, {{"zone", "America/New_York"}, {"parts", parts}})
             .floats)
      for (float value : row) EXPECT_TRUE(std::isfinite(value));
  TestRows dates = TestRows::column(Type::date, {"2013-01-01", "2014-06-05"});
  dates[0].append_days(std::numeric_limits<int32_t>::max());
  dates[0].append_days(std::numeric_limits<int32_t>::min());
  for (const auto& row : fit_encode("datetime", dates, dates, for_trees, {}).floats)
    for (float value : row) EXPECT_TRUE(std::isfinite(value));
}

TEST(Datetime, ConstantsCarryNothing) {
  std::string why;
  TestRows same = TestRows::column(Type::timestamp, {"2013-01-01", "2013-01-01"});
  EXPECT_EQ(fit_encoder("datetime", same, for_trees, {}, &why), nullptr);
  EXPECT_EQ(why, "constant: all its values are the same moment");
  EXPECT_EQ(fit_encoder("datetime", TestRows::column(Type::date, {""}), for_trees, {}, &why),
            nullptr);
  EXPECT_EQ(why, "all its values are missing");
}

TEST(Datetime, RefusesWrongParameters) {
  auto error_of = [](Type type, nlohmann::json params) {
    try {
      fit_encoder("datetime", TestRows::column(type, {}), for_trees, params);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::invalid);
      return error.message() + " / " + error.hint();
    }
    return std::string();
  };
  EXPECT_EQ(error_of(Type::timestamptz, {{"zone", "America/New_Yrok"}}),
            "unknown time zone \"America/New_Yrok\" / did you mean \"America/New_York\"?");
  EXPECT_NE(error_of(Type::timestamp, {{"zone", "UTC"}}).find("`zone` is for instants"),
            std::string::npos);
  EXPECT_EQ(error_of(Type::timestamp, {{"parts", {"weekdya"}}}),
            "encoder datetime: unknown part \"weekdya\" / did you mean \"weekday\"?");
  EXPECT_NE(error_of(Type::timestamp, {{"parts", {3}}}), "");
  EXPECT_EQ(error_of(Type::date, {{"parts", {"hour"}}}),
            "encoder datetime: `x` has no hour: it is a date / ");
  EXPECT_NE(error_of(Type::timestamp, {{"parts", {"before"}}}), "");
  EXPECT_NE(error_of(Type::string, {}), "");
}

TEST(Datetime, RefusesHostileStates) {
  TestRows rows = TestRows::column(Type::timestamp, {"2013-01-07 06:00", "2013-01-20 18:00"});
  auto encoder = fit_encoder("datetime", rows, for_linear);
  const EncoderKind& kind = Encoders::instance().get("datetime", "encoder");
  auto loads = [&](const char* member, nlohmann::json value) {
    State state = encoder->save();
    state.json[member] = std::move(value);
    state.put<double>("numbers", {0, 1});
    try {
      kind.load(state);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::corrupt);
      return false;
    }
    return true;
  };
  auto one = [](const char* part, int form) {
    return nlohmann::json::array({nlohmann::json::array({part, form})});
  };
  EXPECT_TRUE(loads("outputs", one("hour", 1)));
  EXPECT_FALSE(loads("outputs", one("hour", 3)));
  EXPECT_FALSE(loads("outputs", one("hour", -1)));
  EXPECT_FALSE(loads("outputs", one("year", 1)));
  EXPECT_FALSE(loads("outputs", one("century", 0)));
  EXPECT_FALSE(loads("outputs", one("before", 0)));  // without a time
  EXPECT_FALSE(loads("outputs", nlohmann::json::array()));
  EXPECT_FALSE(loads("outputs", 5));
  EXPECT_FALSE(loads("zone", 5));
}

}  // namespace
}  // namespace gristmill
