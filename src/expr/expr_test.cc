#include "expr/expr.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

#include "base/error.h"
#include "expr/number_text.h"
#include "expr/op.h"
#include "expr/regex.h"
#include "expr/test_rows.h"

namespace gristmill {
namespace {

using namespace testing_expr;

TEST(ExprTest, KnowsItsTypeAndColumns) {
  const Expr expr(node("case", Type::float64,
                       {node(">", Type::boolean, {column("a"), constant(Type::int64, 3)}),
                        column("b"), node("cast", Type::float64, {column("a")})}),
                  test_schema());
  EXPECT_EQ(expr.type(), Type::float64);
  EXPECT_EQ(expr.columns(), (std::vector<std::string>{"a", "b"}));
}

TEST(ExprTest, RefusesWhatDoesNotFit) {
  auto code = [](const ExprNode& root) {
    try {
      Expr(root, test_schema());
    } catch (const Error& error) {
      return error.code();
    }
    ADD_FAILURE() << root.json();
    return Code::internal;
  };
  EXPECT_EQ(code({.op = "column", .type = Type::int64, .column = "absent"}), Code::not_found);
  EXPECT_EQ(code({.op = "column", .type = Type::string, .column = "a"}), Code::invalid);
  EXPECT_EQ(code(node("explode", Type::int64, {column("a")})), Code::invalid);
  EXPECT_EQ(code(node("+", Type::int64, {column("a")})), Code::invalid);
  EXPECT_EQ(code(node("+", Type::int64, {column("a"), column("b")})), Code::invalid);
  EXPECT_EQ(code(node("+", Type::string, {column("s"), column("s")})), Code::invalid);
  EXPECT_EQ(code(node("case", Type::int64, {column("a"), column("a"), column("a")})),
            Code::invalid);
  EXPECT_EQ(code(node("and", Type::boolean, {column("f"), column("a")})), Code::invalid);
  EXPECT_EQ(code(node("cast", Type::date, {column("a")})), Code::invalid);
  EXPECT_EQ(code(node("cast", Type::int64, {column("d")})), Code::invalid);
  EXPECT_EQ(code(node("lower", Type::string, {column("a")})), Code::invalid);
  EXPECT_EQ(code(node("length", Type::string, {column("s")})), Code::invalid);
  EXPECT_EQ(code(node("substr", Type::string, {column("s")})), Code::invalid);
  EXPECT_EQ(code(node("concat", Type::string, {column("s"), column("a")})), Code::invalid);
  const ExprNode year = constant(Type::string, "year"), epoch = constant(Type::string, "epoch");
  EXPECT_EQ(code(node("date_part", Type::float64, {year, column("d")})), Code::invalid);
  EXPECT_EQ(code(node("date_part", Type::int64, {epoch, column("d")})), Code::invalid);
  EXPECT_EQ(code(node("date_part", Type::int64, {year, column("a")})), Code::invalid);
  EXPECT_EQ(code(node("date_part", Type::int64, {column("s"), column("d")})), Code::invalid);
  for (const nlohmann::json& part : {nlohmann::json("yea"), nlohmann::json(), nlohmann::json("")}) {
    EXPECT_EQ(code(node("date_part", Type::int64, {constant(Type::string, part), column("d")})),
              Code::invalid);
  }
  EXPECT_EQ(code(node("date_trunc", Type::date, {year, column("d")})), Code::invalid);
  EXPECT_EQ(code(node("date_diff", Type::int64, {year, column("d"), column("t")})), Code::invalid);
  EXPECT_EQ(code(node("in", Type::boolean, {column("s"), constant(Type::int64, 1)})),
            Code::invalid);
  EXPECT_EQ(code(constant(Type::boolean, 1)), Code::invalid);
  EXPECT_EQ(code(constant(Type::int64, 1.5)), Code::invalid);
  EXPECT_EQ(code(constant(Type::int64, uint64_t(1) << 63)), Code::invalid);
  EXPECT_EQ(code(constant(Type::date, int64_t(1) << 31)), Code::invalid);
  ExprNode deep = column("a");
  for (int i = 0; i < max_expression_depth; ++i) deep = node("-", Type::int64, {std::move(deep)});
  EXPECT_EQ(code(deep), Code::invalid);
}

TEST(ExprTest, AFailedRowIsNullWhateverStandsAround) {
  BatchBuffer rows = sample(200);
  const Expr expr(node("coalesce", Type::int64,
                       {node("cast", Type::int64, {column("s")}), constant(Type::int64, 5)}),
                  test_schema());
  Scratch scratch;
  const Column values = expr.evaluate(rows.view(), scratch);
  ASSERT_FALSE(scratch.errors.empty());
  std::set<int64_t> failed;
  for (const RowError& error : scratch.errors) {
    EXPECT_TRUE(failed.insert(error.row).second) << "one error a row";
    EXPECT_EQ(error.field, "s");
    EXPECT_EQ(rows.view().columns[2].string(error.row), "abc");
  }
  for (int64_t i = 0; i < values.length; ++i) EXPECT_EQ(values.is_null(i), failed.contains(i));
}

TEST(ExprTest, AnErrorOfNoSingleColumnNamesTheField) {
  BatchBuffer rows = sample(200);
  Scratch scratch;
  auto fields = [&](const ExprNode& root) {
    scratch.errors.clear();
    Expr(root, test_schema()).evaluate(rows.view(), scratch, "made");
    std::set<std::string> names;
    for (const RowError& error : scratch.errors) names.insert(error.field);
    return names;
  };
  EXPECT_EQ(fields(node("cast", Type::int64, {column("s")})), std::set<std::string>{"s"});
  EXPECT_EQ(fields(node("cast", Type::int64, {constant(Type::string, "x")})),
            std::set<std::string>{"made"});
}

TEST(ExprTest, BranchesNotTakenCannotFail) {
  BatchBuffer rows = sample(200);
  const Expr expr(node("case", Type::int64,
                       {node("=", Type::boolean, {column("s"), constant(Type::string, "abc")}),
                        constant(Type::int64, 0), node("cast", Type::int64, {column("s")})}),
                  test_schema());
  Scratch scratch;
  expr.evaluate(rows.view(), scratch);
  EXPECT_TRUE(scratch.errors.empty());
}

TEST(ExprTest, ConstantsAloneStandForEachRow) {
  BatchBuffer rows = sample(70);
  const Expr sum(node("+", Type::int64, {constant(Type::int64, 2), constant(Type::int64, 3)}),
                 test_schema());
  const Expr bad(node("cast", Type::int64, {constant(Type::string, "abc")}), test_schema());
  Scratch scratch;
  const Column five = sum.evaluate(rows.view(), scratch);
  ASSERT_EQ(five.length, 70);
  EXPECT_EQ(five.values<int64_t>()[69], 5);
  EXPECT_EQ(bad.evaluate(rows.view(), scratch).null_count(), 70);
  EXPECT_EQ(scratch.errors.size(), 70u);
  EXPECT_EQ(
      sum.evaluate(Batch{.schema = &test_schema(), .columns = rows.view().columns}, scratch).length,
      0);
}

// An expression over little text may make much.
TEST(ExprTest, TextThatIsMadeHasALimit) {
  const Schema schema({{"s", Type::string}});
  const ExprNode s{.op = "column", .type = Type::string, .column = "s"};
  const ExprNode a{.op = "constant", .type = Type::string, .value = "a"};
  const Expr replaced({.op = "replace", .type = Type::string, .args = {s, a, s}}, schema);
  const Expr joined({.op = "||", .type = Type::string, .args = {s, s}}, schema);
  BatchBuffer rows(schema);
  rows[0].append(std::string_view("aa"));
  rows[0].append(std::string_view(std::string(5000, 'a')));  // 25 MB
  Scratch scratch;
  const Column texts = replaced.evaluate(rows.view(), scratch);
  EXPECT_EQ(texts.string(0), "aaaa");
  EXPECT_TRUE(texts.is_null(1));
  ASSERT_EQ(scratch.errors.size(), 1u);
  EXPECT_EQ(scratch.errors[0].message, "the text would be longer than 16 MiB");
  EXPECT_EQ(scratch.text_made(), 4u);
  rows[0].append(std::string_view(std::string(9 << 20, 'b')));
  EXPECT_TRUE(joined.evaluate(rows.view(), scratch).is_null(2));
  // Of all rows together, where there is a limit.
  scratch.clear();
  scratch.limit_text(12 << 10);
  BatchBuffer two(schema);
  for (int i = 0; i < 2; ++i) two[0].append(std::string_view(std::string(4000, 'c')));
  try {
    joined.evaluate(two.view(), scratch);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::exhausted);
  }
}

// What picks among texts writes them once more, for each row.
TEST(ExprTest, TextThatIsPickedCounts) {
  const Schema schema({{"s", Type::string}, {"n", Type::int64, true}});
  const ExprNode s{.op = "column", .type = Type::string, .column = "s"};
  const ExprNode n{.op = "column", .type = Type::int64, .column = "n"};
  const ExprNode is_null{.op = "is null", .type = Type::boolean, .args = {n}};
  const ExprNode much{.op = "constant", .type = Type::string, .value = std::string(1000, 'a')};
  const Expr picked({.op = "case", .type = Type::string, .args = {is_null, s, much}}, schema);
  BatchBuffer rows(schema);
  for (int64_t i = 0; i < 10; ++i) {
    rows[0].append(std::string_view("x"));
    rows[1].append(i);
  }
  Scratch scratch;
  picked.evaluate(rows.view(), scratch);
  EXPECT_EQ(scratch.text_made(), 10'000u);
}

// Texts of a request stand on both sides: no time that grows with the product of their lengths.
TEST(ExprTest, SearchingTakesTimeByTheSumOfTheLengths) {
  const Schema schema({{"a", Type::string}, {"b", Type::string}});
  const ExprNode a{.op = "column", .type = Type::string, .column = "a"};
  const ExprNode b{.op = "column", .type = Type::string, .column = "b"};
  const int half = 1 << 20;
  std::string listed;
  for (int i = 0; i < half; ++i) listed += "\u00e4";
  BatchBuffer rows(schema);
  rows[0].append(std::string_view(std::string(2 * half, 'a')));
  rows[1].append(std::string_view(std::string(half, 'a') + "b"));
  rows[0].append(std::string_view("zz" + std::string(2 * half, 'a') + "\u00e4z"));
  rows[1].append(std::string_view(listed + "a"));
  Scratch scratch;
  auto evaluate = [&](const std::string& op, Type type, std::vector<ExprNode> args) {
    return Expr({.op = op, .type = type, .args = std::move(args)}, schema)
        .evaluate(rows.view(), scratch);
  };
  EXPECT_FALSE(evaluate("contains", Type::boolean, {a, b}).boolean(0));
  EXPECT_EQ(evaluate("replace", Type::string, {a, b, b}).string(0).size(), size_t(2 * half));
  EXPECT_EQ(evaluate("trim", Type::string, {a, b}).string(0), "");
  EXPECT_EQ(evaluate("rtrim", Type::string, {a, b}).string(1).size(), size_t(2 * half + 5));
  EXPECT_EQ(evaluate("contains", Type::boolean, {a, a}).boolean(1), true);
}

TEST(ExprTest, NumbersAreWrittenShort) {
  char buffer[40];
  for (auto [value, text] : std::vector<std::pair<double, std::string>>{
           {1, "1.0"},
           {-0.0, "-0.0"},
           {0.1, "0.1"},
           {1e15, "1000000000000000.0"},
           {1e16, "1e+16"},
           {1e-4, "0.0001"},
           {1e-5, "1e-05"},
           {5e-324, "5e-324"},
           {1.7976931348623157e308, "1.7976931348623157e+308"},
           {-1234567890123456.0, "-1234567890123456.0"},
           {-1.2345678901234567e-308, "-1.2345678901234567e-308"}}) {
    EXPECT_EQ(write_float64(value, buffer), text);
  }
}

TEST(ExprTest, PatternsTakeCharactersNotBytes) {
  for (const char* pattern : {"\\C", "a\\C+", "[0-9]\\\\\\C", "\\Qx\\E\\C"})
    EXPECT_THROW(Regex(pattern, ""), Error) << pattern;
  EXPECT_NO_THROW(Regex("\\\\C", ""));
  EXPECT_NO_THROW(Regex("\\Q\\C\\E", ""));
  EXPECT_NO_THROW(Regex("\\C", "l"));
}

TEST(ExprTest, SavedTreesComeBackTheSame) {
  for (double value : {0.1, -0.0, 1e300, 5e-324, std::numeric_limits<double>::infinity(),
                       -std::numeric_limits<double>::infinity()}) {
    const auto saved = constant(Type::float64, value).json().dump();
    const ExprNode back = ExprNode::from_json(nlohmann::json::parse(saved));
    Scratch scratch;
    const Expr expr(back, test_schema());
    const Batch one{.schema = &test_schema(), .rows = 1};
    const double read = *expr.evaluate(one, scratch).values<double>();
    EXPECT_EQ(std::memcmp(&read, &value, sizeof value), 0) << saved;
  }
  ExprNode cast = node("cast", Type::int64, {column("s")});
  cast.try_cast = true;
  cast.value = "SMALLINT";
  const ExprNode back = ExprNode::from_json(cast.json());
  EXPECT_TRUE(back.try_cast);
  EXPECT_EQ(back.json(), cast.json());
}

TEST(ExprTest, SavedTreesAreNotTrusted) {
  for (
      const char* text :
      {"null", "[]", "7", R"({})", R"({"op": "+"})", R"({"op": 3, "type": "int64"})",
       R"({"op": "column", "type": "int64"})", R"({"op": "column", "type": "int", "column": "a"})",
       R"({"op": "constant", "type": "int64", "value": [1]})",
       R"({"op": "constant", "type": "string", "value": {"a": 1}})",
       R"({"op": "constant", "type": "float64", "value": "1"})",
       R"({"op": "+", "type": "int64", "args": {}})",
       R"({"op": "+", "type": "int64", "args": [1, 2]})",
       R"({"op": "column", "type": "int64", "column": "a", "args": [{"op": "column", "type": "int64", "column": "a"}]})",
       R"({"op": "cast", "type": "int64", "value": "UBIGINT", "args": [{"op": "column", "type": "int64", "column": "a"}]})",
       R"({"op": "cast", "type": "int64", "try": 1, "args": [{"op": "column", "type": "int64", "column": "a"}]})",
       R"({"op": "case", "type": "int64", "args": []})", R"({"op": "in", "type": "boolean"})"}) {
    try {
      ExprNode::from_json(nlohmann::json::parse(text));
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::corrupt) << text;
    }
  }
  nlohmann::json deep = column("a").json();
  for (int i = 0; i < 100'000; ++i) {
    deep = nlohmann::json{
        {"op", "-"}, {"type", "int64"}, {"args", nlohmann::json::array({std::move(deep)})}};
  }
  EXPECT_THROW(ExprNode::from_json(deep), Error);
  nlohmann::json broken = constant(Type::string, "x").json();
  broken["value"] = std::string("\xC3");
  EXPECT_THROW(ExprNode::from_json(broken), Error);
}

// As it stands in a cell of a table.
std::string cell(std::string text) {
  for (size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2)
    text.insert(at, "\\");
  return text;
}

std::string operator_table() {
  std::string table = "| operator | written | meaning |\n|---|---|---|\n";
  for (const ExprOp& op : expr_ops()) {
    table +=
        fmt::format("| `{}` | `{}` | {} |\n", cell(op.name), cell(op.signature), cell(op.text));
  }
  return table;
}

TEST(ExprTest, TheDocsListEachOperator) {
  const char* path = "docs/expressions.md";
  std::ifstream file(path);
  ASSERT_TRUE(file) << path << ": run from the root of the project";
  std::stringstream text;
  text << file.rdbuf();
  const std::string docs = text.str();
  const std::string begin = "<!-- operators: generated from expr_ops() -->\n", end = "<!-- end -->";
  const size_t from = docs.find(begin), to = docs.find(end);
  ASSERT_TRUE(from != std::string::npos && to != std::string::npos);
  const std::string wanted =
      docs.substr(0, from + begin.size()) + operator_table() + docs.substr(to);
  if (std::getenv("GRISTMILL_UPDATE_DOCS") != nullptr) std::ofstream(path) << wanted;
  EXPECT_EQ(docs, wanted) << "run again with GRISTMILL_UPDATE_DOCS=1 to write it";
}

}  // namespace
}  // namespace gristmill
