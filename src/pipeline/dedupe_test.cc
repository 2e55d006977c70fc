// Rule `dedupe`, upstream of SQL and on the table that is predicted from.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include <fmt/format.h>

#include "base/testing.h"
#include "clean/rule_testing.h"
#include "frame/one_batch.h"
#include "pipeline/find_repeats.h"
#include "pipeline/label_filters.h"
#include "pipeline/preview.h"

namespace gristmill {
namespace {

using testing_rules::error_of;
using testing_rules::Rows;
using testing_rules::table;
using testing_rules::texts;

class DedupeTest : public testing::Test {
 protected:
  ScratchDir dir;
  Workspace workspace{dir.path()};
  SilentProgress progress;

  RuleMaker maker() {
    return {[this](const std::string& text, const Schema& schema) {
              return workspace.engine().bind(text, schema);
            },
            nullptr, [this] { return find_repeats(workspace.engine()); }};
  }
  // The rows that stay of a file's, upstream of SQL.
  Rows cleaned(const std::string& csv, const std::string& rules, nlohmann::json* facts = nullptr) {
    disk().write_atomic(dir.path() / "rows.csv", csv);
    disk().write_atomic(dir.path() / project_file,
                        "sources: {here: \"*.csv\"}\nclean:\n  here.rows:\n" + rules);
    const Project project = Project::read(dir.path(), {});
    Executor executor(workspace, progress, false, "");
    Tables tables(project, executor);
    const TableHandle& handle = tables.cleaned("here.rows");
    if (facts != nullptr) *facts = handle.facts;
    auto reader = workspace.engine().query("SELECT * FROM " + handle.relation);
    Rows all;
    Batch batch;
    while (reader->next(batch)) {
      for (std::string& row : texts(batch)) all.push_back(std::move(row));
    }
    return all;
  }
};

constexpr const char* visits = "id,day,x\n1,3,a\n2,1,b\n1,1,c\n,1,d\n2,2,b\n,1,d\n1,3,a\n";

TEST_F(DedupeTest, WholeRowsAreTheSameWithTheirNulls) {
  nlohmann::json facts;
  EXPECT_EQ(cleaned(visits, "    - dedupe: all\n", &facts),
            (Rows{"1|3|a", "2|1|b", "1|1|c", "~|1|d", "2|2|b"}));
  EXPECT_EQ(facts["dropped"], 2);
  const RuleReport report = RuleReport::from_json(facts["rules"][0]["report"]);
  EXPECT_EQ(report.rows, 7);
  EXPECT_EQ(report.rows_touched, 2);
  ASSERT_EQ(report.examples.size(), 2u);
  EXPECT_EQ(report.examples[0].row, 5);
  EXPECT_EQ(report.examples[0].after, "dropped: the same as row 4");
  EXPECT_EQ(report.examples[1].before, "1, 3, \"a\"");
}

TEST_F(DedupeTest, ByAKeyTheFirstOrTheLastStays) {
  EXPECT_EQ(cleaned(visits, "    - dedupe: {by: id}\n"),
            (Rows{"1|3|a", "2|1|b", "~|1|d", "~|1|d"}));
  EXPECT_EQ(cleaned(visits, "    - dedupe: {by: [id], keep: last}\n"),
            (Rows{"~|1|d", "2|2|b", "~|1|d", "1|3|a"}));
  EXPECT_EQ(cleaned(visits, "    - dedupe: {by: [id], order: day}\n"),
            (Rows{"2|1|b", "1|1|c", "~|1|d", "~|1|d"}));
  // Of equal ones the last stands last; one without a day is never it.
  EXPECT_EQ(cleaned(visits, "    - dedupe: {by: [id], keep: last, order: day}\n"),
            (Rows{"~|1|d", "2|2|b", "~|1|d", "1|3|a"}));
  EXPECT_EQ(cleaned("id,day\n1,\n1,5\n1,nan\n2,\n",
                    "    - derive: {day: CAST(day AS DOUBLE)}\n"
                    "    - dedupe: {by: id, keep: last, order: day}\n"),
            (Rows{"1|5", "2|~"}));
}

TEST_F(DedupeTest, LooksAtWhatTheRulesBeforeItLeave) {
  const std::string mails = "mail,n\nA@x , 1\na@x,2\nb@x,3\nB@X,4\n";
  EXPECT_EQ(cleaned(mails, "    - dedupe: {by: mail}\n    - text: {mail: [trim, lower]}\n").size(),
            4u);
  EXPECT_EQ(cleaned(mails, "    - text: {mail: [trim, lower]}\n    - dedupe: {by: mail}\n"),
            (Rows{"a@x|1", "b@x|3"}));
  // A row that was dropped is no one's first.
  EXPECT_EQ(cleaned(mails,
                    "    - text: {mail: [trim, lower]}\n    - drop: n = 1\n"
                    "    - dedupe: {by: mail}\n    - drop: n = 3\n"),
            Rows{"a@x|2"});
}

TEST_F(DedupeTest, ThePreviewTellsTheRows) {
  cleaned(visits, "    - dedupe: {by: id}\n");
  const Project project = Project::read(dir.path(), {});
  Executor executor(workspace, progress, false, "");
  Tables tables(project, executor);
  const Preview preview = preview_rules(project, {.table = "here.rows"}, tables, executor);
  EXPECT_EQ(preview.dropped, 3);
  EXPECT_EQ(preview.shown[0].row, 3);
  EXPECT_EQ(preview.shown[0].cells[0].after, "dropped: the same \"id\"");
}

// By hand: what stays of rows with few different keys, and a null here and there.
std::vector<bool> expected(const BatchBuffer& rows, bool keep_last) {
  const Batch batch = rows.view();
  std::map<std::pair<int64_t, std::string>, int64_t> best;
  auto better = [&](int64_t a, int64_t b) {  // a is later
    const Column& order = batch.columns[2];
    const bool a_null = order.is_null(a), b_null = order.is_null(b);
    if (a_null != b_null) return b_null;
    const int64_t x = a_null ? 0 : order.values<int64_t>()[a];
    const int64_t y = b_null ? 0 : order.values<int64_t>()[b];
    return keep_last ? x >= y : x < y;
  };
  std::vector<bool> stays(size_t(batch.rows), true);
  for (int64_t i = 0; i < batch.rows; ++i) {
    if (batch.columns[0].is_null(i) || batch.columns[1].is_null(i)) continue;
    const auto [at, added] = best.try_emplace(
        {batch.columns[0].values<int64_t>()[i], std::string(batch.columns[1].string(i))}, i);
    if (added) continue;
    const bool wins = better(i, at->second);
    stays[size_t(wins ? at->second : i)] = false;
    if (wins) at->second = i;
  }
  return stays;
}

TEST_F(DedupeTest, TheSameRowsStayWhateverTheThreads) {
  std::mt19937_64 random(5);
  BatchBuffer rows = table(
      {{"k", Type::int64}, {"s", Type::string}, {"o", Type::int64}, {"y", Type::float64, false}},
      nlohmann::json::array());
  for (int64_t i = 0; i < 150'000; ++i) {
    random() % 9 == 0 ? rows[0].append_null() : rows[0].append(int64_t(random() % 3000));
    random() % 9 == 0 ? rows[1].append_null()
                      : rows[1].append(std::string_view(random() % 2 ? "left" : ""));
    random() % 5 == 0 ? rows[2].append_null() : rows[2].append(int64_t(random() % 4));
    rows[3].append(double(i));
  }
  const PredictSpec spec{.name = "y_of", .from = "t", .target = "y", .where = {"g.yaml", 1, 1}};
  for (const bool keep_last : {false, true}) {
    const std::vector<RuleSpec> rules = {
        {"dedupe",
         {{"by", {"k", "s"}}, {"order", "o"}, {"keep", keep_last ? "last" : "first"}},
         {},
         1}};
    const std::vector<bool> stays = expected(rows, keep_last);
    for (const int threads : {1, 2, 7}) {
      ThreadPool pool(threads);
      RowSource source(
          rows.schema(), [&] { return std::make_unique<OneBatch>(rows.view()); }, int64_t(1) << 30,
          pool);
      LabelStage labels(spec, rules, rows.schema(), maker());
      fit_filters(labels, source, progress, "y_of");
      ASSERT_EQ(labels.filter_to_fit(), nullptr);
      std::vector<bool> kept(stays.size());
      std::vector<LabelledChunk> slots(size_t(source.slots()));
      source.pass([&](const Batch& raw, int64_t first_row, int64_t,
                      int64_t slot) { labels.run(raw, first_row, slots[size_t(slot)]); },
                  [&](int64_t index, int64_t slot) {
                    const LabelledChunk& chunk = slots[size_t(slot)];
                    for (int64_t i = 0; i < chunk.rows.rows; ++i)
                      kept[size_t(index * chunk_rows + i)] = get_bit(chunk.kept.data(), i);
                  },
                  progress);
      EXPECT_EQ(kept, stays) << threads << " threads, keep_last " << keep_last;
    }
  }
}

TEST_F(DedupeTest, NoRows) {
  const auto finder = find_repeats(workspace.engine());
  finder->find(false, [](int64_t, int64_t) { ADD_FAILURE(); });
}

TEST_F(DedupeTest, WrongParameters) {
  const Schema schema({{"id", Type::int64}, {"x", Type::string}});
  auto make = [&](const nlohmann::json& params) {
    return error_of([&] { maker().make({"dedupe", params, {}, 1}, schema); },
                    params.is_object() && (params.contains("by") && params["by"] == "idd")
                        ? Code::not_found
                        : Code::invalid);
  };
  EXPECT_NE(make("some").find("takes `all` or a mapping with `by`"), std::string::npos);
  EXPECT_NE(make(nlohmann::json::object()).find("needs `by`"), std::string::npos);
  EXPECT_NE(make({{"by", nlohmann::json::array()}}).find("`by` is empty"), std::string::npos);
  EXPECT_NE(make({{"by", {1}}}).find("names of columns, not 1"), std::string::npos);
  EXPECT_NE(make({{"by", "idd"}}).find("did you mean \"id\"?"), std::string::npos);
  EXPECT_NE(make({{"by", "id"}, {"keep", "best"}}).find("keep"), std::string::npos);
  EXPECT_NE(make({{"by", "id"}, {"ordre", "x"}}).find("order"), std::string::npos);
}

}  // namespace
}  // namespace gristmill
