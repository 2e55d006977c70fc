// Rule `lookup`: takes columns of a reference table, which is frozen into the bundle.
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "clean/cells.h"
#include "clean/frozen_table.h"
#include "clean/value.h"

namespace gristmill {
namespace {

const std::string owner = "rule lookup";

class Lookup : public Rule {
 public:
  Lookup(std::string table, std::vector<std::string> by, std::vector<std::string> take,
         FrozenTable frozen)
      : table_(std::move(table)),
        by_(std::move(by)),
        take_(std::move(take)),
        frozen_(std::move(frozen)) {
    if (frozen_.keys().size() != by_.size() || frozen_.values() != take_.size() || by_.empty())
      throw Error(Code::corrupt, "the saved table of rule lookup has other columns than the rule");
  }

  Schema bind(const Schema& in) override {
    Schema out = in;
    index_.clear();
    if (take_.empty()) return out;
    for (size_t i = 0; i < by_.size(); ++i) {
      index_.push_back(in.index_of(by_[i], owner));
      Type type = in[index_.back()].type, key = frozen_.keys()[i].type;
      if (comparable(type, key)) continue;
      Where where;
      where.field = by_[i];
      throw Error(Code::invalid,
                  fmt::format("rule lookup: {} is {}, but the key of {} it is compared with is {}",
                              by_[i], name_of(type), table_, name_of(key)),
                  where, "make them one type, with `derive` or a CAST in the table's SQL");
    }
    for (size_t i = 0; i < take_.size(); ++i) {
      if (out.find(take_[i]) >= 0)
        throw Error(
            Code::invalid,
            fmt::format("rule lookup: {} of {} is a column already", take_[i], table_), {},
            fmt::format("give it another name: take: {{{}_of_{}: …}}", take_[i], by_.front()));
      out.add({take_[i], frozen_.value_type(i), true});
    }
    return out;
  }

  std::vector<std::string> reads() const override {
    return take_.empty() ? std::vector<std::string>() : by_;
  }
  std::vector<std::string> writes() const override { return take_; }

  void restrict_to(const std::set<std::string>& columns) override {
    std::vector<size_t> kept;
    std::vector<std::string> names;
    for (size_t i = 0; i < take_.size(); ++i) {
      if (columns.count(take_[i]) == 0) continue;
      kept.push_back(i);
      names.push_back(take_[i]);
    }
    if (kept.size() == take_.size()) return;
    frozen_ = frozen_.with_values(kept);
    take_ = std::move(names);
  }

  void apply(Batch& rows, Scratch& scratch, RuleReport* report, int64_t first_row) const override {
    if (take_.empty()) {
      if (report != nullptr) report->rows += rows.rows;
      return;
    }
    const size_t columns = rows.columns.size();
    auto* found = scratch.values<uint32_t>(rows.rows);
    auto* cells = scratch.values<const Column*>(int64_t(by_.size()));
    for (size_t k = 0; k < by_.size(); ++k) cells[k] = &rows.columns[index_[k]];
    const std::span<const Column* const> keys(cells, by_.size());
    for (int64_t i = 0; i < rows.rows; ++i) found[i] = frozen_.find(keys, i);
    if (report != nullptr) tell(rows, keys, found, *report, first_row);
    // From here on `cells` may point nowhere: the columns move.
    for (size_t i = 0; i < take_.size(); ++i) {
      ColumnBuffer& out = scratch.column(frozen_.value_type(i));
      frozen_.gather(i, found, rows.rows, out);
      rows.columns.push_back(out.view());
    }
    if (report == nullptr) return;
    for (size_t i = columns; i < rows.columns.size(); ++i)
      report->cells_touched += rows.rows - rows.columns[i].null_count();
  }

  State save() const override {
    State state;
    state.json = {{"table", table_}, {"by", by_}, {"take", take_}};
    state.put_state("frozen", frozen_.state());
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
      report.examples.push_back(
          {first_row + i, fmt::format("{}", fmt::join(by_, ", ")), key, "no match in " + table_});
    }
  }

  std::string table_;
  std::vector<std::string> by_, take_;
  FrozenTable frozen_;
  std::vector<size_t> index_;
};

std::unique_ptr<Rule> load(const State& state) {
  return std::make_unique<Lookup>(
      state.at<std::string>("table"), state.at<std::vector<std::string>>("by"),
      state.at<std::vector<std::string>>("take"), FrozenTable(state.get_state("frozen")));
}

// `name`, [names] or {new: old}: pairs of a name and the name it stands for.
std::vector<std::pair<std::string, std::string>> parse_names(const nlohmann::json& given,
                                                             const char* param) {
  std::vector<std::pair<std::string, std::string>> names;
  auto text = [&](const nlohmann::json& value) {
    if (value.is_string()) return value.get<std::string>();
    throw Error(Code::invalid, fmt::format("rule lookup: `{}` must hold names of columns, not {}",
                                           param, shown(value)));
  };
  if (given.is_object()) {
    for (const auto& [name, other] : given.items()) names.emplace_back(name, text(other));
  } else {
    for (const auto& value : given.is_array() ? given : nlohmann::json::array({given}))
      names.emplace_back(text(value), text(value));
  }
  if (names.empty()) throw Error(Code::invalid, fmt::format("rule lookup: `{}` is empty", param));
  return names;
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
  std::vector<std::string> by, key, take, from;
  for (auto& [here, there] : parse_names(parsed["by"], "by")) {
    context.schema.index_of(here, owner);
    by.push_back(here);
    key.push_back(there);
  }
  for (auto& [here, there] : parse_names(parsed["take"], "take")) {
    take.push_back(here);
    from.push_back(there);
  }
  const std::string table = parsed.text("table");
  auto reader = context.open_table(table);
  auto rule =
      std::make_unique<Lookup>(table, by, take, FrozenTable::build(*reader, key, from, table));
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
