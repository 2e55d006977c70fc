#include <random>

#include "base/thread_pool.h"
#include "feature/test_rows.h"
#include "frame/civil.h"

namespace gristmill {
namespace {

using Names = std::vector<std::string>;

// Rows like those of flights: the month moves with time, the code names each row.
TestRows flights(int64_t count, uint64_t seed = 1) {
  TestRows rows({{"month", Type::int64},
                 {"distance", Type::float64},
                 {"dest", Type::string},
                 {"code", Type::string},
                 {"late", Type::boolean},
                 {"when", Type::timestamptz},
                 {"number", Type::int64},
                 {"year", Type::int64},
                 {"note", Type::string}});
  std::mt19937_64 random(seed);
  int64_t start = 15706 * micros_per_day;  // 2013-01-01
  for (int64_t i = 0; i < count; ++i) {
    int64_t when = start + int64_t(random() % uint64_t(270 * micros_per_day));
    rows[0].append(civil_from_days(days_of_micros(when)).month + int64_t(0));
    if (random() % 50 == 0)
      rows[1].append_null();
    else
      rows[1].append(double(random() % 2000));
    rows[2].append(std::string_view("dest" + std::to_string(random() % 40)));
    rows[3].append(std::string_view("code" + std::to_string(i)));
    rows[4].append(random() % 3 == 0);
    rows[5].append(when);
    rows[6].append((when - start) / 60'000'000 + int64_t(random() % 100));
    rows[7].append(int64_t(2013));
    rows[8].append_null();
  }
  return rows;
}

std::vector<FeatureChoice> automatic(const Schema& schema) {
  std::vector<FeatureChoice> choices;
  for (const std::string& name : schema.names()) choices.push_back({name});
  return choices;
}

TEST(Featurizer, AutoChoosesAndSaysWhatItLeftOut) {
  TestRows rows = flights(4000);
  FeaturizerFit fit(rows.schema(), automatic(rows.schema()), for_trees, "when");
  fit.observe({rows.batch()});
  EXPECT_FALSE(fit.next_pass());
  std::vector<FeaturizerFit::LeftOut> left_out;
  Featurizer featurizer = fit.freeze(&left_out);
  EXPECT_EQ(featurizer.reads(), (Names{"distance", "dest", "late", "when"}));
  Names kinds;
  for (const auto& step : featurizer.steps()) kinds.push_back(step.kind);
  EXPECT_EQ(kinds, (Names{"number", "category", "boolean", "datetime"}));
  ASSERT_EQ(left_out.size(), 5u);
  EXPECT_EQ(left_out[0].column, "month");
  EXPECT_EQ(left_out[0].reason.find("only moves with time: each of its 9 values"), 0u);
  EXPECT_EQ(left_out[1].column, "code");
  EXPECT_EQ(left_out[1].reason, "looks like an identifier: all its values are distinct");
  EXPECT_EQ(left_out[2].column, "number");
  EXPECT_EQ(left_out[2].reason.find("only moves with time: its correlation"), 0u);
  EXPECT_EQ(left_out[3].column, "year");
  EXPECT_EQ(left_out[3].reason, "constant: all its values are 2013");
  EXPECT_EQ(left_out[4].column, "note");
  EXPECT_EQ(left_out[4].reason, "all its values are missing");
  expect_same_when_frozen(featurizer, flights(300, 2));
}

TEST(Featurizer, WhatIsNamedIsKept) {
  TestRows rows = flights(1000);
  FeaturizerFit fit(rows.schema(),
                    {{"month", "number"}, {"code", "category", {{"min_count", 1}, {"levels", 5}}}},
                    for_trees, "when");
  EXPECT_EQ(fit.reads(), (Names{"month", "code"}));
  fit.observe({rows.batch()});
  std::vector<FeaturizerFit::LeftOut> left_out;
  Featurizer featurizer = fit.freeze(&left_out);
  EXPECT_TRUE(left_out.empty());
  EXPECT_EQ(featurizer.layout().specs[1].levels(), 7);
}

TEST(Featurizer, WithoutATimeNothingMovesWithIt) {
  TestRows rows = flights(1000);
  FeaturizerFit fit(rows.schema(), {{"month"}, {"number"}}, for_trees, "");
  EXPECT_EQ(fit.reads(), (Names{"month", "number"}));
  fit.observe({rows.batch()});
  std::vector<FeaturizerFit::LeftOut> left_out;
  EXPECT_EQ(fit.freeze(&left_out).reads(), (Names{"month", "number"}));
  EXPECT_TRUE(left_out.empty());
}

TEST(Featurizer, WhatNumbersTheRowsIsAnIdentifier) {
  TestRows rows({{"up", Type::int64},
                 {"down", Type::int64},
                 {"twice", Type::int64},
                 {"wide", Type::int64},
                 {"real", Type::float64}});
  for (int64_t i = 0; i < 1000; ++i) {
    rows[0].append(7 + i + i / 3);  // with gaps
    rows[1].append(-i);
    rows[2].append(i == 500 ? int64_t(499) : i);
    rows[3].append(i * 100);
    rows[4].append(double(i));
  }
  FeaturizerFit one(rows.schema(), automatic(rows.schema()), for_trees, "");
  std::vector<FeaturizerFit::LeftOut> left_out;
  for (int64_t begin : {0, 400, 800}) {
    auto part = one.clone_empty();
    const Batch batch = rows.batch();
    part->observe({slice(batch, begin, std::min<int64_t>(400, batch.rows - begin))});
    one.merge(std::move(*part));
  }
  EXPECT_EQ(one.freeze(&left_out).reads(), (Names{"twice", "wide", "real"}));
  ASSERT_EQ(left_out.size(), 2u);
  EXPECT_EQ(left_out[0].column, "up");
  EXPECT_EQ(left_out[0].reason, "looks like an identifier: it numbers the rows");
  EXPECT_EQ(left_out[1].column, "down");
}

TEST(Featurizer, NearlyDistinctTextIsAnIdentifier) {
  TestRows rows({{"x", Type::string}, {"long", Type::string}});
  for (int i = 0; i < 1000; ++i) {
    rows[0].append(std::string_view("v" + std::to_string(i < 998 ? i : 0)));
    rows[1].append(std::string_view(std::string(400 + size_t(i % 3), 'w')));
  }
  FeaturizerFit fit(rows.schema(), {{"x"}, {"long"}}, for_trees, "");
  fit.observe({rows.batch()});
  std::vector<FeaturizerFit::LeftOut> left_out;
  fit.freeze(&left_out);
  ASSERT_EQ(left_out.size(), 2u);
  EXPECT_EQ(left_out[0].reason, "looks like an identifier: 99.8 % of its values are distinct");
  EXPECT_EQ(left_out[1].reason, "looks like free text: its long values have 400 bytes on average");
}

TEST(Featurizer, ChunksMergedInOrderGiveTheSameBytes) {
  for (const Wants& wants : {for_trees, for_linear}) {
    std::vector<TestRows> chunks;
    for (uint64_t i = 0; i < 7; ++i) chunks.push_back(flights(700 + int64_t(i), i + 1));
    const Schema& schema = chunks[0].schema();
    FeaturizerFit one(schema, automatic(schema), wants, "when");
    for (const TestRows& chunk : chunks) one.observe({chunk.batch()});
    std::vector<FeaturizerFit::LeftOut> left_one;
    std::string digest = one.freeze(&left_one).save().digest_hex();

    for (int threads : {1, 2, 7}) {
      FeaturizerFit total(schema, automatic(schema), wants, "when");
      std::vector<std::unique_ptr<FeaturizerFit>> parts;
      for (size_t i = 0; i < chunks.size(); ++i) parts.push_back(total.clone_empty());
      ThreadPool pool(threads);
      pool.for_each(7, [&](int64_t i) { parts[size_t(i)]->observe({chunks[size_t(i)].batch()}); });
      for (auto& part : parts) total.merge(std::move(*part));
      std::vector<FeaturizerFit::LeftOut> left;
      EXPECT_EQ(total.freeze(&left).save().digest_hex(), digest);
      ASSERT_EQ(left.size(), left_one.size());
      for (size_t i = 0; i < left.size(); ++i) EXPECT_EQ(left[i].reason, left_one[i].reason);
    }
  }
}

// As in training: clones are made and observe on some threads while the fit merges on another.
TEST(Featurizer, IsClonedWhileItMerges) {
  constexpr int64_t slots = 4, chunks = 14;
  TestRows rows = flights(5500);
  const Schema& schema = rows.schema();
  FeaturizerFit apart(schema, automatic(schema), for_linear, "when");
  for (int64_t i = 0; i < chunks; ++i) apart.observe({rows.batch()});
  FeaturizerFit total(schema, automatic(schema), for_linear, "when");
  std::unique_ptr<FeaturizerFit> parts[slots];
  int64_t left = chunks;
  ThreadPool pool(3);
  pool.ordered(
      slots, [&](int64_t) { return left-- > 0; },
      [&](int64_t slot) {
        parts[slot] = total.clone_empty();
        parts[slot]->observe({rows.batch()});
      },
      [&](int64_t slot) { total.merge(std::move(*parts[slot])); });
  EXPECT_EQ(total.freeze(nullptr).save().digest_hex(), apart.freeze(nullptr).save().digest_hex());
}

// Blocks within a batch, batches of any size and single rows: the same bits.
TEST(Featurizer, RowsDependOnThemselvesAlone) {
  for (const Wants& wants : {for_trees, for_linear}) {
    TestRows rows = flights(3000);
    FeaturizerFit fit(rows.schema(), automatic(rows.schema()), wants, "when");
    fit.observe({rows.batch()});
    Featurizer featurizer = fit.freeze(nullptr);
    expect_same_when_frozen(featurizer, rows);
    std::string whole = bits_of(encode_rows(featurizer, rows.batch()));
    Encoded apart;
    for (int64_t begin = 0; begin < 3000; begin += 700) {
      BatchBuffer part(rows.schema());
      part.append(rows.batch(), begin, std::min<int64_t>(700, 3000 - begin));
      Encoded encoded = encode_rows(featurizer, part.view());
      apart.floats.insert(apart.floats.end(), encoded.floats.begin(), encoded.floats.end());
      apart.codes.insert(apart.codes.end(), encoded.codes.begin(), encoded.codes.end());
    }
    EXPECT_EQ(bits_of(apart), whole);
  }
}

TEST(Featurizer, WritesItsColumnsOnly) {
  TestRows rows = flights(2000);
  FeaturizerFit fit(rows.schema(), automatic(rows.schema()), for_trees, "when");
  fit.observe({rows.batch()});
  Featurizer featurizer = fit.freeze(nullptr);
  const FeatureLayout& layout = featurizer.layout();
  int64_t float_stride = layout.floats + 3, code_stride = layout.codes + 2;
  std::vector<float> floats(size_t(2000 * float_stride), -77);
  std::vector<int32_t> codes(size_t(2000 * code_stride), -77);
  Scratch scratch;
  featurizer.encode(rows.batch(), {2000, floats.data(), float_stride, codes.data(), code_stride},
                    scratch);
  Encoded dense = encode_rows(featurizer, rows.batch());
  for (int64_t i = 0; i < 2000; ++i) {
    for (int64_t j = 0; j < float_stride; ++j) {
      float got = floats[size_t(i * float_stride + j)];
      if (j >= layout.floats) {
        ASSERT_EQ(got, -77);
      } else {
        float wanted = dense.floats[size_t(i)][size_t(j)];
        ASSERT_TRUE(got == wanted || (std::isnan(got) && std::isnan(wanted)));
      }
    }
    for (int64_t j = 0; j < code_stride; ++j)
      ASSERT_EQ(codes[size_t(i * code_stride + j)],
                j < layout.codes ? dense.codes[size_t(i)][size_t(j)] : -77);
  }
}

TEST(Featurizer, ErrorsNameTheColumn) {
  Schema schema({{"dest", Type::string}, {"when", Type::timestamp}});
  auto error_of = [&](std::vector<FeatureChoice> choices) {
    try {
      FeaturizerFit fit(schema, choices, for_trees, "when");
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "accepted";
    return Error(Code::internal, "");
  };
  EXPECT_EQ(error_of({{"dset"}}).code(), Code::not_found);
  EXPECT_EQ(error_of({{"dset"}}).hint(), "did you mean \"dest\"?");
  Error unknown = error_of({{"dest", "categroy"}});
  EXPECT_EQ(unknown.message(), "unknown encoder \"categroy\"");
  EXPECT_EQ(unknown.where().field, "dest");
  EXPECT_EQ(unknown.hint(), "did you mean \"category\"?");
  EXPECT_EQ(error_of({{"dest", "number"}}).where().field, "dest");
  EXPECT_EQ(error_of({{"dest", "category", {{"levles", 3}}}}).where().field, "dest");
  EXPECT_EQ(error_of({{"dest"}, {"dest", "category"}}).message(),
            "the feature `dest` is chosen twice");
  EXPECT_EQ(error_of({{"dest", "auto", {{"levels", 3}}}}).hint(),
            "name the encoder, for example `category`");
}

TEST(Featurizer, LoadChecksWhatItReads) {
  TestRows rows = flights(500);
  FeaturizerFit fit(rows.schema(), {{"distance"}, {"dest"}, {"when"}}, for_linear, "when");
  fit.observe({rows.batch()});
  Featurizer featurizer = fit.freeze(nullptr);
  auto load = [&](auto change, const Schema& schema) {
    State state = featurizer.save();
    change(state);
    return Featurizer::load(state, schema);
  };
  auto as_it_is = [](State&) {};
  EXPECT_NO_THROW(load(as_it_is, rows.schema()));
  EXPECT_THROW(load(as_it_is, Schema({{"dest", Type::string}})), Error);
  EXPECT_THROW(
      load(
          as_it_is,
          Schema({{"distance", Type::int64}, {"dest", Type::string}, {"when", Type::timestamptz}})),
      Error);
  EXPECT_THROW(load([](State& s) { s.json["kinds"][0] = "nothing"; }, rows.schema()), Error);
  EXPECT_THROW(load([](State& s) { s.json["kinds"][0] = "category"; }, rows.schema()), Error);
  EXPECT_THROW(load([](State& s) { s.json["kinds"].push_back("number"); }, rows.schema()), Error);
  EXPECT_THROW(load([](State& s) { s.json.erase("encoder1"); }, rows.schema()), Error);
}

}  // namespace
}  // namespace gristmill
