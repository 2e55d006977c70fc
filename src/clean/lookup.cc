// Rule `lookup`: takes columns of a reference table, which is frozen into the bundle.
#include <fmt/format.h>

#include "base/error.h"
#include "clean/cells.h"
#include "clean/taken_columns.h"

namespace gristmill {
namespace {

const std::string owner = "rule lookup";

class Lookup : public Rule {
 public:
  Lookup(std::vector<std::string> by, TakenColumns taken)
      : by_(std::move(by)), taken_(std::move(taken)) {
    if (taken_.frozen().keys().size() != by_.size() || by_.empty())
      throw Error(Code::corrupt, "the saved table of rule lookup has other columns than the rule");
  }

  Schema bind(const Schema& in) override {
    Schema out = in;
    index_.clear();
    if (taken_.empty()) return out;
    for (size_t i = 0; i < by_.size(); ++i) {
      index_.push_back(in.index_of(by_[i], owner));
      Type type = in[index_.back()].type, key = taken_.frozen().keys()[i].type;
      if (comparable(type, key)) continue;
      Where where;
      where.field = by_[i];
      throw Error(Code::invalid,
                  fmt::format("rule lookup: {} is {}, but the key of {} it is compared with is {}",
                              by_[i], name_of(type), taken_.table(), name_of(key)),
                  where, "make them one type, with `derive` or a CAST in the table's SQL");
    }
    taken_.add_to(out, by_.front());
    return out;
  }

  std::vector<std::string> reads() const override {
    return taken_.empty() ? std::vector<std::string>() : by_;
  }
  std::vector<std::string> writes() const override { return taken_.names(); }
  void restrict_to(const std::set<std::string>& columns) override { taken_.restrict_to(columns); }

  void apply(Batch& rows, Scratch& scratch, RuleReport* report, int64_t first_row) const override {
    if (taken_.empty()) {
      if (report != nullptr) report->rows += rows.rows;
      return;
    }
    auto* found = scratch.values<uint32_t>(rows.rows);
    auto* cells = scratch.values<const Column*>(int64_t(by_.size()));
    for (size_t k = 0; k < by_.size(); ++k) cells[k] = &rows.columns[index_[k]];
    const std::span<const Column* const> keys(cells, by_.size());
    taken_.frozen().find_all(keys, rows.rows, found);
    if (report != nullptr) tell(rows, keys, found, *report, first_row);
    // From here on `cells` may point nowhere: the columns move.
    taken_.append(found, rows, scratch, report);
  }

  State save() const override {
    State state;
    state.json = {{"table", taken_.table()}, {"by", by_}, {"take", taken_.names()}};
    state.put_state("frozen", taken_.frozen().state());
    return state;
  }

 private:
  void tell(const Batch& rows, std::span<const Column* const> keys, const uint32_t* found,
            RuleReport& report, int64_t first_row) const {
    report.rows += rows.rows;
    for (int64_t i = 0; i < rows.rows; ++i) {
      if (found[i] != FrozenTable::no_row) {
        ++report.rows_touched;
        continue;
      }
      ++report.cells_unmatched;
      if (report.examples.size() >= RuleReport::max_examples) continue;
      std::string key;
      for (const Column* cell : keys) key += (key.empty() ? "" : ", ") + report_text(*cell, i);
      report.examples.push_back({first_row + i, fmt::format("{}", fmt::join(by_, ", ")), key,
                                 "no match in " + taken_.table()});
    }
  }

  std::vector<std::string> by_;
  TakenColumns taken_;
  std::vector<size_t> index_;
};

std::unique_ptr<Rule> load(const State& state) {
  return std::make_unique<Lookup>(state.at<std::vector<std::string>>("by"),
                                  TakenColumns(owner, state.at<std::string>("table"),
                                               state.at<std::vector<std::string>>("take"),
                                               FrozenTable(state.get_state("frozen"))));
}

const std::vector<ParamDoc> params = {
    {"table", "string", "The reference table: source.table, or a table of the project."},
    {"by", "any", "The key: a column, a list of columns, or {column here: column there}."},
    {"take", "any", "What to add: a list of columns, or {name here: column there}."},
};

std::unique_ptr<RuleFit> make(const nlohmann::json& given, const RuleContext& context) {
  Params parsed(given, params, owner);
  for (const ParamDoc& param : params) {
    if (!parsed.has(param.name))
      throw Error(Code::invalid, fmt::format("rule lookup needs `{}`", param.name), {}, param.text);
  }
  std::vector<std::string> by, key;
  for (auto& [here, there] : parse_pairs(parsed["by"], "by", owner)) {
    context.schema.index_of(here, owner);
    by.push_back(here);
    key.push_back(there);
  }
  const TakeParams take = parse_take(parsed["take"], owner);
  const std::string table = parsed.text("table");
  auto reader = context.open_table(table);
  TakenColumns taken(owner, table, take.here,
                     FrozenTable::build(*reader, key, take.there, table, owner));
  auto rule = std::make_unique<Lookup>(by, std::move(taken));
  rule->bind(context.schema);  // types and names are wrong now or never
  return already_fitted(std::move(rule), "lookup");
}

const RegisterRule register_lookup({
    .name = "lookup",
    .text =
        "Adds columns of a reference table by key. The table is read once, in training, and frozen "
        "into the bundle with an index, so that a request needs no database. The key must be "
        "unique there; rows that match nothing, and rows with a null in their key, get nulls. "
        "Numbers match across int64 and float64; other types of key must be the same. Text matches "
        "to the letter. What is taken may be 64 MB at most.",
    .example = "- lookup: {table: ops.planes, by: tailnum, take: {built: year}}\n"
               "- lookup: {table: reference.airports, by: {dest: faa}, take: [lat, lon]}",
    .params = params,
    .make = make,
    .load = load,
});

}  // namespace
}  // namespace gristmill
