// Rows that training rejects: counted by what rejected them, kept as they were.
#include "pipeline/quarantine.h"

#include <gtest/gtest.h>

#include "base/testing.h"
#include "clean/rule_testing.h"

namespace gristmill {
namespace {

using testing_rules::Rows;
using testing_rules::table;
using testing_rules::texts;

class QuarantineTest : public testing::Test {
 protected:
  ScratchDir dir;
  Engine engine{{.temp_dir = dir.path(), .threads = 1, .memory_bytes = 1 << 28}};
  Store store{dir.path() / "store"};
  const std::vector<RuleSpec> rules = {{"parse", {}, {}, 1}, {"derive", {}, {}, 4}};

  Rows written(const Quarantine& quarantine) {
    const Descriptor blob = quarantine.write(rules, engine, store);
    EXPECT_EQ(blob.media_type, quarantine_type);
    auto reader = engine.query("SELECT * FROM " + parquet_relation({store.path_of(blob.digest)}));
    names = reader->schema().names();
    Rows all;
    Batch batch;
    while (reader->next(batch)) {
      for (std::string& row : texts(batch)) all.push_back(std::move(row));
    }
    return all;
  }
  std::vector<std::string> names;
};

TEST_F(QuarantineTest, CountsByWhatRejectedAndKeepsRowsAsTheyWere) {
  const BatchBuffer rows = table({{"id", Type::int64}, {"Row", Type::string}},
                                 {{1, "a"}, {2, nullptr}, {3, "c"}, {4, "d"}});
  Quarantine first(rows.schema()), later(rows.schema());
  first.add(rows.view(), 100, {1, "x", "no number", 1});
  first.add(rows.view(), 100, {3, "", "ln of -1", -1});
  later.add(rows.view(), 200, {0, "x", "no date", 1});
  later.add(rows.view(), 200, {2, "y", "no time", 0});
  first.merge(later);
  EXPECT_EQ(first.rows(), 4);
  EXPECT_EQ(written(first), (Rows{"102|4|derive|x|no number|2|~", "104|~|target||ln of -1|4|d",
                                  "201|4|derive|x|no date|1|a", "203|1|parse|y|no time|3|c"}));
  EXPECT_EQ(names,
            (std::vector<std::string>{"row_", "rule", "kind", "column", "reason", "id", "Row"}));
  const auto blames = first.blames(rules);
  ASSERT_EQ(blames.size(), 3u);
  EXPECT_EQ(blames[0].text(), "rule 4 derive, column x");
  EXPECT_EQ(blames[0].example(), "row 102: no number");
  EXPECT_EQ(blames[0].rows, 2);
  EXPECT_EQ(blames[1].text(), "the target");
  EXPECT_EQ(first.facts(rules)["by"][2], (nlohmann::json{{"rule", 1},
                                                         {"kind", "parse"},
                                                         {"column", "y"},
                                                         {"rows", 1},
                                                         {"row", 203},
                                                         {"message", "no time"}}));
}

TEST_F(QuarantineTest, WarnsAboveAShare) {
  const BatchBuffer rows = table({{"id", Type::int64}}, {{1}});
  Quarantine quarantine(rows.schema());
  EXPECT_TRUE(quarantine.warnings(rules, 0, "t").empty());
  for (int i = 0; i < 5; ++i) quarantine.add(rows.view(), i, {0, "x", "no number", 0});
  EXPECT_TRUE(quarantine.warnings(rules, 100, "t").empty());
  EXPECT_EQ(
      quarantine.warnings(rules, 99, "t"),
      std::vector<std::string>{
          "5.1 % of the rows of t are rejected, most of them (5 of 5) by rule 1 parse, column "
          "x; row 1: no number; `gristmill quarantine t` shows them"});
}

TEST_F(QuarantineTest, KeepsTheFirstRowsOfMany) {
  BatchBuffer rows = table({{"id", Type::int64}}, nlohmann::json::array());
  for (int64_t i = 0; i < 8'000; ++i) rows[0].append(i);
  Quarantine all(rows.schema());
  EXPECT_TRUE(written(all).empty());
  for (int64_t chunk = 0; chunk < 2; ++chunk) {
    Quarantine one(rows.schema());
    for (int64_t i = 0; i < 8'000; ++i) one.add(rows.view(), chunk * 8'000, {i, "x", "bad", 0});
    all.merge(one);
  }
  EXPECT_EQ(all.rows(), 16'000);
  EXPECT_EQ(int64_t(all.errors().size()), Quarantine::rows_most);
  EXPECT_EQ(all.errors().back().row, Quarantine::rows_most - 1);
  EXPECT_EQ(int64_t(written(all).size()), Quarantine::rows_most);
  // Long texts end it sooner.
  BatchBuffer heavy = table({{"s", Type::string}}, {{std::string(size_t(1) << 20, 'x')}});
  Quarantine bytes(heavy.schema());
  for (int64_t i = 0; i < 300; ++i) bytes.add(heavy.view(), i, {0, "s", "bad", 0});
  EXPECT_EQ(bytes.rows(), 300);
  EXPECT_LT(bytes.errors().size(), 200u);
}

}  // namespace
}  // namespace gristmill
