// A proposed project file is one that the reader takes, whatever the names and values of a table.
#include <gtest/gtest.h>

#include "explore/propose.h"
#include "pipeline/project.h"

namespace gristmill {
namespace {

class ProposalTest : public testing::Test {
 protected:
  ScratchDir dir;

  Project read(const TableProfile& table) {
    const std::string text = propose_project("first", {{"here", "data/*.csv"}}, {table});
    disk().write_atomic(dir.path() / project_file, text);
    try {
      return Project::read(dir.path(), {});
    } catch (const Error& error) {
      ADD_FAILURE() << error.what() << "\n" << text;
      return {};
    }
  }
  // Text that is nearly all numbers, but for `odd`.
  static ColumnProfile nearly_number(const std::string& name, std::vector<std::string> odd) {
    return {{name, Type::string, true}, 0, 90, "1", "x", 3, std::move(odd)};
  }
  static TableProfile table_of(std::vector<ColumnProfile> columns) {
    return {"here.orders", 1000, std::move(columns)};
  }
};

TEST_F(ProposalTest, RulesAndTargetAreWhatTheProfileSays) {
  const Project project = read(
      table_of({nearly_number("amount", {"N/A", "-", "\"", "a: b #c", "true", "-999 ", "ärger"}),
                {{"late", Type::boolean, true}, 0, 2, "false", "true", 0, {}}}));
  const auto& rules = project.rules_of("here.orders");
  ASSERT_EQ(rules.size(), 2u);
  EXPECT_EQ(rules[0].kind, "missing");
  EXPECT_EQ(rules[0].params,
            (nlohmann::json{{"values", {"N/A", "-", "\"", "a: b #c", "true", "-999 ", "ärger"}},
                            {"columns", {"amount"}}}));
  EXPECT_EQ(rules[1].params, (nlohmann::json{{"amount", "CAST(amount AS DOUBLE)"}}));
  ASSERT_EQ(project.predicts.size(), 1u);
  EXPECT_EQ(project.predicts[0].name, "late");
  EXPECT_EQ(project.predicts[0].from, "here.orders");
  EXPECT_EQ(project.predicts[0].target, "late");
}

TEST_F(ProposalTest, TargetsWithAwkwardNames) {
  for (const std::string name : {"arr delay", "a\"b", "a: b", "no #", "1st", "- x", "it's",
                                 "{a, b}", "ünï", "a\nb", "", " "}) {
    const Project project =
        read(table_of({{{name, Type::boolean, true}, 0, 2, "false", "true", 0, {}}}));
    ASSERT_EQ(project.predicts.size(), 1u) << name;
    EXPECT_EQ(project.predicts[0].target, quote_name(name));
  }
}

TEST_F(ProposalTest, RulesOfColumnsWithAwkwardNames) {
  for (const std::string name : {"arr delay", "a\"b", "1st", "true", "it's", "ünï"}) {
    const Project project = read(table_of({nearly_number(name, {"x"})}));
    const auto& rules = project.rules_of("here.orders");
    ASSERT_EQ(rules.size(), 2u) << name;
    EXPECT_EQ(rules[0].params.at("columns"), nlohmann::json{name});
    EXPECT_TRUE(rules[1].params.contains(name)) << rules[1].params;
  }
}

}  // namespace
}  // namespace gristmill
