// The encoder of ranges. What it must equal is scikit-learn's KBinsDiscretizer.
#include <cmath>
#include <functional>

#include "feature/test_rows.h"

namespace gristmill {
namespace {

using Names = std::vector<std::string>;
using Json = nlohmann::json;

std::vector<int32_t> codes_of(const Encoded& encoded) {
  std::vector<int32_t> codes;
  for (const auto& row : encoded.codes) codes.push_back(row[0]);
  return codes;
}

Names level_names(const TestRows& rows, const Json& params) {
  return fit_encoder("bins", rows, for_trees, params)->outputs()[0].names;
}

TEST(Bins, OfEqualWidthOrEqualRows) {
  const TestRows rows =
      TestRows::column(Type::float64, {"0", "1", "2", "3", "4", "10", nullptr, "nan"});
  const TestRows other = TestRows::column(
      Type::float64, {"-5", "2.5", "2.4999", "5", "7.5", "99", "inf", "-inf", nullptr, "nan"});
  const Json uniform = {{"bins", 4}, {"by", "uniform"}};
  EXPECT_EQ(codes_of(fit_encode("bins", rows, other, for_trees, uniform)),
            (std::vector<int32_t>{2, 3, 2, 4, 5, 5, 5, 2, 0, 0}));
  EXPECT_EQ(level_names(rows, uniform),
            (Names{"", "", "below 2.5", "2.5 to 5", "5 to 7.5", "from 7.5"}));
  // numpy.quantile([0, 1, 2, 3, 4, 10], [1/3, 2/3]) = 1.67, 3.33
  EXPECT_EQ(level_names(rows, 3),
            (Names{"", "", "below 1.66667", "1.66667 to 3.33333", "from 3.33333"}));
  EXPECT_EQ(codes_of(fit_encode("bins", rows, rows, for_linear, 3)),
            (std::vector<int32_t>{2, 2, 3, 3, 4, 4, 0, 0}));
  const TestRows whole = TestRows::column(Type::int64, {"1", "1", "1", "1", "1", "7", "8", "9"});
  EXPECT_EQ(codes_of(fit_encode("bins", whole, whole, for_trees, 4)),
            (std::vector<int32_t>{2, 2, 2, 2, 2, 2, 3, 3}));
}

TEST(Bins, NamesTellEdgesApart) {
  const TestRows rows = TestRows::column(Type::float64, {"1", "1.00001", "1.00002", "1.00003"});
  EXPECT_EQ(level_names(rows, {{"bins", 3}, {"by", "uniform"}}),
            (Names{"", "", "below 1.00001", "1.00001 to 1.00002", "from 1.00002"}));
}

TEST(Bins, ChunksMergedInOrderGiveTheSameBytes) {
  TestRows rows({{"x", Type::float64}});
  for (int i = 0; i < 30'000; ++i) rows[0].append(std::fmod(i * 0.618, 1.0) * i);
  const FeatureChoice choice{"x", "bins", 50};
  FeaturizerFit one(rows.schema(), {choice}, for_trees, ""),
      merged(rows.schema(), {choice}, for_trees, "");
  for (int i = 0; i < 3; ++i) {
    one.observe({rows.batch()});
    auto part = merged.clone_empty();
    part->observe({rows.batch()});
    merged.merge(std::move(*part));
  }
  EXPECT_EQ(one.freeze(nullptr).save().digest_hex(), merged.freeze(nullptr).save().digest_hex());
}

TEST(Bins, RefusesWhatIsWrong) {
  const TestRows rows = TestRows::column(Type::float64, {"1", "2", "3"});
  auto fit = [&](const Json& params) { fit_encoder("bins", rows, for_trees, params); };
  EXPECT_NO_THROW(fit(2));
  EXPECT_THROW(fit(1), Error);
  EXPECT_THROW(fit({{"by", "hand"}}), Error);
  EXPECT_THROW(fit_encoder("bins", TestRows::column(Type::string, {"a"}), for_trees), Error);
  auto why_not = [](const std::vector<const char*>& cells) {
    std::string why;
    EXPECT_EQ(fit_encoder("bins", TestRows::column(Type::float64, cells), for_trees, nullptr, &why),
              nullptr);
    return why;
  };
  EXPECT_EQ(why_not({nullptr, "nan"}), "all its values are missing");
  EXPECT_EQ(why_not({"3", "3"}), "constant: all its values are 3");
  const State saved = fit_encoder("bins", rows, for_trees)->save();
  const auto& kind = Encoders::instance().get("bins", "encoder");
  EXPECT_NO_THROW(kind.load(saved));
  for (const std::vector<double>& edges : {std::vector<double>{},
                                           {2, 1},
                                           {1, 1},
                                           {NAN},
                                           {1, INFINITY},
                                           std::vector<double>(1000, 1)}) {
    State state = saved;
    state.put<double>("edges", edges);
    EXPECT_THROW(kind.load(state), Error);
  }
  State state = saved;
  state.json["type"] = "string";
  EXPECT_THROW(kind.load(state), Error);
}

}  // namespace
}  // namespace gristmill
