// Expressions made at random, as a bundle of a stranger could hold them.
#include <gtest/gtest.h>

#include "base/error.h"
#include "expr/test_rows.h"
#include "frame/cell.h"

namespace gristmill {
namespace {

using namespace testing_expr;

// Trees at random, most of them well typed but with arguments from anywhere.
class RandomTrees {
 public:
  explicit RandomTrees(uint64_t seed) : random_(seed) {}

  nlohmann::json make(int depth) {
    if (depth == 0 || random_() % 4 == 0) return leaf();
    const auto& ops = expr_ops();
    nlohmann::json json = {{"op", ops[random_() % ops.size()].name}, {"type", name_of(type())}};
    const std::string& name = json["op"].get_ref<const std::string&>();
    if (name.starts_with("date_") && random_() % 8 != 0) return of_times(name, depth);
    if (name.starts_with("regexp_") && random_() % 8 != 0) return of_pattern(name, depth);
    const size_t args = random_() % 5;
    for (size_t i = 0; i < args; ++i) json["args"].push_back(make(depth - 1));
    if (random_() % 4 == 0) json["try"] = true;
    if (random_() % 8 == 0) json["value"] = "INTEGER";
    return settle(std::move(json));
  }

 private:
  Type type() { return static_cast<Type>(random_() % 7); }
  nlohmann::json leaf() {
    if (random_() % 3 != 0) {
      const Field& field = test_schema()[random_() % test_schema().size()];
      return {{"op", "column"}, {"type", name_of(field.type)}, {"column", field.name}};
    }
    static const std::vector<nlohmann::json> values = {
        nullptr, true,  0,     1,    -1,        std::numeric_limits<int64_t>::min(),
        1.5,     "nan", "abc", "12", 2147483647};
    return {{"op", "constant"},
            {"type", name_of(type())},
            {"value", values[random_() % values.size()]}};
  }
  // What random arguments would seldom make.
  nlohmann::json of_times(const std::string& name, int depth) {
    static const char* const parts[] = {"year", "week", "decade", "epoch", "hour", "MS", "yea"};
    const std::string part = parts[random_() % std::size(parts)];
    const Type time = std::vector{Type::date, Type::timestamp, Type::timestamptz}[random_() % 3];
    const Type result = name == "date_trunc" ? (time == Type::date ? Type::timestamp : time)
                        : name == "date_part" && part == "epoch" ? Type::float64
                                                                 : Type::int64;
    nlohmann::json json = {{"op", name}, {"type", name_of(result)}};
    json["args"].push_back({{"op", "constant"}, {"type", "string"}, {"value", part}});
    for (size_t i = name == "date_diff" ? 2 : 1; i > 0; --i) {
      json["args"].push_back({{"op", "cast"},
                              {"type", name_of(time)},
                              {"try", true},
                              {"args", nlohmann::json::array({make(depth - 1)})}});
    }
    return json;
  }
  nlohmann::json of_pattern(const std::string& name, int depth) {
    static const nlohmann::json patterns[] = {nullptr, "", "(a)(b)?", "\\d+", "(", "."};
    nlohmann::json json = {{"op", name},
                           {"type", name == "regexp_extract" ? "string" : "boolean"},
                           {"args", nlohmann::json::array({make(depth - 1)})}};
    if (json["args"][0]["type"] != "string") {
      json["args"][0] = {{"op", "cast"}, {"type", "string"}, {"args", {json["args"][0]}}};
    }
    auto add = [&](const char* type, const nlohmann::json& value) {
      json["args"].push_back({{"op", "constant"}, {"type", type}, {"value", value}});
    };
    add("string", patterns[random_() % std::size(patterns)]);
    if (name == "regexp_extract") add("int64", random_() % 11);
    if (random_() % 2 == 0) add("string", random_() % 2 == 0 ? "i" : "sx");
    return json;
  }
  // Casts arguments to one type often enough that trees pass.
  nlohmann::json settle(nlohmann::json json) {
    if (!json.contains("args") || random_() % 4 == 0) return json;
    const std::string wanted = json["args"].back()["type"];
    for (auto& arg : json["args"]) {
      if (arg["type"] == wanted) continue;
      arg = nlohmann::json{{"op", "cast"}, {"type", wanted}, {"try", true}, {"args", {arg}}};
    }
    if (random_() % 2 == 0) json["type"] = wanted;
    return json;
  }

  std::mt19937_64 random_;
};

TEST(ExprTest, RandomTreesAnswerTheSameForAnyCutOfTheRows) {
  BatchBuffer rows = sample(131);
  BatchBuffer few(test_schema());
  few.append(rows.view(), 65, 7);
  RandomTrees trees(3);
  int accepted = 0;
  for (int i = 0; i < 60'000; ++i) {
    const nlohmann::json json = trees.make(1 + i % 4);
    std::unique_ptr<Expr> expr;
    try {
      expr = std::make_unique<Expr>(ExprNode::from_json(json), test_schema());
    } catch (const Error&) {
      continue;
    }
    ++accepted;
    Scratch scratch, scratch_few;
    const Column all = expr->evaluate(rows.view(), scratch);
    const Column part = expr->evaluate(few.view(), scratch_few);
    ASSERT_EQ(all.length, 131);
    for (int64_t r = 0; r < 7; ++r) {
      std::string whole, cut;
      append_canonical(all, 65 + r, whole);
      append_canonical(part, r, cut);
      ASSERT_EQ(whole, cut) << json;
    }
  }
  EXPECT_GT(accepted, 5'000);
}

}  // namespace
}  // namespace gristmill
