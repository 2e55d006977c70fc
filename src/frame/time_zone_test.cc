#include "frame/time_zone.h"

#include <map>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file_system.h"
#include "frame/cell.h"
#include "frame/civil.h"
#include "frame/zone_rule.h"

namespace gristmill {
namespace {

int64_t at(const char* text) {
  int64_t micros;
  EXPECT_TRUE(parse_timestamp(text, micros)) << text;
  return micros / 1'000'000;
}

double hours(const TimeZone& zone, const char* instant) {
  return zone.offset_at(at(instant)) / 3600.0;
}

TEST(TimeZone, NewYorkAroundItsTransitions) {
  TimeZone zone = TimeZone::find("America/New_York");
  EXPECT_EQ(hours(zone, "2013-03-10T06:59:59Z"), -5);  // 01:59:59, then 03:00
  EXPECT_EQ(hours(zone, "2013-03-10T07:00:00Z"), -4);
  EXPECT_EQ(hours(zone, "2013-11-03T05:59:59Z"), -4);  // 01:59:59, then 01:00 again
  EXPECT_EQ(hours(zone, "2013-11-03T06:00:00Z"), -5);
  EXPECT_EQ(hours(zone, "2006-04-01T12:00:00Z"), -5);  // the rule of before 2007
  EXPECT_EQ(hours(zone, "2090-07-01T12:00:00Z"), -4);
  EXPECT_EQ(hours(zone, "2090-12-01T12:00:00Z"), -5);
  EXPECT_EQ(hours(zone, "2100-07-01T12:00:00Z"), -4);
  EXPECT_NEAR(hours(zone, "1800-01-01T00:00:00Z"), -4.934, 0.001);  // local mean time
}

TEST(TimeZone, OtherZones) {
  EXPECT_EQ(hours(TimeZone::find("Asia/Kathmandu"), "2020-01-01T00:00:00Z"), 5.75);
  EXPECT_EQ(hours(TimeZone::find("Asia/Kathmandu"), "1980-01-01T00:00:00Z"), 5.5);
  EXPECT_EQ(hours(TimeZone::find("Europe/Dublin"), "2090-07-01T00:00:00Z"),
            1);  // winter is the exception
  EXPECT_EQ(hours(TimeZone::find("Europe/Dublin"), "2090-01-01T00:00:00Z"), 0);
  EXPECT_EQ(hours(TimeZone::find("Australia/Lord_Howe"), "2090-01-01T00:00:00Z"), 11);
  EXPECT_EQ(hours(TimeZone::find("Australia/Lord_Howe"), "2090-07-01T00:00:00Z"), 10.5);
  EXPECT_EQ(hours(TimeZone::find("Etc/GMT+5"), "2013-07-01T00:00:00Z"), -5);
  EXPECT_EQ(hours(TimeZone::find("UTC"), "2013-07-01T00:00:00Z"), 0);
  EXPECT_EQ(TimeZone().offset_at(INT64_MIN), 0);
}

// From table and rule the same answers as from one long list, whatever the hint before.
TEST(TimeZone, HintsNeverMatter) {
  TimeZone zone = TimeZone::find("America/New_York");
  size_t hint = 0;
  uint64_t state = 1;
  for (int i = 0; i < 20000; ++i) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    int64_t seconds = int64_t(state >> 31) - (int64_t(1) << 32);
    EXPECT_EQ(zone.offset_at(seconds, hint), zone.offset_at(seconds));
  }
  hint = 100000;
  EXPECT_EQ(zone.offset_at(0, hint), -5 * 3600);
}

TEST(TimeZone, UnknownNamesGetTheNearest) {
  try {
    TimeZone::find("America/New_Yrok");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::invalid);
    EXPECT_EQ(error.message(), "unknown time zone \"America/New_Yrok\"");
    EXPECT_EQ(error.hint(), "did you mean \"America/New_York\"?");
  }
  for (const char* name :
       {"", "/etc/passwd", "../zoneinfo/UTC", "America", "tzdata.zi", "New York"})
    EXPECT_THROW(TimeZone::find(name), Error) << name;
}

TEST(TimeZone, SavedAndLoaded) {
  TimeZone zone = TimeZone::find("America/New_York");
  TimeZone loaded = TimeZone::load(zone.save());
  EXPECT_EQ(loaded.save().digest_hex(), zone.save().digest_hex());
  EXPECT_EQ(hours(loaded, "2090-07-01T12:00:00Z"), -4);
  State state = zone.save();
  state.put<int64_t>("at", {5, 5});
  state.put<int32_t>("offsets", {0, 1, 2});
  EXPECT_THROW(TimeZone::load(state), Error);
  state.put<int64_t>("at", {5, 6, 7});
  EXPECT_THROW(TimeZone::load(state), Error);
  state.put<int64_t>("at", {5, 6});
  EXPECT_NO_THROW(TimeZone::load(state));
  state.put<int32_t>("offsets", {0, 1, 2'000'000});
  EXPECT_THROW(TimeZone::load(state), Error);
}

