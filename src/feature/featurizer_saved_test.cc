// Saved encoders of other versions of the program.
#include "feature/test_rows.h"

namespace gristmill {
namespace {

Featurizer fitted(const TestRows& rows) {
  FeaturizerFit fit(rows.schema(), {{"distance"}}, {.scaled = true}, "");
  fit.observe({rows.batch()});
  return fit.freeze(nullptr);
}

TEST(FeaturizerSaved, KindsHaveVersions) {
  TestRows rows({{"distance", Type::float64}});
  for (double value : {1.0, 2.0, 4.0}) rows[0].append(value);
  State state = fitted(rows).save();
  EXPECT_EQ(state.json["kinds"], nlohmann::json::parse(R"([{"kind": "number", "version": 1}])"));
  EXPECT_NO_THROW(Featurizer::load(state, rows.schema()));

  state.json["kinds"][0]["version"] = 99;
  try {
    Featurizer::load(state, rows.schema());
    ADD_FAILURE() << "loaded";
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("later version"), std::string::npos);
    EXPECT_NE(error.hint(), "");
  }
  for (const char* kind : {"null", "7", "{}", R"({"kind": "number"})", R"({"version": 1})"}) {
    state.json["kinds"][0] = nlohmann::json::parse(kind);
    EXPECT_THROW(Featurizer::load(state, rows.schema()), Error) << kind;
  }
}

TEST(FeaturizerSaved, KindsWithoutVersionsAreTheFirst) {
  TestRows rows({{"distance", Type::float64}});
  for (double value : {1.0, 2.0, 4.0}) rows[0].append(value);
  State state = fitted(rows).save();
  state.json["kinds"] = {"number"};
  EXPECT_EQ(Featurizer::load(state, rows.schema()).save().json["kinds"][0]["version"], 1);
}

}  // namespace
}  // namespace gristmill
