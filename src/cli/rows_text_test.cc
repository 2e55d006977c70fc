#include "cli/rows_text.h"

#include "clean/rule_testing.h"

namespace gristmill {
namespace {

using testing_rules::OneTable;
using testing_rules::table;

std::string printed(const BatchBuffer& rows, int64_t limit, int64_t total, bool json = false) {
  Invocation call;
  call.json = json;
  OneTable reader(rows);
  testing::internal::CaptureStdout();
  print_rows(call, reader, limit, total);
  return testing::internal::GetCapturedStdout();
}

BatchBuffer some_rows() {
  return table({{"id", Type::int64, false},
                {"x", Type::float64},
                {"s", Type::string},
                {"b", Type::boolean},
                {"d", Type::date}},
               {{1, 0.5, "a", true, "2013-01-05"},
                {20, nullptr, nullptr, nullptr, nullptr},
                {3, "nan", "two\nlines", false, "1999-12-31"}});
}

TEST(RowsText, LinedUpWithNullsAsBlanks) {
  EXPECT_EQ(printed(some_rows(), 10, 3),
            "id  x    s          b               d\n"
            "──  ───  ─────────  ─────  ──────────\n"
            " 1  0.5  a          true   2013-01-05\n"
            "20\n"
            " 3  nan  two lines  false  1999-12-31\n"
            "3 rows\n");
}

TEST(RowsText, TheFirstRowsOfMany) {
  const std::string two = printed(some_rows(), 2, 1234);
  EXPECT_EQ(two.find("nan"), std::string::npos);
  EXPECT_TRUE(two.ends_with("\n2 of 1,234 rows\n")) << two;
  EXPECT_EQ(printed(some_rows(), 2, -1).find("rows"), std::string::npos);
  EXPECT_EQ(printed(some_rows(), 0, 3), "id  x  s  b  d\n──  ─  ─  ─  ─\n0 of 3 rows\n");
  EXPECT_EQ(printed(BatchBuffer(some_rows().schema()), 5, 0),
            "id  x  s  b  d\n──  ─  ─  ─  ─\n0 rows\n");
}

// Cut by bytes, but never inside a character.
TEST(RowsText, LongCellsAreCut) {
  const BatchBuffer rows =
      table({{"s", Type::string}},
            {{std::string(40, 'x')}, {std::string(41, 'x')}, {std::string(38, 'x') + "üüü"}});
  const std::string text = printed(rows, 5, -1);
  EXPECT_NE(text.find("\n" + std::string(40, 'x') + "\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\n" + std::string(39, 'x') + "…\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\n" + std::string(38, 'x') + "…\n"), std::string::npos) << text;
}

TEST(RowsText, AsOneJsonDocument) {
  const auto document = nlohmann::json::parse(printed(some_rows(), 10, 3, true));
  EXPECT_EQ(document.at("columns").size(), 5u);
  EXPECT_EQ(document.at("columns")[0],
            (nlohmann::json{{"name", "id"}, {"type", "int64"}, {"nullable", false}}));
  const nlohmann::json rows = document.at("rows");
  EXPECT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0], (nlohmann::json{1, 0.5, "a", true, "2013-01-05"}));
  EXPECT_EQ(rows[1], (nlohmann::json{20, nullptr, nullptr, nullptr, nullptr}));
  EXPECT_EQ(rows[2][2], "two\nlines");
  EXPECT_EQ(nlohmann::json::parse(printed(some_rows(), 1, 3, true)).at("rows").size(), 1u);
}

// The first thousand rows decide how wide the columns are.
TEST(RowsText, ManyRowsStream) {
  BatchBuffer rows(Schema({{"i", Type::int64}}));
  for (int64_t i = 0; i < 3000; ++i) rows[0].append(i * 1000);
  const std::string text = printed(rows, 2500, 3000);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2 + 2500 + 1);
  EXPECT_NE(text.find("\n     0\n"), std::string::npos);
  EXPECT_NE(text.find("\n999000\n"), std::string::npos);
  EXPECT_NE(text.find("\n2499000\n"), std::string::npos);
}

}  // namespace
}  // namespace gristmill
