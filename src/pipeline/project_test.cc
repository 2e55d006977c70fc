// The project file: its short and long forms, and what is said of each mistake.
#include "pipeline/project.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/testing.h"

namespace gristmill {
namespace {

using Json = nlohmann::json;
using Names = std::vector<std::string>;

class ProjectTest : public testing::Test {
 protected:
  ScratchDir dir;

  Project read(const std::string& text, const std::map<std::string, std::string>& overrides = {}) {
    disk().write_atomic(dir.path() / project_file, text);
    return Project::read(dir.path(), overrides);
  }
  Error failure(const std::string& text, const std::map<std::string, std::string>& overrides = {}) {
    SCOPED_TRACE(text);
    return gristmill::failure([&] { read(text, overrides); });
  }
  std::string refusal(const std::string& text) {
    SCOPED_TRACE(text);
    return placed_message(failure(text), project_file);
  }
  // A prediction `late` with these members.
  PredictSpec predict(const std::string& members) {
    return read("predict:\n  late: {from: t, target: y" + members + "}\n").predicts.at(0);
  }
  Error predict_failure(const std::string& members) {
    return failure("predict:\n  late: {from: t, target: y" + members + "}\n");
  }
};

TEST_F(ProjectTest, ShortAndLongForms) {
  const Project project = read(R"(
project: flights
params: {since: 2013-01-01, least: 5}
sources:
  ops: sqlite:a.db
  logs: {files: "*.csv", as: readings}
tables:
  short: SELECT 1;
  long: {sql: "SELECT 2", key: a}
  keys: {sql: SELECT 3, key: [a, b]}
clean:
  ops.planes:
    - range: {a: [0, 1]}
    - drop: a > 3
predict:
  late:
    from: short
    target: a > 15
)");
  EXPECT_EQ(project.name, "flights");
  EXPECT_EQ(project.params, (Json{{"since", "2013-01-01"}, {"least", 5}}));
  ASSERT_EQ(project.sources.size(), 2u);
  EXPECT_EQ(project.sources[0].name, "logs");
  EXPECT_EQ(project.sources[0].given, (Json{{"files", "*.csv"}, {"as", "readings"}}));
  EXPECT_EQ(project.sources[1].given, "sqlite:a.db");
  EXPECT_EQ(project.tables.at("short").sql, "SELECT 1");
  EXPECT_EQ(project.tables.at("short").where.line, 8);
  EXPECT_EQ(project.tables.at("long").sql, "SELECT 2");
  EXPECT_EQ(project.tables.at("long").key, Names{"a"});
  EXPECT_EQ(project.tables.at("keys").key, (Names{"a", "b"}));
  const auto& rules = project.rules_of("ops.planes");
  ASSERT_EQ(rules.size(), 2u);
  EXPECT_EQ(rules[0].kind, "range");
  EXPECT_EQ(rules[0].params, (Json{{"a", {0, 1}}}));
  EXPECT_EQ(rules[1].params, "a > 3");
  EXPECT_EQ(rules[1].where.text(), "gristmill.yaml:14:7");
  EXPECT_TRUE(project.rules_of("short").empty());
  EXPECT_EQ(rules_key(rules)[1], (Json{{"kind", "drop"}, {"version", 1}, {"params", "a > 3"}}));
}

TEST_F(ProjectTest, APredictionsDefaultsAndAllItTakes) {
  const PredictSpec plain = predict("");
  EXPECT_EQ(plain.name, "late");
  EXPECT_EQ(plain.features, "auto");
  EXPECT_EQ(plain.split.by, SplitSpec::By::random);
  EXPECT_EQ(plain.seed, 0u);
  EXPECT_TRUE(plain.key.empty() && plain.time.empty() && plain.metric.empty());
  ASSERT_EQ(plain.models.size(), 2u);
  EXPECT_EQ(plain.models[0].learner, "linear");
  EXPECT_EQ(plain.models[1].learner, "boosted-trees");

  const PredictSpec full = predict(
      ", key: [a, b], time: when, positive: yes, weight: w * 2, exclude: c, inputs: [d, e], "
      "split: {test: 10%}, metric: auc, features: {d: category}, "
      "model: [linear, {boosted-trees: {trees: 7}}, linear], seed: 4");
  EXPECT_EQ(full.key, (Names{"a", "b"}));
  EXPECT_EQ(full.time, "when");
  EXPECT_EQ(full.positive, "yes");
  EXPECT_EQ(full.weight, "w * 2");
  EXPECT_EQ(full.exclude, Names{"c"});
  EXPECT_EQ(full.inputs, (Names{"d", "e"}));
  EXPECT_EQ(full.split.by, SplitSpec::By::time);
  EXPECT_EQ(full.split.column, "when");
  EXPECT_EQ(full.split.test, "10%");
  EXPECT_EQ(full.split.seed, 4u);
  EXPECT_EQ(full.features, (Json{{"d", "category"}}));
  ASSERT_EQ(full.models.size(), 3u);
  EXPECT_EQ(full.models[1].params.at("trees"), 7);
  EXPECT_GT(full.models[1].params.size(), 1u);  // with its defaults
  EXPECT_EQ(full.models[2].name, "linear-2");
  EXPECT_EQ(full.models[2].learner, "linear");
  EXPECT_EQ(full.place("target").line, 2);
  EXPECT_EQ(full.place("target").column, 19);
  EXPECT_EQ(full.place("nothing").column, 3);
}

TEST_F(ProjectTest, ASingleModelAndAnswersThatAreNoText) {
  EXPECT_EQ(predict(", model: {boosted-trees: {trees: 3}}").models.at(0).params.at("trees"), 3);
  EXPECT_EQ(predict(", positive: 1").positive, "1");
  EXPECT_EQ(predict(", positive: true").positive, "true");
}

// The first prediction answers /predict: their order is that of the file.
TEST_F(ProjectTest, PredictionsStandInTheOrderOfTheFile) {
  const Project project = read(
      "predict:\n  z: {from: t, target: y}\n  a: {from: t, target: y}\n  m: {from: t, target: "
      "y}\n");
  Names names;
  for (const PredictSpec& spec : project.predicts) names.push_back(spec.name);
  EXPECT_EQ(names, (Names{"z", "a", "m"}));
  EXPECT_EQ(project.predict("m").name, "m");
  const Error error = gristmill::failure([&] { project.predict("mm"); });
  EXPECT_EQ(error.code(), Code::not_found);
  EXPECT_FALSE(error.hint().empty());
}

TEST_F(ProjectTest, ParametersAreTypedAsTheirDefaults) {
  const std::string text = "params: {since: 2013-01-01, least: 5, dry: false, word: x}\n";
  const Json params =
      read(text, {{"since", "2014-02-03"}, {"least", "7"}, {"dry", "true"}, {"word", "12"}}).params;
  EXPECT_EQ(params, (Json{{"since", "2014-02-03"}, {"least", 7}, {"dry", true}, {"word", "12"}}));
  const Error unknown = failure(text, {{"sinec", "2014"}});
  EXPECT_EQ(unknown.code(), Code::usage);
  EXPECT_EQ(unknown.hint(), "did you mean \"since\"?");
}

TEST_F(ProjectTest, SqlInAFileOfItsOwn) {
  disk().write_atomic(dir.path() / "late.sql", "SELECT 'x.sql'\nFROM t ; \n");
  EXPECT_EQ(read("tables:\n  t: late.sql\n").tables.at("t").sql, "SELECT 'x.sql'\nFROM t");
  EXPECT_EQ(read("tables:\n  t: {sql: late.sql}\n").tables.at("t").sql, "SELECT 'x.sql'\nFROM t");
  const Error error = failure("tables:\n  t: early.sql\n");
  EXPECT_EQ(error.code(), Code::not_found);
  EXPECT_EQ(error.where().line, 2);
}

TEST_F(ProjectTest, TheEnvironmentStandsInSourcesOnly) {
  ::setenv("GRISTMILL_TEST_PLACE", "a b", 1);
  const Project project = read(
      "sources: {s: \"x/${GRISTMILL_TEST_PLACE}/y${\", t: {files: [\"${GRISTMILL_TEST_PLACE}\"]}}\n"
      "tables: {u: \"SELECT '${GRISTMILL_TEST_PLACE}'\"}\n");
  EXPECT_EQ(project.sources[0].given, "x/a b/y${");
  EXPECT_EQ(project.sources[1].given, (Json{{"files", {"a b"}}}));
  EXPECT_EQ(project.tables.at("u").sql, "SELECT '${GRISTMILL_TEST_PLACE}'");
  // Who opens it is told, and nobody else.
  const Project unset = read("sources:\n  s: {files: [\"${GRISTMILL_TEST_NONE}\"]}\n");
  ASSERT_TRUE(unset.sources[0].problem);
  EXPECT_EQ(unset.sources[0].problem->message(),
            "the environment variable GRISTMILL_TEST_NONE is not set");
  EXPECT_EQ(unset.sources[0].problem->where().line, 2);
  EXPECT_EQ(unset.sources[0].problem->where().column, 15);
}

TEST_F(ProjectTest, UnknownKeysNameTheNearest) {
  struct Case {
    std::string text, refusal, hint;
  };
  for (const Case& c : std::vector<Case>{
           {"tabels: {}\n", "1:1 unknown key `tabels` in the project file", "\"tables\""},
           {"tables:\n  t: {sql: x, kee: a}\n", "2:15 unknown key `kee` in table t", "key"},
           {"predict:\n  late:\n    from: t\n    tarjet: y\n",
            "4:5 unknown key `tarjet` in prediction late", "\"target\""},
           {"clean:\n  t:\n    - rang: {a: [0, 1]}\n", "3:7 unknown rule \"rang\"", "\"range\""},
       }) {
    EXPECT_EQ(refusal(c.text), c.refusal);
    EXPECT_NE(failure(c.text).hint().find(c.hint), std::string::npos) << failure(c.text).hint();
  }
  const Error model = predict_failure(", model: {boosted-trees: {tres: 5}}");
  EXPECT_NE(model.message().find("tres"), std::string::npos);
  EXPECT_EQ(model.hint(), "did you mean \"trees\"?");
  EXPECT_EQ(model.where().line, 2);
  EXPECT_EQ(predict_failure(", model: liner").hint(), "did you mean \"linear\"?");
  EXPECT_EQ(predict_failure(", metric: acu").hint(), "did you mean \"auc\"?");
  EXPECT_EQ(predict_failure(", split: {tst: 10%}").where().column, 30);
}

TEST_F(ProjectTest, ShapesThatDoNotFit) {
  for (const auto& [text, rest] : std::vector<std::pair<std::string, std::string>>{
           {"- a\n", "1:1 the project file must be a mapping, beginning with `project: NAME`"},
           {"tables: [a]\n", "1:1 `tables` must be a mapping"},
           {"params: 5\n", "1:1 `params` must be a mapping"},
           {"tables:\n  t: 5\n", "2:3 the SQL of table t must be text"},
           {"tables:\n  t:\n", "2:3 the SQL of table t is empty"},
           {"tables:\n  t: {key: a}\n", "2:3 table t has neither `sql` nor `union`"},
           {"tables:\n  t: {sql: x, union: [a]}\n", "2:3 table t has both `sql` and `union`"},
           {"tables:\n  t: {union: []}\n", "2:7 `union` is empty"},
           {"tables:\n  t: {union: [a, b, a]}\n", "2:21 `a` stands twice in the union"},
           {"tables:\n  t: {sql: x, origin: a}\n", "2:15 `origin` is of a union"},
           {"tables:\n  t: {sql: x, key: {a: b}}\n",
            "2:15 `key` must be a name or a list of names"},
           {"tables:\n  t.u: x\n", "2:3 a table's name may not hold a dot: `t.u`"},
           {"sources:\n  t.u: x\n", "2:3 a source's name may not hold a dot: `t.u`"},
           {"sources:\n  s: 5\n", "2:3 a source must be a mapping"},
           {"clean:\n  t: {range: {a: [0, 1]}}\n",
            "2:3 the rules of t must be a list: each begins with `- `"},
           {"clean:\n  t:\n    - range\n", "3:7 a rule is one name with its parameters"},
           {"clean:\n  t:\n    - {range: 1, drop: x}\n",
            "3:7 a rule is one name with its parameters"},
           {"predict:\n  late: 5\n", "2:3 prediction late must be a mapping"},
           {"predict:\n  late: {target: y}\n", "2:3 prediction late has no `from`"},
           {"predict:\n  late: {from: t}\n", "2:3 prediction late has no `target`"},
           {"predict:\n  late:\n    from: t\n    target:  # late\n", "4:5 `target` is empty"},
           {"tables:\n  t:\n    sql:\n", "3:5 the SQL of table t is empty"},
           {"tables:\n  t: {sql: x, key: }\n", "2:15 `key` is empty"},
           {"predict:\n  late: {from: t, target: 3}\n", "2:19 `target` must be text"},
           {"project: [a]\n", "1:1 `project` must be text"},
       })
    EXPECT_EQ(refusal(text), rest) << text;
}

TEST_F(ProjectTest, MembersOfAPredictionThatDoNotFit) {
  for (const auto& [members, message] : std::vector<std::pair<std::string, std::string>>{
           {"seed: -1", "`seed` must be a whole number from 0 to 9,223,372,036,854,775,807"},
           {"seed: 1.5", "`seed` must be a whole number from 0 to 9,223,372,036,854,775,807"},
           {"model: []", "`model` names no model"},
           {"model: 3", "a model must be a mapping"},
           {"features: all", "`features` must be `auto`, or a mapping of column to encoder"},
           {"exclude: {a: b}", "`exclude` must be a name or a list of names"},
           {"exclude: [a, 3]", "`exclude` must be text"},
           {"weight: ", "`weight` is empty"},
           {"weight: \"\"", "`weight` is empty"},
           {"time: null", "`time` is empty"},
           {"positive: ", "`positive` is empty"},
           {"metric: ", "`metric` is empty"},
           {"key: ", "`key` is empty"},
           {"split: [a]", "`split` must be a mapping"},
           {"split: {time: a, group: b}",
            "`split` goes either by `time`, or by `group`, or is `random`"},
           {"split: {group: g, stratify: true}", "`stratify` is for random splits"},
       })
    EXPECT_EQ(predict_failure(", " + members).message(), message) << members;
}

// An expression in braces ends at its comma; in block form it is whole.
TEST_F(ProjectTest, ExpressionsInBraces) {
  EXPECT_EQ(refusal("predict:\n  late: {from: t, target: greatest(a, b) > 3}\n"),
            "2:27 this value looks cut: `greatest(a`");
  EXPECT_EQ(
      read("predict:\n  late:\n    from: t\n    target: greatest(a, b) > 3\n").predicts[0].target,
      "greatest(a, b) > 3");
  EXPECT_EQ(predict(", weight: \"least(a, b)\"").weight, "least(a, b)");
}

TEST_F(ProjectTest, NamesThatSqlTakesForOne) {
  EXPECT_EQ(refusal("sources: {a: x.csv}\ntables:\n  a: SELECT 1\n"),
            "3:3 `a` names two sources and tables");
  EXPECT_EQ(refusal("tables:\n  Late: SELECT 1\n  late: SELECT 1\n"),
            "3:3 `Late` and `late` differ only in case");
  EXPECT_NE(refusal("predict:\n  a/b: {from: t, target: y}\n").find("2:3 a prediction cannot be"),
            std::string::npos);
  for (const char* name : {"..", "-x", "a b", "\"\""})
    EXPECT_EQ(failure(fmt::format("predict:\n  {}: {{from: t, target: y}}\n", name)).where().line,
              2)
        << name;
}

TEST_F(ProjectTest, AFolderWithoutTheFile) {
  const Error error = gristmill::failure([&] { Project::read(dir.path(), {}); });
  EXPECT_EQ(error.code(), Code::not_found);
  EXPECT_NE(error.hint().find("gristmill init"), std::string::npos);
  EXPECT_EQ(read("tables: {}\n").name, dir.path().filename().string());
}

// The schema names the very keys that the reader knows.
TEST_F(ProjectTest, TheSchemaIsThatOfTheReader) {
  const Json schema = project_schema();
  EXPECT_EQ(schema.at("additionalProperties"), false);
  for (const char* key : {"project", "params", "sources", "tables", "clean", "predict"})
    EXPECT_TRUE(schema.at("properties").contains(key)) << key;
  const std::string text = schema.dump();
  for (const char* word : {"boosted-trees", "lookup", "stratify", "indicator"})
    EXPECT_NE(text.find(word), std::string::npos) << word;
}

TEST_F(ProjectTest, AnEnvironmentIsLaidOver) {
  const std::string base =
      "sources: {ops: a.csv}\ntables: {t: SELECT 1}\n"
      "predict:\n  late: {from: t, target: y}\n  other: {from: t, target: z}\n";
  const auto with_env = [&](const std::string& over) {
    disk().write_atomic(dir.path() / "gristmill.prod.yaml", over);
    read(base);
    return Project::read(dir.path(), {}, "prod");
  };
  const Project project =
      with_env("sources: {ops: b.csv}\npredict:\n  first: {from: t, target: x}\n  other: null\n");
  EXPECT_EQ(project.sources.at(0).given, "b.csv");
  EXPECT_EQ(project.sources.at(0).where.text(), "gristmill.prod.yaml:1:11");
  ASSERT_EQ(project.predicts.size(), 2u);
  EXPECT_EQ(project.predicts[0].name, "late");
  EXPECT_EQ(project.predicts[1].name, "first");
  const auto refusal = [&](const std::string& over) {
    const Error error = gristmill::failure([&] { with_env(over); });
    return error.where().text() + " " + error.message();
  };
  EXPECT_EQ(refusal("predict:\n  late: {modle: linear}\n").substr(0, 26),
            "gristmill.prod.yaml:2:10 u");
  EXPECT_EQ(refusal("predict: {late: {from: null}}\n").substr(0, 19), "gristmill.yaml:4:3 ");
  const Error absent = gristmill::failure([&] { Project::read(dir.path(), {}, "prd"); });
  EXPECT_EQ(absent.code(), Code::usage);
  EXPECT_EQ(absent.hint(), "did you mean \"prod\"?");
  EXPECT_EQ(gristmill::failure([&] { Project::read(dir.path(), {}, "../x/prod"); }).code(),
            Code::usage);
}

}  // namespace
}  // namespace gristmill
