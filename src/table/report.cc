// How the joins of a query went.
#include <fmt/format.h>

#include "base/error.h"
#include "base/number_text.h"
#include "table/join_counter.h"
#include "table/version.h"

namespace gristmill {
namespace {

void add_warnings(QueryReport& report) {
  for (const JoinReport& join : report.joins) {
    int64_t expected = join.kind == "inner" ? join.matched : join.left_rows;
    bool keeps_left = join.kind == "left" || join.kind == "inner";
    if (keeps_left && join.joined_rows > expected) {
      report.warnings.push_back(fmt::format(
          "the {} join with {} multiplies rows: {} become {}; {} is not unique in {}", join.kind,
          join.right, grouped(expected), grouped(join.joined_rows), join.on, join.right));
    }
    if (join.left_rows > 0 && join.matched == 0) {
      report.warnings.push_back(fmt::format("the {} join with {} finds no match for any row ({})",
                                            join.kind, join.right, join.on));
    }
  }
}

}  // namespace

nlohmann::json QueryReport::json() const {
  nlohmann::json out = {{"rows_in", nlohmann::json::array()},
                        {"joins", nlohmann::json::array()},
                        {"warnings", warnings}};
  if (!notes.empty()) out["notes"] = notes;
  for (const auto& [table, rows] : rows_in) {
    out["rows_in"].push_back(nlohmann::json::array({table, rows}));
  }
  for (const JoinReport& join : joins) {
    double rate = join.left_rows == 0 ? 0 : double(join.matched) / double(join.left_rows);
    out["joins"].push_back({{"left", join.left},
                            {"right", join.right},
                            {"kind", join.kind},
                            {"on", join.on},
                            {"left_rows", join.left_rows},
                            {"matched", join.matched},
                            {"match_rate", rate},
                            {"joined_rows", join.joined_rows}});
  }
  return out;
}

QueryReport report_query(Engine& engine, const std::string& sql) {
  QueryReport report;
  auto try_to = [&](auto&& part) {
    try {
      part();
    } catch (const Error& error) {
      // What cannot be followed is left out: the report never fails the run.
      if (error.code() == Code::interrupted) throw;
    } catch (const std::exception&) {
    }
  };
  try_to([&] { report.warnings = engine.left_to_order(sql); });
  std::unique_ptr<JoinCounter> counter;
  try_to([&] {
    const NarrowedQuery query = engine.narrowed(sql);
    report.notes = query.notes;
    counter = std::make_unique<JoinCounter>(engine, query);
  });
  if (!counter) return report;
  try_to([&] { counter->count_joins(report); });
  try_to([&] { counter->count_rest(report); });
  add_warnings(report);
  return report;
}

}  // namespace gristmill
