// clip.
#include "clean/rule_testing.h"

namespace gristmill {
namespace {

using namespace testing_rules;

const World world;

TEST(Clip, SetsWhatIsOutsideToTheBound) {
  BatchBuffer rows = table({{"i", Type::int64, false},
                            {"f", Type::float64, true},
                            {"d", Type::date, true},
                            {"t", Type::timestamp, true}},
                           {{-41, -41, "2012-12-31", "2013-01-01 12:00:00"},
                            {-40, 120.5, "2013-01-01", "2013-01-01 12:00:01"},
                            {121, "nan", "2013-06-01", nullptr},
                            {0, nullptr, nullptr, "2013-01-01 11:59:59"}});
  RuleChain chain = world.chain("clip",
                                {{"i", {-40.5, 120.5}},
                                 {"f", {-40, 120}},
                                 {"d", {"2013-01-01", nullptr}},
                                 {"t", {nullptr, "2013-01-01 12:00:00"}}},
                                rows.schema());
  RuleReport report;
  EXPECT_EQ(
      apply(chain, rows, &report),
      (Rows{"-40|-40|2013-01-01|2013-01-01T12:00:00", "-40|120|2013-01-01|2013-01-01T12:00:00",
            "120|nan|2013-06-01|~", "0|~|~|2013-01-01T11:59:59"}));
  EXPECT_FALSE(chain.output()[0].nullable);
  EXPECT_EQ(report.rows_touched, 3);
  EXPECT_EQ(report.cells_touched, 6);
  EXPECT_EQ(report.examples[0], (RuleReport::Example{0, "d", "2012-12-31", "2013-01-01"}));
}

TEST(Clip, OpenEndsClipNothing) {
  BatchBuffer rows = table({{"i", Type::int64}, {"f", Type::float64}, {"d", Type::date}},
                           {{INT64_MIN, -1e300, "1900-01-01"}, {INT64_MAX, 1e300, "2100-01-01"}});
  Json open = {nullptr, nullptr};
  EXPECT_EQ(
      apply(world.chain("clip", {{"i", open}, {"f", open}, {"d", open}}, rows.schema()), rows),
      texts(rows.view()));
}

TEST(Clip, Refuses) {
  Schema schema({{"temp", Type::float64}, {"name", Type::string}});
  auto error = [&](const Json& params, Code code = Code::invalid) {
    return error_of([&] { world.fit("clip", params, schema); }, code);
  };
  EXPECT_NE(error({{"name", {1, 2}}}).find("rule clip: name"), std::string::npos);
  EXPECT_NE(error({{"tmep", {1, 2}}}, Code::not_found).find("temp"), std::string::npos);
  error({{"temp", {2, 1}}});
  error({{"temp", 5}});
  error(nullptr);
}

TEST(Clip, IsSoundOnRandomRows) {
  BatchBuffer rows = random_rows(3000, 13);
  expect_sound(world.chain("clip",
                           {{"i", {-2, 2}},
                            {"f", {-0.5, 1}},
                            {"d", {"1970-01-01", "1970-01-03"}},
                            {"t", {"1970-01-01", nullptr}},
                            {"z", {nullptr, "1970-01-01T00:00:00Z"}}},
                           rows.schema()),
               rows);
}

}  // namespace
}  // namespace gristmill
