// rename.
#include "clean/rule_testing.h"

namespace gristmill {
namespace {

using namespace testing_rules;

const World world;

TEST(Rename, ChangesNamesAndNoCells) {
  BatchBuffer rows = table({{"a", Type::int64, false}, {"b", Type::string}, {"c", Type::int64}},
                           Json::array({Json::array({1, "x", 2})}));
  RuleChain chain = world.chain("rename", {{"a", "first"}, {"b", "c"}, {"c", "b"}}, rows.schema());
  EXPECT_EQ(chain.output(),
            Schema({{"first", Type::int64, false}, {"c", Type::string}, {"b", Type::int64}}));
  RuleReport report;
  EXPECT_EQ(apply(chain, rows, &report), Rows{"1|x|2"});
  EXPECT_EQ(report.rows, 1);
  EXPECT_EQ(report.cells_touched, 0);
  EXPECT_EQ(chain.sources_of({"first", "b"}), (std::vector<std::string>{"a", "c"}));
  chain.append("range", world.fit("range", {{"first", {5, 9}}}, chain.output())->freeze());
  EXPECT_EQ(apply(RuleChain::load(chain.save()), rows), Rows{"~|x|2"});
}

TEST(Rename, Restricts) {
  Schema schema({{"a", Type::int64}, {"b", Type::int64}});
  auto rule = world.fit("rename", {{"a", "b"}, {"b", "a"}}, schema)->freeze();
  rule->restrict_to({"b"});
  EXPECT_EQ(rule->bind(Schema({{"a", Type::int64}})).names(), std::vector<std::string>{"b"});
  // Where the old b is still there, it gives its name up.
  EXPECT_EQ(rule->bind(schema).names(), (std::vector<std::string>{"b", "a"}));
}

TEST(Rename, Refuses) {
  Schema schema({{"temp", Type::float64}, {"name", Type::string}});
  auto error = [&](const Json& params, Code code = Code::invalid) {
    return error_of([&] { world.fit("rename", params, schema); }, code);
  };
  EXPECT_NE(error({{"tmep", "t"}}, Code::not_found).find("temp"), std::string::npos);
  EXPECT_NE(error({{"temp", "name"}}).find("two columns"), std::string::npos);
  error({{"temp", "x"}, {"name", "x"}});
  error({{"temp", ""}});
  error({{"temp", 3}});
  error({"temp"});
  State state;
  state.json = {{"names", {{"a", "b"}, {"a"}}}};
  error_of([&] { Rules::instance().get("rename", "rule").load(state); }, Code::corrupt);
}

TEST(Rename, IsSoundOnRandomRows) {
  BatchBuffer rows = random_rows(1000, 15);
  expect_sound(world.chain("rename", {{"i", "f"}, {"f", "i"}, {"s", "text"}}, rows.schema()), rows);
}

}  // namespace
}  // namespace gristmill
