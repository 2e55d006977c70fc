#include "clean/impute_rows.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "clean/cells.h"
#include "clean/impute.h"

namespace gristmill {
namespace {

const std::string owner = "rule impute";

// Cells of a column of numbers, as float64 with room to be filled; what is null holds anything.
double* copied(const Column& column, ColumnBuffer& out) {
  auto* cells = out.resize<double>(column.length);
  for (int64_t i = 0; i < column.length; ++i)
    cells[i] = column.type == Type::int64 ? double(column.values<int64_t>()[i])
                                          : column.values<double>()[i];
  return cells;
}

class ImputeRowsFit : public RuleFit {
 public:
  explicit ImputeRowsFit(RowsWish wish)
      : wish_(std::move(wish)),
        rows_(wish_.columns.size(),
              wish_.with == "knn" ? NearestRows::rows_most : ChainedRegressions::rows_most) {}

  std::vector<std::string> reads() const override {
    std::vector<std::string> names;
    for (const Field& field : wish_.columns) names.push_back(field.name);
    return names;
  }

  void observe(const FitBatch& batch) override {
    std::vector<const Column*> columns;
    for (const Field& field : wish_.columns)
      columns.push_back(
          &batch.rows.columns[bound_column(*batch.rows.schema, field.name, field.type, owner)]);
    std::vector<double> row(columns.size());
    for (int64_t i = 0; i < batch.rows.rows; ++i) {
      for (size_t c = 0; c < columns.size(); ++c) row[c] = known_number(*columns[c], i);
      rows_.add(batch.position(i), row.data());
    }
  }
  std::unique_ptr<RuleFit> clone_empty() const override {
    return std::make_unique<ImputeRowsFit>(wish_);
  }
  void merge(RuleFit&& later) override { rows_.merge(dynamic_cast<ImputeRowsFit&>(later).rows_); }

  std::unique_ptr<Rule> freeze() const override {
    const std::vector<double> rows = rows_.rows();
    const size_t columns = wish_.columns.size();
    std::vector<ImputeRows::Target> targets;
    for (size_t c = 0; c < columns; ++c) {
      bool known = false;
      for (size_t i = c; i < rows.size() && !known; i += columns) known = !std::isnan(rows[i]);
      const Field& field = wish_.columns[c];
      if (!known)
        throw Error(
            Code::invalid,
            fmt::format("{}: {}: every training row lacks a value: there is nothing to fill "
                        "it from",
                        owner, field.name),
            {.field = field.name}, "use a constant, or leave the column out");
      targets.push_back({field.name, field.type, true, wish_.indicator});
    }
    return std::make_unique<ImputeRows>(std::move(targets), wish_.with,
                                        wish_.with == "knn"
                                            ? NearestRows::fit(rows, columns, wish_.k)
                                            : ChainedRegressions::fit(rows, columns));
  }

