#include "learn/slices.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "learn/worst_slices.h"

namespace gristmill {
namespace {

using Json = nlohmann::json;

Schema columns() {
  return Schema({{"carrier", Type::string, true},
                 {"express", Type::boolean, true},
                 {"distance", Type::float64, true},
                 {"month", Type::int64, false},
                 {"day", Type::date, false},
                 {"id", Type::string, false}});
}

// 1000 rows: carriers UA (600), AA (360), HA (40); every tenth distance is missing.
BatchBuffer table() {
  BatchBuffer rows(columns());
  for (int i = 0; i < 1000; ++i) {
    rows[0].append(std::string_view(i % 25 == 0 ? "HA" : i % 5 < 3 ? "UA" : "AA"));
    rows[1].append(i % 4 == 0);
    if (i % 10 == 0) {
      rows[2].append_null();
    } else {
      rows[2].append(double(i) / 2);
    }
    rows[3].append(int64_t(i % 3 + 1));
    rows[4].append_days(i);
    rows[5].append(std::string_view("row" + std::to_string(i)));
  }
  return rows;
}

TEST(Slices, AreLevelsAndQuartersWithRowsEnough) {
  const std::vector<SlicedColumn> cut = cut_slices(table().view());
  Json found;
  for (const SlicedColumn& column : cut) found[column.column] = column.slices;
  EXPECT_EQ(found, Json::parse(R"({
    "carrier": ["= AA", "= UA"],
    "express": ["= false", "= true"],
    "distance": ["0.5 … 124.5", "125.5 … 249.5", "250.5 … 374.5", "375.5 … 499.5", "missing"],
    "month": ["= 1", "= 2", "= 3"],
    "day": ["1970-01-01 … 1970-09-07", "1970-09-08 … 1971-05-15", "1971-05-16 … 1972-01-20",
            "1972-01-21 … 1972-09-26"]})"));
  EXPECT_EQ(cut[0].slice_of[0], SlicedColumn::none);  // too few rows fly with HA
  EXPECT_EQ(cut[0].slice_of[1], 1);
  EXPECT_EQ(cut[2].slice_of[0], 4);
  EXPECT_EQ(cut[2].slice_of[999], 3);
}

TEST(Slices, ComeBackFromTheirState) {
  const std::vector<SlicedColumn> cut = cut_slices(table().view());
  const std::vector<SlicedColumn> back = load_slices(save_slices(cut));
  ASSERT_EQ(back.size(), cut.size());
  for (size_t c = 0; c < cut.size(); ++c) {
    EXPECT_EQ(back[c].column, cut[c].column);
    EXPECT_EQ(back[c].slices, cut[c].slices);
    EXPECT_EQ(back[c].slice_of, cut[c].slice_of);
  }
}

TEST(Slices, RowsArePickedAlikeFromAnyBatches) {
  const BatchBuffer rows = table();
  const SliceRows all(1000, 6);
  BatchBuffer whole(rows.schema()), parts(rows.schema());
  all.pick(rows.view(), 0, whole);
  EXPECT_EQ(whole.rows(), 1000);
  const SliceRows few(1000, 10'000'000 / 250);  // 100 rows' worth of cells
  BatchBuffer some(Schema({{"day", Type::date, false}}));
  few.pick(rows.view(), 0, some);
  ASSERT_EQ(some.rows(), 100);
  for (int64_t begin = 0; begin < 1000; begin += 8) {
    Batch part = rows.view();
    part.rows = 8;
    for (Column& column : part.columns) column = slice(column, begin, 8);
    few.pick(part, begin, parts);
  }
  ASSERT_EQ(parts.rows(), 100);
  for (int64_t i = 0; i < 100; ++i) {
    EXPECT_EQ(some.view().columns[0].values<int32_t>()[i], 10 * i);
    EXPECT_EQ(parts.view().columns[4].values<int32_t>()[i], 10 * i);
  }
}

TEST(Slices, LongTextIsInNone) {
  BatchBuffer rows(Schema({{"note", Type::string, true}}));
  for (int i = 0; i < 400; ++i)
    rows[0].append(std::string_view(i % 2 ? "short" : std::string(65, 'x')));
  BatchBuffer picked(rows.schema());
  SliceRows(400, 1).pick(rows.view(), 0, picked);
  const auto cut = cut_slices(picked.view());
  ASSERT_EQ(cut.size(), 1);
  EXPECT_EQ(cut[0].slices, std::vector<std::string>{"= short"});
}

// Probabilities that rank well, but not where `hard` says so; columns of chance beside it.
struct Trial {
  std::vector<double> target, predicted;
  std::vector<SlicedColumn> columns;

  Trial(uint32_t seed, bool hard) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> share(0, 1);
    for (int c = 0; c < 12; ++c) {
      SlicedColumn column{"c" + std::to_string(c), {}, {}};
      for (int s = 0; s < 10; ++s) column.slices.push_back("= s" + std::to_string(s));
      columns.push_back(column);
    }
    for (int i = 0; i < 6000; ++i) {
      for (auto& column : columns) column.slice_of.push_back(uint8_t(random() % 10));
      const double p = share(random);
      predicted.push_back(p);
      target.push_back(share(random) < (hard && columns[3].slice_of.back() == 7 ? 0.5 : p));
    }
    columns.push_back(columns[3]);  // the same rows by another name
    columns.back().column = "copy";
  }

  Json worst(const std::string& name = "auc", int threads = 2) const {
    const MetricKind& metric = Metrics::instance().get(name, "metric");
    const Scored scored{int64_t(target.size()), target.data(), nullptr, predicted.data(), 1};
    return worst_slices(metric, scored, columns, metric.score(scored), NAN, threads);
  }
};

TEST(WorstSlices, FindsTheOneThatIsHard) {
  for (const char* metric : {"auc", "log_loss", "accuracy"}) {
    const Json found = Trial(1, true).worst(metric);
    ASSERT_EQ(found.size(), 1) << metric << found;
    EXPECT_EQ(found[0]["column"], "c3");
    EXPECT_EQ(found[0]["slice"], "= s7");
    EXPECT_GT(found[0]["rows"], 500);
    EXPECT_LT(found[0]["interval"][0], found[0]["score"]);
    EXPECT_EQ(found, Trial(1, true).worst(metric, 7));
  }
}

TEST(WorstSlices, IsSilentOfChance) {
  size_t listed = 0;
  for (uint32_t seed = 10; seed < 40; ++seed) listed += Trial(seed, false).worst().size();
  EXPECT_LE(listed, 3);
}

TEST(WorstSlices, SmallChangesBesideTheGainAreNotWorthAWord) {
  const Trial trial(1, true);
  const MetricKind& metric = Metrics::instance().get("auc", "metric");
  const Scored scored{6000, trial.target.data(), nullptr, trial.predicted.data(), 1};
  EXPECT_TRUE(worst_slices(metric, scored, trial.columns, metric.score(scored), -5, 2).empty());
  EXPECT_TRUE(worst_slices(metric, scored, trial.columns, NAN, 0.5, 2).empty());
}

}  // namespace
}  // namespace gristmill
