// parse.
#include "base/testing.h"
#include "clean/rule_testing.h"

namespace gristmill {
namespace {

using namespace testing_rules;

const World world;

// What becomes of each text; ~ where it is of no form.
Rows parsed(const Json& how, const std::vector<std::string>& cells) {
  BatchBuffer rows(Schema({{"s", Type::string}}));
  for (const std::string& cell : cells) rows[0].append(std::string_view(cell));
  return apply(world.chain("parse", {{"s", how}}, rows.schema()), rows);
}

Type type_of(const Json& how) {
  return world.chain("parse", {{"s", how}}, Schema({{"s", Type::string}})).output()[0].type;
}

TEST(Parse, NumbersAsTheyAreWritten) {
  EXPECT_EQ(parsed({{"number", "1.234,5"}}, {"1.234,5", "12", " -1.234.567,25 ", "1234,5", "+0,5",
                                             ",5", "\u22125", "1,5e3"}),
            (Rows{"1234.5", "12", "-1234567.25", "1234.5", "0.5", "0.5", "-5", "1500"}));
  EXPECT_EQ(parsed({{"number", "1.234,5"}},
                   {"1.23", "12.34,5", "1234.567", "1,2,3", "", "-", "abc", "12x", "1.234.56",
                    "nan", "1,", "--5", "(5)", "5 %", "1e999", std::string(500, '9')}),
            Rows(16, "~"));
  EXPECT_EQ(parsed({{"number", "1,234.5"}}, {"1,234.5", "1,234,567", "0.1", "1.234,5"}),
            (Rows{"1234.5", "1234567", "0.1", "~"}));
  EXPECT_EQ(parsed({{"number", "1 234,5"}}, {"1 234,5", "1\u00a0234", "12\u202f345,5", "1  234"}),
            (Rows{"1234.5", "1234", "12345.5", "~"}));
  EXPECT_EQ(parsed({{"number", "1'234.5"}}, {"1'234.5", "1’234’567"}), (Rows{"1234.5", "1234567"}));
  EXPECT_EQ(parsed({{"number", "1234.5"}}, {"1234.5", "1.5E-3", "1,5", "1 5", "0x10"}),
            (Rows{"1234.5", "0.0015", "~", "~", "~"}));
}

TEST(Parse, WholeNumbersAndLists) {
  EXPECT_EQ(type_of({{"number", "1.234"}}), Type::int64);
  EXPECT_EQ(parsed({{"number", "1.234"}},
                   {"1.234", "9.223.372.036.854.775.807", "9223372036854775808", "1,5", "1e3"}),
            (Rows{"1234", "9223372036854775807", "~", "~", "~"}));
  Json both = {{"number", {"1,234", "1234.5"}}};
  EXPECT_EQ(type_of(both), Type::float64);
  EXPECT_EQ(parsed(both, {"1,234", "1.5", "1,2"}), (Rows{"1234", "1.5", "~"}));
}

TEST(Parse, Percentages) {
  EXPECT_EQ(type_of({{"percent", "1234 %"}}), Type::float64);
  EXPECT_EQ(
      parsed({{"percent", "1234,5 %"}}, {"12,5 %", "12,3%", "-100\u00a0%", "%5", "12,5", "%"}),
      (Rows{"0.125", "0.123", "-1", "0.05", "~", "~"}));
  EXPECT_EQ(parsed({{"percent", "1 234 %"}}, {"12 %", "1 200 %", "1.5 %", "1e2 %"}),
            (Rows{"0.12", "12", "~", "~"}));
  EXPECT_EQ(parsed({{"percent", "1234.5%"}}, {"1e2%", "0.1%"}), (Rows{"1", "0.001"}));
}

TEST(Parse, Money) {
  EXPECT_EQ(
      parsed({{"money", "€ 1.234,5"}}, {"€ 1.299,00", "1.299,00€", "5", "-€ 5", "€ -5", "(€ 5,5)",
                                        "€ (5)", "$ 5", "()", "(-5)", "€", "€ 5 €"}),
      (Rows{"1299", "1299", "5", "-5", "-5", "-5.5", "~", "~", "~", "~", "~", "~"}));
  EXPECT_EQ(parsed({{"money", {"$1,234.5", "1,234.5 USD"}}},
                   {"$1,299", "($1,299.00)", "12 USD", "USD 12", "€12"}),
            (Rows{"1299", "-1299", "12", "12", "~"}));
  EXPECT_EQ(type_of({{"money", "¥1,234"}}), Type::int64);
  EXPECT_EQ(parsed({{"money", "Fr. 1'234.5"}}, {"Fr. 1'234.50", "Fr.5"}), (Rows{"1234.5", "5"}));
}

TEST(Parse, Units) {
  EXPECT_EQ(parsed({{"unit", "kg"}}, {"12 kg", "1.2 t", "500g", "1 lb", "3 Kilograms", "-2 KG",
                                      "12", "12 km", "kg", "12 kgs.", "1,5 kg", "1 kg 1"}),
            (Rows{"12", "1200", "0.5", "0.45359237", "3", "-2", "~", "~", "~", "~", "~", "~"}));
  EXPECT_EQ(parsed({{"unit", "kg"}, {"number", "1.234,5"}}, {"1.234,5 kg", "0,5 t", "1.5 t"}),
            (Rows{"1234.5", "500", "~"}));
  EXPECT_EQ(parsed({{"unit", "in"}}, {"5 ft 11 in", "5'11\"", "2.54cm", "-1 ft 1 in"}),
            (Rows{"71", "71", "1", "-13"}));
  EXPECT_EQ(parsed({{"unit", "°C"}}, {"21 °C", "212 F", "-40°F", "300.15 K", "1 °C 2 °C"}),
            (Rows{"21", "100", "-40", "27", "~"}));
  EXPECT_EQ(parsed({{"unit", "F"}}, {"100 °C", "0 K"})[0], "212");
  EXPECT_EQ(parsed({{"unit", "l"}}, {"2 m3", "5 cm³", "1 GAL", "1 fl oz", "2m3 5l"}),
            (Rows{"2000", "0.005", "3.785411784", "0.0295735295625", "2005"}));
  EXPECT_EQ(parsed({{"unit", "MB"}}, {"1.5 GB", "1 MiB", "1 mb", "1 Mb"}),
            (Rows{"1500", "1.048576", "~", "~"}));
  EXPECT_EQ(parsed({{"unit", "m/s"}}, {"36 km/h", "10 knots", "1 m"}),
            (Rows{"10", "5.144444444444445", "~"}));
  EXPECT_EQ(parsed({{"unit", "min"}}, {"1 h 30 min", "90 s", "5 m"}), (Rows{"90", "1.5", "~"}));
}

TEST(Parse, Durations) {
  EXPECT_EQ(parsed({{"duration", "units"}},
                   {"1h 30m", "90 min", "2 days 1 hour", "1.5h", "-30s", "1h30", "soon", ""}),
            (Rows{"5400", "5400", "176400", "5400", "-30", "~", "~", "~"}));
  EXPECT_EQ(parsed({{"duration", "iso"}}, {"PT1H30M", "P1DT12H", "PT0.5S", "P2W", "-PT5M", "P1Y",
                                           "P1M", "PT", "P", "PT1M1H", "P1DT", "1H"}),
            (Rows{"5400", "129600", "0.5", "1209600", "-300", "~", "~", "~", "~", "~", "~", "~"}));
  EXPECT_EQ(parsed({{"duration", "h:m:s"}}, {"01:30:00", "100:00:01.5", "-0:00:10", "1:60:00",
                                             "1:3:00", "01:30", "1:30:00x"}),
            (Rows{"5400", "360001.5", "-10", "~", "~", "~", "~"}));
  EXPECT_EQ(parsed({{"duration", "h:m"}}, {"01:30", "1:30.5"}), (Rows{"5400", "~"}));
  EXPECT_EQ(parsed({{"duration", "m:s"}}, {"01:30", "90:05.25"}), (Rows{"90", "5405.25"}));
  EXPECT_EQ(parsed({{"duration", {"h:m:s", "units"}}}, {"0:01:00", "1m"}), (Rows{"60", "60"}));
}

TEST(Parse, Dates) {
  EXPECT_EQ(type_of({{"date", "%d.%m.%Y"}}), Type::date);
  EXPECT_EQ(parsed({{"date", {"%d/%m/%Y", "%Y-%m-%d"}}},
                   {"31/12/2013", "2013-12-31", "1/2/2013", "31/02/2013", "13-12-31", "2013-12-31x",
                    "", "29/02/2012"}),
            (Rows{"2013-12-31", "2013-12-31", "2013-02-01", "~", "~", "~", "~", "2012-02-29"}));
  EXPECT_EQ(parsed({{"date", "%d %b %y"}},
                   {"1 Jan 13", "1  MAY 68", "1 may 69", "1 Januar 13", "3 september 99"}),
            (Rows{"2013-01-01", "2068-05-01", "1969-05-01", "~", "1999-09-03"}));
  EXPECT_EQ(parsed({{"date", "%Y%m%d"}}, {"20130105", "201315"}), (Rows{"2013-01-05", "~"}));
  EXPECT_EQ(parsed({{"date", "100%% %Y-%m-%d"}}, {"100% 2013-01-05"}), Rows{"2013-01-05"});
}

TEST(Parse, FormatsThatWouldGuessAreRefused) {
  auto refused = [](const nlohmann::json& how) { return failure([&] { type_of(how); }); };
  EXPECT_EQ(refused({{"date", {"%d/%m/%Y", "%Y-%m-%d", "%m/%d/%Y"}}}).message(),
            "rule parse: s: \"%d/%m/%Y\" and \"%m/%d/%Y\" read 05/04/2003 as different days");
  EXPECT_EQ(refused({{"timestamp", {"%y%m%d %I:%M%p", "%d%m%y %I:%M%p"}}}).code(), Code::invalid);
  EXPECT_EQ(type_of({{"date", {"%d %b %Y", "%b %d %Y", "%d.%m.%y", "%d.%m.%Y", "%Y-%m-%d"}}}),
            Type::date);
}

TEST(Parse, Timestamps) {
  EXPECT_EQ(type_of({{"timestamp", "%Y-%m-%d %H:%M"}}), Type::timestamp);
  EXPECT_EQ(parsed({{"timestamp", "%d.%m.%Y %I:%M %p"}}, {"1.2.2013 12:05 AM", "1.2.2013 12:05 pm",
                                                          "1.2.2013 3:05 PM", "1.2.2013 13:05 PM"}),
            (Rows{"2013-02-01T00:05:00", "2013-02-01T12:05:00", "2013-02-01T15:05:00", "~"}));
  EXPECT_EQ(
      parsed({{"timestamp", "%Y-%m-%dT%H:%M:%S.%f"}},
             {"1969-12-31T23:59:59.5", "2013-01-01T00:00:00.123456789", "2013-01-01T24:00:00.0"}),
      (Rows{"1969-12-31T23:59:59.500000", "2013-01-01T00:00:00.123456", "~"}));
  Json zoned = {{"timestamp", {"%Y-%m-%d %H:%M%z", "%Y-%m-%d %H:%M"}}, {"zone", "+01:00"}};
  EXPECT_EQ(type_of(zoned), Type::timestamptz);
  EXPECT_EQ(parsed(zoned, {"2013-01-01 00:30", "2013-01-01 00:30Z", "2013-01-01 00:30-0500"}),
            (Rows{"2012-12-31T23:30:00Z", "2013-01-01T00:30:00Z", "2013-01-01T05:30:00Z"}));
  EXPECT_EQ(parsed({{"timestamp", "[%d/%b/%Y:%H:%M:%S %z]"}}, {"[10/Oct/2000:13:55:36 -0700]"}),
            Rows{"2000-10-10T20:55:36Z"});
}

TEST(Parse, TimesOfAZoneThatChangesItsOffset) {
  const Json berlin = {{"timestamp", {"%Y-%m-%d %H:%M%z", "%Y-%m-%d %H:%M"}},
                       {"zone", "Europe/Berlin"}};
  EXPECT_EQ(type_of(berlin), Type::timestamptz);
  BatchBuffer rows = table({{"s", Type::string}}, {{"2013-01-01 00:30"},
                                                   {"2013-07-01 00:30"},
                                                   {"2013-07-01 00:30-05:00"},
                                                   {"2013-03-31 02:30"},
                                                   {"2013-10-27 02:30"},
                                                   {"2013-10-27 02:30+01:00"}});
  const RuleChain chain =
      RuleChain::load(world.chain("parse", {{"s", berlin}}, rows.schema()).save());
  RuleReport report;
  EXPECT_EQ(apply(chain, rows, &report, 0),
            (Rows{"2012-12-31T23:30:00Z", "2013-06-30T22:30:00Z", "2013-07-01T05:30:00Z", "~", "~",
                  "2013-10-27T01:30:00Z"}));
  EXPECT_EQ(report.cells_unmatched, 2);
}

TEST(Parse, ReportsWhatItCouldNotRead) {
  BatchBuffer rows = table({{"a", Type::string, false}, {"n", Type::int64}, {"b", Type::string}},
                           {{"1,5", 1, "x"}, {"oh", 2, nullptr}, {"", 3, "2"}, {"2", 4, "3"}});
  Json params = {{"a", {{"number", "1234,5"}}}, {"b", {{"number", "1234"}}}};
  RuleChain chain = world.chain("parse", params, rows.schema());
  EXPECT_EQ(chain.output()[0], (Field{"a", Type::float64, true}));
  EXPECT_EQ(chain.sources_of({"b"}), std::vector<std::string>{"b"});
  RuleReport report;
  EXPECT_EQ(apply(chain, rows, &report, 0), (Rows{"1.5|1|~", "~|2|~", "~|3|2", "2|4|3"}));
  EXPECT_EQ(report.rows_touched, 4);
  EXPECT_EQ(report.cells_touched, 7);
  EXPECT_EQ(report.cells_unmatched, 3);
  ASSERT_EQ(report.examples.size(), 3u);
  EXPECT_EQ(report.examples[0], (RuleReport::Example{1, "a", "\"oh\"", "null"}));
  EXPECT_EQ(report.examples[2], (RuleReport::Example{0, "b", "\"x\"", "null"}));
  // Where nothing fails, one cell of the table's first rows is shown.
  apply(world.chain("parse", {{"b", {{"duration", "units"}}}}, rows.schema()),
        table(rows.schema().fields(), Json::array({Json::array({"", 0, "1m"})})), &report);
  EXPECT_EQ(report.examples, (std::vector<RuleReport::Example>{{0, "b", "\"1m\"", "60"}}));
}

TEST(Parse, StrictIsAnErrorOfTheRow) {
  BatchBuffer rows = table({{"a", Type::string}}, {{"1"}, {nullptr}, {"one"}});
  RuleChain chain =
      world.chain("parse", {{"a", {{"number", "1234"}, {"strict", true}}}}, rows.schema());
  chain = RuleChain::load(chain.save());
  Batch batch = rows.view();
  Scratch scratch;
  chain.apply(batch, scratch, nullptr, 0);
  EXPECT_EQ(texts(batch), (Rows{"1", "~", "~"}));
  ASSERT_EQ(scratch.errors.size(), 1u);
  EXPECT_EQ(scratch.errors[0].row, 2);
  EXPECT_EQ(scratch.errors[0].field, "a");
  EXPECT_EQ(scratch.errors[0].message, "\"one\" is not a number like \"1234\"");
}

TEST(Parse, RefusesWhatCannotBeMeant) {
  Schema schema({{"s", Type::string}, {"n", Type::int64}});
  auto error = [&](const Json& how) {
    return error_of([&] { world.fit("parse", {{"s", how}}, schema); });
  };
  for (const char* form : {"", "1.234.5", "1,234,5", "12,5", "1-234", "€ 1234.5", "1234.56",
                           "1234.5 "
                           "kg",
                           "abc"})
    EXPECT_NE(error({{"number", form}}).find("1234.5"), std::string::npos) << form;
  EXPECT_NE(error({{"percent", "1234.5"}}).find("%"), std::string::npos);
  error({{"money", "1234.5"}});
  error({{"money", "€ 1234.5 €"}});
  EXPECT_NE(error({{"unit", "kgg"}}).find("kg, g"), std::string::npos);
  error({{"unit", 3}});
  EXPECT_NE(error({{"duration", "h:m:ss"}}).find("did you mean"), std::string::npos);
  for (const char* format : {"", "%d.%m", "%Y-%m-%d %m", "%Y-%y-%m-%d", "%Y-%m-%d %H", "%Q", "%"})
    error({{"date", format}});
  for (const char* format : {"%Y-%m-%d %M", "%Y-%m-%d %I:%M", "%Y-%m-%d %H:%S", "%Y-%m-%d %z"})
    error({{"timestamp", format}});
  EXPECT_NE(error({{"timestamp", {"%Y-%m-%d %H%z", "%Y-%m-%d"}}}).find("zone"), std::string::npos);
  EXPECT_NE(error({{"timestamp", "%Y-%m-%d %H:%M"}, {"zone", "Europe/Berln"}}).find("Berlin"),
            std::string::npos);
  error({{"timestamp", "%Y-%m-%d"}, {"zone", 1}});
  error({{"date", "%Y-%m-%d"}, {"zone", "UTC"}});
  EXPECT_NE(error({{"nubmer", "1234"}}).find("number"), std::string::npos);
  error({{"number", "1234"}, {"date", "%Y-%m-%d"}});
  error({{"number", "1234"}, {"strict", "yes"}});
  error({{"number", 1234}});
  error({{"number", Json::array()}});
  error(Json::object());
  error("number");
  error_of([&] { world.fit("parse", {{"n", {{"number", "1234"}}}}, schema); });
  error_of([&] { world.fit("parse", {{"t", {{"number", "1234"}}}}, schema); }, Code::not_found);
  error_of([&] { world.fit("parse", nullptr, schema); });
}

TEST(Parse, RefusesOtherStates) {
  const RuleKind& kind = Rules::instance().get("parse", "rule");
  for (const char* text :
       {R"({"columns": [{"name": "a", "strict": false, "how": {"number": "x"}}]})",
        R"({"columns": [{"name": "a", "strict": false, "how": 3}]})",
        R"({"columns": [{"name": "a", "strict": false, "how": {"unit": {}}}]})",
        R"({"columns": [{"name": "a", "strict": 1, "how": {"number": "1234"}}]})",
        R"({"columns": [{"name": "a", "strict": false, "how": {"timestamp": "%H"}}]})",
        R"({"columns": [{"name": "a", "strict": false,
                         "how": {"timestamp": "%Y-%m-%d %H", "zone": "Europe/Berlin"}}]})"}) {
    State state;
    state.json = Json::parse(text);
    error_of([&] { kind.load(state); }, Code::corrupt);
  }
}

