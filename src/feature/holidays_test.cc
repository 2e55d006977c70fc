#include "feature/holidays.h"

#include <cmath>

#include "feature/test_rows.h"

namespace gristmill {
namespace {

using Names = std::vector<std::string>;
const nlohmann::json two = {{"holidays", {"2013-07-04", "2013-07-10"}}};

TEST(Holidays, DaysToTheNextAndSinceTheLast) {
  const Holidays holidays({20, 10});
  auto expect = [&](int64_t day, int64_t next, int64_t last) {
    EXPECT_EQ(holidays.days_to_next(day), next) << day;
    EXPECT_EQ(holidays.days_since_last(day), last) << day;
  };
  expect(10, 0, 0);
  expect(20, 0, 0);
  expect(9, 1, 14);
  expect(14, 6, 4);
  expect(21, 14, 1);
  expect(-1000, 14, 14);
  expect(int64_t(1) << 40, 14, 14);
}

TEST(Holidays, AreFeaturesOfADay) {
  TestRows rows = TestRows::column(
      Type::date, {"2013-07-01", "2013-07-04", "2013-07-06", "2013-07-30", nullptr});
  Encoded got = fit_encode("datetime", rows, rows, for_trees, two);
  EXPECT_EQ(got.names,
            (Names{"x_weekday", "x_holiday", "x_days_to_holiday", "x_days_since_holiday"}));
  auto expect = [&](size_t row, std::vector<float> values) {
    EXPECT_EQ(std::vector<float>(got.floats[row].begin() + 1, got.floats[row].end()), values);
  };
  expect(0, {0, 3, 14});
  expect(1, {1, 0, 0});
  expect(2, {0, 4, 2});
  expect(3, {0, 14, 14});
  for (float value : got.floats[4]) EXPECT_TRUE(std::isnan(value));
  got = fit_encode("datetime", rows, rows, for_linear, two);
  EXPECT_EQ(got.floats[4], (std::vector<float>{0, 0, 0, 0, 0, 1}));
  EXPECT_NEAR(got.floats[1][2], std::sqrt(3.0), 1e-6);  // as evenly spread over 0 … 1
}

TEST(Holidays, ComeBesideThePartsThatAreNamed) {
  TestRows rows = TestRows::column(Type::date, {"2013-07-01", "2013-07-04", "2013-08-06"});
  nlohmann::json params = two;
  params["parts"] = {"month"};
  EXPECT_EQ(fit_encode("datetime", rows, rows, for_trees, params).names,
            (Names{"x_month", "x_holiday", "x_days_to_holiday", "x_days_since_holiday"}));
}

TEST(Holidays, WhatTrainingDidNotSeeVaryIsLeftOut) {
  TestRows far = TestRows::column(Type::date, {"2011-01-01", "2011-01-08"});
  auto encoder = fit_encoder("datetime", far, for_trees, two);
  EXPECT_EQ(encoder, nullptr);  // none is near, and it is the same weekday
  TestRows before = TestRows::column(Type::date, {"2013-07-01", "2013-07-02", "2013-07-08"});
  EXPECT_EQ(fit_encode("datetime", before, before, for_trees,
                       {{"parts", {"year"}}, {"holidays", {"2013-07-04"}}})
                .names,
            (Names{"x_days_to_holiday", "x_days_since_holiday"}));
}

TEST(Holidays, AreDaysOfTheColumnsZone) {
  TestRows rows = TestRows::column(Type::timestamptz, {"2013-07-04T03:00:00Z",  // the 3rd there
                                                       "2013-07-05T03:00:00Z"});
  nlohmann::json params = two;
  params["parts"] = {"year"};
  params["zone"] = "America/New_York";
  Encoded got = fit_encode("datetime", rows, rows, for_trees, params);
  EXPECT_EQ(got.names[0], "x_holiday");
  EXPECT_EQ(got.floats[0][0], 0);
  EXPECT_EQ(got.floats[1][0], 1);
  params.erase("zone");
  got = fit_encode("datetime", rows, rows, for_trees, params);
  EXPECT_EQ(got.floats[0][0], 1);
}

nlohmann::json read(const std::string& text) {
  ScratchDir dir;
  disk().write_atomic(dir.path() / "days.csv", text);
  return read_holidays(dir.path(), "days.csv");
}

TEST(HolidaysFile, FirstColumnOfEachRow) {
  const nlohmann::json expected = {"2013-07-04", "2013-12-25"};
  EXPECT_EQ(read("2013-12-25\n2013-07-04\n"), expected);
  EXPECT_EQ(read("\xef\xbb\xbf"
                 "date,name\r\n2013-07-04,\"Independence, day\"\r\n\r\n\"2013-12-25\",\r\n"),
            expected);
  EXPECT_EQ(read("day;name\n 2013-12-25 ;Noël\n2013-07-04\n2013-07-04"), expected);
}

TEST(HolidaysFile, WrongRowsAreToldByLine) {
  auto error_of = [](const std::string& text) {
    try {
      read(text);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::invalid);
      return error.message() + " at " + error.where().text();
    }
    return std::string();
  };
  EXPECT_EQ(error_of("date\n2013-12-25\n25.12.2014,Christmas\n"),
            "\"25.12.2014\" is no date at days.csv:3");
  EXPECT_EQ(error_of("2013-12-25\nname\n"), "\"name\" is no date at days.csv:2");
  EXPECT_EQ(error_of("2013-02-30\n"), "\"2013-02-30\" is no date at days.csv:1");
  EXPECT_EQ(error_of("2013-12-25\n,Christmas\n"), "\"\" is no date at days.csv:2");
  EXPECT_NE(error_of("date\n").find("names no day"), std::string::npos);
  EXPECT_NE(error_of("").find("names no day"), std::string::npos);
  EXPECT_THROW(read_holidays("/nowhere", "days.csv"), Error);
}

TEST(Holidays, RefusesWrongParameters) {
  TestRows rows = TestRows::column(Type::date, {"2013-07-01", "2013-07-04"});
  for (const nlohmann::json& wrong :
       {nlohmann::json(3), nlohmann::json("days.csv"), nlohmann::json::array(),
        nlohmann::json{"4.7.2013"}, nlohmann::json{20130704}})
    EXPECT_THROW(fit_encoder("datetime", rows, for_trees, {{"holidays", wrong}}), Error) << wrong;
  EXPECT_THROW(fit_encoder("datetime", rows, for_trees, {{"parts", {"holiday"}}}), Error);
}

TEST(Holidays, RefusesHostileStates) {
  TestRows rows = TestRows::column(Type::date, {"2013-07-01", "2013-07-04", "2013-07-06"});
  const State good = fit_encoder("datetime", rows, for_trees, two)->save();
  const EncoderKind& kind = Encoders::instance().get("datetime", "encoder");
  EXPECT_NO_THROW(kind.load(good));
  State empty = good;
  empty.put<int32_t>("holidays", {});
  EXPECT_THROW(kind.load(empty), Error);
  State other = good;
  other.put<int64_t>("holidays", {1});
  EXPECT_THROW(kind.load(other), Error);
  State circle = good;
  circle.json["outputs"][1][1] = 1;
  EXPECT_THROW(kind.load(circle), Error);
}

}  // namespace
}  // namespace gristmill
