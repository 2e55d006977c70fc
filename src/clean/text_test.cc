// text.
#include "clean/rule_testing.h"
#include "clean/text_steps.h"

namespace gristmill {
namespace {

using namespace testing_rules;

const World world;

std::string after(const std::string& text, const Json& steps) {
  BatchBuffer rows = table({{"s", Type::string}}, Json::array({Json::array({text})}));
  return apply(world.chain("text", {{"s", steps}}, rows.schema()), rows)[0];
}

TEST(Text, Trims) {
  EXPECT_EQ(after("  a  b\t\n", "trim"), "a  b");
  EXPECT_EQ(after("\u00a0\u2003a\u00a0b\u202f", "trim"), "a\u00a0b");
  EXPECT_EQ(after(" \u00a0 ", "trim"), "");
  EXPECT_EQ(after("", "trim"), "");
  EXPECT_EQ(after("ü", "trim"), "ü");
  EXPECT_EQ(after("\u00a0", "trim"), "");
}

TEST(Text, Collapses) {
  EXPECT_EQ(after("  a \t b\u00a0\u00a0c\n", "collapse"), " a b c ");
  EXPECT_EQ(after("  a \t b\u00a0\u00a0c\n", Json{"trim", "collapse"}), "a b c");
}

TEST(Text, ChangesCase) {
  EXPECT_EQ(after("Straße ÄÖÜ ΣΊΣΥΦΟΣ ЖУК", "lower"), "straße äöü σίσυφοσ жук");
  EXPECT_EQ(after("straſe äöüÿ ǆ жук ɐ", "upper"), "STRASE ÄÖÜŸ Ǆ ЖУК Ɐ");
  EXPECT_EQ(after("new YORK-city, o'hare's 1ST ÄRGER ǆabo l’été", "title"),
            "New York-City, O'hare's 1st Ärger ǅabo L’été");
}

TEST(Text, Composes) {
  EXPECT_EQ(after("u\u0308ber", "nfc"), "über");
  EXPECT_EQ(after("\u1112\u1161\u11ab", "nfc"), "한");
  EXPECT_EQ(after("\u212b", "nfc"), "Å");                     // the sign of the ångström
  EXPECT_EQ(after("q\u0307\u0323", "nfc"), "q\u0323\u0307");  // marks in order
  EXPECT_EQ(after("\U0001d160", "nfc"), "\U0001d158\U0001d165\U0001d16e");  // three for one
  EXPECT_EQ(after("\u0344\u0344", "nfc"), "\u0308\u0301\u0308\u0301");
}

TEST(Text, DoesNotHangOnMarks) {
  for (const char* pair : {"\u0300\u0323", "\u0f73\u0f73", "\U0001d165\U0001d167"}) {
    std::string marks = "a";
    for (int i = 0; i < 200000; ++i) marks += pair;
    EXPECT_EQ(after(marks, "nfc"), marks);
  }
}

TEST(Text, StepsGoOnFromOneAnother) {
  EXPECT_EQ(after("u\u0308 \u00a0BER", {"nfc", "trim", "nfc", "collapse", "upper", "lower"}),
            "ü ber");
  // Each makes the text longer.
  std::string longer;
  for (int i = 0; i < 300; ++i) longer += "\u023a\U0001d160";
  std::string expected;
  for (int i = 0; i < 300; ++i) expected += "\u2c65\U0001d158\U0001d165\U0001d16e";
  EXPECT_EQ(after(longer, {"lower", "nfc", "lower", "nfc", "lower"}), expected);
}

TEST(Text, RepairsEncoding) {
  EXPECT_EQ(after("MÃ¼nchen", "repair"), "München");
  EXPECT_EQ(after("â‚¬ 5 â€“ â€œquotedâ€\u009d", "repair"), "€ 5 – “quoted”");
  EXPECT_EQ(after("MÃƒÂ¼nchen", Json{"repair", "repair"}), "München");  // twice
  for (const char* good : {"München", "Ã", "5 €", "Zürich Ã¼", "日本", "plain"})
    EXPECT_EQ(after(good, "repair"), good);
}

TEST(Text, LeavesBrokenBytes) {
  BatchBuffer rows(Schema({{"s", Type::string}}));
  rows[0].append(std::string_view("\xff\xc3 A\xe2\x82"));
  for (const std::string& step : text_step_names()) {
    const std::string_view expected = step == "lower" ? "\xff\xc3 a\xe2\x82" : "\xff\xc3 A\xe2\x82";
    EXPECT_EQ(apply(world.chain("text", {{"s", step}}, rows.schema()), rows)[0], expected) << step;
  }
}

TEST(Text, ReportsCellsOnceAndOnlyWhatChanged) {
  BatchBuffer rows = table({{"s", Type::string, false}, {"i", Type::int64}, {"t", Type::string}},
                           {{" A ", 1, "x"}, {"b", 2, nullptr}, {"B", 3, "  Y"}});
  RuleChain chain = world.chain("text", {"trim", "lower"}, rows.schema());
  RuleReport report;
  EXPECT_EQ(apply(chain, rows, &report, 10), (Rows{"a|1|x", "b|2|~", "b|3|y"}));
  EXPECT_FALSE(chain.output()[0].nullable);
  EXPECT_EQ(report.rows_touched, 2);
  EXPECT_EQ(report.cells_touched, 3);
  ASSERT_EQ(report.examples.size(), 3u);
  EXPECT_EQ(report.examples[0], (RuleReport::Example{10, "s", "\" A \"", "\"a\""}));
  // What one step does, another undoes: nothing is touched.
  apply(world.chain("text", {{"t", {"upper", "lower"}}}, rows.schema()),
        table(rows.schema().fields(), Json::array({Json::array({"a", 1, "x"})})), &report);
  EXPECT_EQ(report.cells_touched, 0);
}

TEST(Text, Refuses) {
  Schema schema({{"name", Type::string}, {"n", Type::int64}});
  auto error = [&](const Json& params, Code code = Code::invalid) {
    return error_of([&] { world.fit("text", params, schema); }, code);
  };
  EXPECT_NE(error({{"name", "tirm"}}).find("trim"), std::string::npos);
  EXPECT_NE(error({{"n", "trim"}}).find("int64"), std::string::npos);
  EXPECT_NE(error({{"nmae", "trim"}}, Code::not_found).find("name"), std::string::npos);
  error({{"name", Json::array()}});
  error({{"name", {{"trim", true}}}});
  error(Json::object());
  error(nullptr);
  error(3);
}

TEST(Text, RefusesOtherStates) {
  const RuleKind& kind = Rules::instance().get("text", "rule");
  for (const char* text : {R"({"columns": [{"name": "a", "type": "int64", "steps": ["trim"]}]})",
                           R"({"columns": [{"name": "a", "type": "string", "steps": ["run"]}]})",
                           R"({"columns": [{"name": "a", "type": "string", "steps": [1]}]})",
                           R"({"columns": [{"name": "a", "type": "string"}]})"}) {
    State state;
    state.json = Json::parse(text);
    error_of([&] { kind.load(state); }, Code::corrupt);
  }
}

TEST(Text, IsSoundOnRandomRows) {
  BatchBuffer rows = random_rows(3000, 12);
  expect_sound(world.chain("text", {"repair", "nfc", "trim", "collapse", "title"}, rows.schema()),
               rows);
  expect_sound(world.chain("text", {{"s", "upper"}}, rows.schema()), rows);
}

// The same texts near and far apart, alone and among many others.
TEST(Text, OneThatRepeatsBecomesTheSame) {
  const Schema schema({{"s", Type::string, true}});
  const RuleChain chain = world.chain("text", {"trim", "lower"}, schema);
  for (const int64_t different : {1, 3, 300, 5000, 60000}) {
    BatchBuffer rows(schema);
    Rows expected;
    for (int64_t i = 0; i < 20000; ++i) {
      const int64_t k = i * i % different;
      if (k % 7 == 3) {
        rows[0].append_null();
        expected.emplace_back("~");
        continue;
      }
      const std::string text = std::string(size_t(k % 40), 'A') + std::to_string(k);
      rows[0].append(std::string_view(k % 2 == 0 ? " " + text : text));
      expected.push_back(std::string(size_t(k % 40), 'a') + std::to_string(k));
    }
    EXPECT_EQ(apply(chain, rows), expected) << different;
  }
}

}  // namespace
}  // namespace gristmill
