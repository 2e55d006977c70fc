// Explanations by the columns of a request: their names, that they sum to the score, and that a row
// gets the same bits alone and among others.
#include "bundle/column_explainer.h"

#include <cmath>

#include "bundle/test_bundles.h"

namespace gristmill {
namespace {

struct Case {
  std::string model;
  Problem problem;
};

class Explained : public testing::TestWithParam<Case> {
 protected:
  std::shared_ptr<const Bundle> bundle =
      parse_bundle(order_bundle(GetParam().model, GetParam().problem).serialize());
  const ColumnExplainer explainer{bundle};
  int64_t outputs = bundle->model->outputs();
};

INSTANTIATE_TEST_SUITE_P(
    Kinds, Explained,
    testing::Values(Case{"linear", Problem::binary}, Case{"linear", Problem::regression},
                    Case{"linear", Problem::multiclass}, Case{"boosted-trees", Problem::binary},
                    Case{"boosted-trees", Problem::regression},
                    Case{"boosted-trees", Problem::multiclass}, Case{"baseline", Problem::binary},
                    Case{"baseline", Problem::regression}),
    [](const auto& info) {
      std::string name = info.param.model + "_" + std::string(name_of(info.param.problem));
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

// `coast` and `region` were looked up by the city; `per_item` is made of two columns.
TEST_P(Explained, IsNamedByTheColumnsOfARequest) {
  std::vector<std::string> expected = {"amount", "city", "placed", "joined", "per_item"};
  if (GetParam().model == "baseline") expected.clear();
  EXPECT_EQ(explainer.columns(), expected);
}

TEST_P(Explained, SumsToTheScore) {
  const BatchBuffer rows = orders();
  const Answers answers = answers_of(bundle, rows.view());
  const Explanations explanations = explanations_of(explainer, bundle, rows.view());
  const size_t columns = explainer.columns().size();
  ASSERT_EQ(explanations.contributions.size(), size_t(answers.rows * outputs) * columns);
  const double* from = explanations.contributions.data();
  for (int64_t i = 0; i < answers.rows; ++i) {
    std::vector<double> scores;
    for (int64_t k = 0; k < outputs; ++k) {
      double score = explainer.base()[size_t(k)];
      for (size_t c = 0; c < columns; ++c) score += *from++;
      scores.push_back(score);
    }
    const double* expected =
        answers.width > 0 ? answers.probabilities.data() + i * outputs : answers.values.data() + i;
    apply_link(link_of(GetParam().problem), 1, 1, outputs, scores.data());
    for (int64_t k = 0; k < outputs; ++k) EXPECT_NEAR(scores[size_t(k)], expected[k], 1e-12) << i;
  }
}

TEST_P(Explained, ARowGetsTheSameBitsAloneAndAmongOthers) {
  const BatchBuffer few = orders();
  BatchBuffer rows(few.schema());
  for (int round = 0; round < 30; ++round) rows.append(few.view(), 0, few.rows());
  const Explanations all = explanations_of(explainer, bundle, rows.view());
  const size_t width = all.contributions.size() / size_t(all.rows);
  for (int64_t i = 0; i < few.rows(); ++i) {
    BatchBuffer one(few.schema());
    one.append(few.view(), i, 1);
    const Explanations alone = explanations_of(explainer, bundle, one.view());
    for (int64_t row = i; row < rows.rows(); row += few.rows()) {
      const auto first = all.contributions.begin() + row * int64_t(width);
      EXPECT_EQ(bits_of(alone.contributions), bits_of({first, first + int64_t(width)})) << row;
    }
  }
  EXPECT_EQ(explanations_of(explainer, bundle, BatchBuffer(few.schema()).view()).rows, 0);
}

TEST(ColumnExplainer, AsColumns) {
  auto columns = [](const std::string& model, Problem problem) {
    auto bundle = parse_bundle(order_bundle(model, problem).serialize());
    const ColumnExplainer explainer(bundle);
    std::string names;
    for (const std::string& name : explainer.output_schema().names()) names += name + " ";
    BatchBuffer out(explainer.output_schema());
    explainer.append_output(explanations_of(explainer, bundle, orders().view()), out, 0);
    EXPECT_EQ(out.rows(), 6);
    return names;
  };
  EXPECT_EQ(columns("linear", Problem::regression),
            "base contribution_amount contribution_city contribution_placed contribution_joined "
            "contribution_per_item ");
  EXPECT_EQ(columns("baseline", Problem::multiclass), "base_desk base_phone base_web ");
  EXPECT_TRUE(columns("boosted-trees", Problem::multiclass)
                  .starts_with("base_desk contribution_amount_desk contribution_city_desk "));
}

TEST(ColumnExplainer, ABundleThatKeepsTooLittleSaysSo) {
  Bundle bundle = order_bundle("linear", Problem::binary);
  LinearParameters p = order_weights(bundle.featurizer.layout(), Link::logistic, 1);
  p.means.clear();
  bundle.model = make_linear(p, bundle.featurizer.layout());
  auto old = std::make_shared<const Bundle>(std::move(bundle));
  EXPECT_NE(testing_rules::error_of([&] { ColumnExplainer explainer(old); }, Code::invalid)
                .find("the bundle of late cannot explain its predictions"),
            std::string::npos);
}

}  // namespace
}  // namespace gristmill