// Bytes that no form is meant for.
TEST(Parse, NeverCrashes) {
  const std::vector<Json> forms = {
      {{"number", {"1.234,5", "1 234"}}},
      {{"percent", "1'234.5 %"}},
      {{"money", "€1 234,5"}},
      {{"unit", "m3"}},
      {{"duration", {"units", "iso", "h:m:s", "m:s"}}},
      {{"timestamp", {"%d %B %Y %I:%M:%S.%f %p %z", "%y%m%d"}}, {"zone", "UTC"}}};
  const std::string alphabet[] = {"1",   "9",  "234", ".",        ",",    " ", "'",     "-", "(",
                                  ")",   "%",  "€",   "m",        "m3",   "h", "P",     "T", ":",
                                  "May", "pm", "+",   "\xe2\x82", "\xff", "e", "\u00a0"};
  std::mt19937_64 random(7);
  BatchBuffer rows(Schema({{"s", Type::string}}));
  for (int i = 0; i < 20000; ++i) {
    std::string cell;
    for (size_t n = random() % 9; n > 0; --n) cell += alphabet[random() % std::size(alphabet)];
    rows[0].append(std::string_view(cell));
  }
  for (const Json& form : forms) apply(world.chain("parse", {{"s", form}}, rows.schema()), rows);
}

TEST(Parse, IsSoundOnRandomRows) {
  BatchBuffer rows(Schema({{"a", Type::string}, {"b", Type::string}, {"c", Type::string}}));
  std::mt19937_64 random(14);
  const std::string cells[] = {"1.234,5", "", "12 kg", "31.12.2013", "5", "x"};
  for (int i = 0; i < 3000; ++i) {
    for (size_t c = 0; c < 3; ++c) {
      const auto pick = random() % 7;
      pick == 6 ? rows[c].append_null() : rows[c].append(std::string_view(cells[pick]));
    }
  }
  expect_sound(
      world.chain(
          "parse",
          {{"a", {{"number", "1.234,5"}}}, {"b", {{"unit", "g"}}}, {"c", {{"date", "%d.%m.%Y"}}}},
          rows.schema()),
      rows);
}

}  // namespace
}  // namespace gristmill