TEST(TimeZone, HostileFilesAreErrors) {
  std::string good = disk().read("/usr/share/zoneinfo/America/New_York");
  ASSERT_NO_THROW(TimeZone::parse(good, "x"));
  for (size_t n = 0; n < good.size(); n += 7) {
    try {
      TimeZone::parse(std::string(good, 0, n), "x");
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::corrupt);
    }
  }
  uint64_t state = 7;
  for (int i = 0; i < 5000; ++i) {
    std::string bad = good;
    for (int k = 0; k < 3; ++k) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      bad[(state >> 33) % bad.size()] = char(state >> 20);
    }
    try {
      TimeZone::parse(bad, "x").offset_at(0);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::corrupt);
    }
  }
}

std::vector<int64_t> expanded(const char* rule, int64_t from, int64_t last_year) {
  std::vector<int64_t> instants;
  std::vector<int32_t> offsets = {0};
  EXPECT_TRUE(expand_zone_rule(rule, from, last_year, instants, offsets)) << rule;
  EXPECT_EQ(offsets.size(), instants.size() + 1);
  return instants;
}

TEST(ZoneRule, Forms) {
  int64_t from = at("2021-01-01");
  std::vector<int64_t> new_york = {at("2021-03-14T07:00:00Z"), at("2021-11-07T06:00:00Z")};
  EXPECT_EQ(expanded("EST5EDT,M3.2.0,M11.1.0", from, 2021), new_york);
  EXPECT_EQ(expanded("<-05>5<-04>,M3.2.0,M11.1.0", from, 2021), new_york);
  EXPECT_EQ(expanded("EST5EDT,72,J311", from, 2021), new_york);  // day 72 from 0; November 7
  // The fourth Thursday at 50:00: two days after it.
  EXPECT_EQ(expanded("<+02>-2<+03>,M3.4.4/50,M10.4.4/50", from, 2021),
            (std::vector<int64_t>{at("2021-03-27T00:00:00Z"), at("2021-10-29T23:00:00Z")}));
  EXPECT_EQ(expanded("JST-9", from, 2021), std::vector<int64_t>{});
}

TEST(ZoneRule, RefusesWhatIsNone) {
  for (const char* rule : {"", "E5", "EST", "EST5EDT", "EST5EDT,M3.2.0", "EST5EDT,M13.2.0,M11.1.0",
                           "EST5EDT,M3.2.0,M11.1.0x", "EST99EDT,M3.2.0,M11.1.0", "<EST5",
                           "EST5EDT,M3.0.0,M11.1.0", "EST5EDT,J0,J5", "EST5EDT,M3.2.0/,M11.1.0"}) {
    std::vector<int64_t> instants;
    std::vector<int32_t> offsets = {0};
    EXPECT_FALSE(expand_zone_rule(rule, 0, 2030, instants, offsets)) << rule;
    EXPECT_TRUE(instants.empty());
  }
}

// The instant of a time on the clock of New York as text, or how often the clock shows it.
std::string instant(const char* wall) {
  static const TimeZone zone = TimeZone::find("America/New_York");
  const std::optional<int64_t> found = zone.instant_of(at(wall));
  if (!found) return "none";
  std::string text;
  append_timestamp(*found * micros_per_second, text);
  return text;
}

TEST(TimeZone, InstantOfAClockOnTheWall) {
  EXPECT_EQ(instant("2013-01-01 00:30:00"), "2013-01-01T05:30:00");
  EXPECT_EQ(instant("2013-07-01 00:30:00"), "2013-07-01T04:30:00");
  EXPECT_EQ(instant("2013-03-10 01:59:59"), "2013-03-10T06:59:59");
  EXPECT_EQ(instant("2013-03-10 02:00:00"), "none");  // the clock skips this hour
  EXPECT_EQ(instant("2013-03-10 02:59:59"), "none");
  EXPECT_EQ(instant("2013-03-10 03:00:00"), "2013-03-10T07:00:00");
  EXPECT_EQ(instant("2013-11-03 00:59:59"), "2013-11-03T04:59:59");
  EXPECT_EQ(instant("2013-11-03 01:00:00"), "none");  // and shows this one twice
  EXPECT_EQ(instant("2013-11-03 01:59:59"), "none");
  EXPECT_EQ(instant("2013-11-03 02:00:00"), "2013-11-03T07:00:00");
  EXPECT_EQ(instant("1700-01-01 00:00:00"), "1700-01-01T04:56:02");  // before there were zones
  EXPECT_EQ(TimeZone().instant_of(12), 12);
}

// Against a list of what the clock shows in each quarter of an hour of some years.
TEST(TimeZone, InstantOfIsWhatTheClockShowsOnce) {
  constexpr int64_t quarter = 900;
  const int64_t begin = at("2010-01-01 00:00:00"), end = at("2013-01-01 00:00:00");
  for (const char* name : {"Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia",
                           "America/St_Johns", "Africa/Casablanca"}) {
    const TimeZone zone = TimeZone::find(name);
    std::map<int64_t, std::vector<int64_t>> instants;  // by what the clock shows
    for (int64_t t = begin - 2 * seconds_per_day; t < end + 2 * seconds_per_day; t += quarter)
      instants[t + zone.offset_at(t)].push_back(t);
    for (int64_t wall = begin; wall < end; wall += quarter) {
      const std::vector<int64_t>& shown = instants[wall];
      const auto expected = shown.size() == 1 ? std::optional(shown[0]) : std::nullopt;
      ASSERT_EQ(zone.instant_of(wall), expected) << name << " " << wall;
    }
  }
}

}  // namespace
}  // namespace gristmill