 private:
  RowsWish wish_;
  NumberRows rows_;
};

}  // namespace

ImputeRows::ImputeRows(std::vector<Target> targets, std::string with,
                       std::unique_ptr<RowFiller> filler)
    : targets_(std::move(targets)), with_(std::move(with)), filler_(std::move(filler)) {}

Schema ImputeRows::bind(const Schema& in) {
  Schema out = in;
  index_.clear();
  for (const Target& target : targets_) {
    index_.push_back(bound_column(out, target.name, target.from, owner));
    if (target.impute) out.replace(index_.back(), {target.name, Type::float64, false});
  }
  for (const Target& target : targets_) {
    if (!target.indicator) continue;
    add_indicator(target.name, out);
  }
  return out;
}

std::vector<std::string> ImputeRows::reads() const {
  std::vector<std::string> names;
  for (const Target& target : targets_) names.push_back(target.name);
  return names;
}

std::vector<std::string> ImputeRows::writes() const {
  std::vector<std::string> names;
  for (const Target& target : targets_) {
    if (target.impute) names.push_back(target.name);
    if (target.indicator) names.push_back(indicator_name(target.name));
  }
  return names;
}

std::vector<std::string> ImputeRows::reads_for(const std::string& column) const {
  for (const Target& target : targets_) {
    if (target.indicator && indicator_name(target.name) == column) return {target.name};
  }
  return reads();
}

void ImputeRows::restrict_to(const std::set<std::string>& columns) {
  bool any = false;
  for (Target& target : targets_) {
    target.impute = target.impute && columns.count(target.name) > 0;
    target.indicator = target.indicator && columns.count(indicator_name(target.name)) > 0;
    any = any || target.impute;
  }
  if (any) return;  // each is read to fill another
  filler_.reset();
  std::erase_if(targets_, [](const Target& target) { return !target.indicator; });
}

void ImputeRows::apply(Batch& rows, Scratch& scratch, RuleReport* report, int64_t first_row) const {
  Touches touches(report, rows, first_row, scratch);
  const size_t n = targets_.size();
  const int64_t words = words_of_bits(rows.rows);
  auto* hits = scratch.values<uint64_t>(words * int64_t(n));  // indicators keep them
  auto* any = scratch.values<uint64_t>(words);
  std::fill_n(any, words, 0);
  auto* cells = scratch.values<double*>(int64_t(n));
  auto* before = scratch.values<Column>(int64_t(n));
  for (size_t c = 0; c < n; ++c) {
    uint64_t* own = hits + int64_t(c) * words;
    Column& column = rows.columns[index_[c]];
    find_missing(column, own);
    before[c] = column;
    cells[c] = nullptr;
    if (!targets_[c].impute) continue;
    for (int64_t w = 0; w < words; ++w) any[w] |= own[w];
    ColumnBuffer& out = scratch.column(Type::float64);
    cells[c] = copied(column, out);
    column = out.view();
  }
  if (filler_ != nullptr) {
    auto* row = scratch.values<double>(int64_t(n));
    void* work = scratch.values<char>(int64_t(filler_->work_bytes()));
    for_hits(any, rows.rows, [&](int64_t i) {
      for (size_t c = 0; c < n; ++c) row[c] = known_number(before[c], i);
      filler_->fill(row, work);
      for (size_t c = 0; c < n; ++c) {
        const uint8_t* own = reinterpret_cast<const uint8_t*>(hits + int64_t(c) * words);
        if (cells[c] != nullptr && get_bit(own, i)) cells[c][i] = row[c];
      }
    });
  }
  for (size_t c = 0; c < n; ++c) {
    const uint64_t* own = hits + int64_t(c) * words;
    if (targets_[c].impute) touches.add(targets_[c].name, own, before[c], rows.columns[index_[c]]);
    if (!targets_[c].indicator) continue;
    rows.columns.push_back(
        {.type = Type::boolean, .length = rows.rows, .validity = nullptr, .data = own});
  }
}

State ImputeRows::save() const {
  State state;
  state.json = {
      {"with", with_}, {"columns", nlohmann::json::array()}, {"fills", filler_ != nullptr}};
  for (const Target& target : targets_) {
    state.json["columns"].push_back({{"name", target.name},
                                     {"type", name_of(target.from)},
                                     {"impute", target.impute},
                                     {"indicator", target.indicator}});
  }
  if (filler_ != nullptr) state.put_state("filler", filler_->save());
  return state;
}

std::unique_ptr<Rule> ImputeRows::load(const State& state) {
  return read_state(owner, [&] {
    const auto with = state.at<std::string>("with");
    std::vector<Target> targets;
    bool fills = false;
    for (const auto& saved : state.at<nlohmann::json>("columns")) {
      Target& target = targets.emplace_back();
      saved.at("name").get_to(target.name);
      target.from = parse_type(saved.at("type").get<std::string>());
      saved.at("impute").get_to(target.impute);
      saved.at("indicator").get_to(target.indicator);
      if (!is_number(target.from))
        throw Error(Code::corrupt, "a saved impute fills a column of no numbers from others");
      fills = fills || target.impute;
    }
    std::unique_ptr<RowFiller> filler;
    if (state.at<bool>("fills")) {
      const State saved = state.get_state("filler");
      if (with != "knn" && with != "iterative")
        throw Error(Code::corrupt, "a saved impute fills in an unknown way");
      filler = with == "knn" ? NearestRows::load(saved) : ChainedRegressions::load(saved);
    }
    if (fills != (filler != nullptr) || (filler && filler->columns() != targets.size()))
      throw Error(Code::corrupt, "a saved impute does not fit its columns");
    return std::make_unique<ImputeRows>(std::move(targets), with, std::move(filler));
  });
}

std::unique_ptr<RuleFit> fit_impute_rows(RowsWish wish) {
  return std::make_unique<ImputeRowsFit>(std::move(wish));
}

}  // namespace gristmill
