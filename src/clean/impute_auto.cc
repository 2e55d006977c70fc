#include "clean/impute_auto.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "base/error.h"
#include "clean/cells.h"
#include "clean/impute_parts.h"
#include "clean/impute_ways.h"
#include "clean/number_rows.h"
#include "clean/row_sample.h"
#include "sketch/hash.h"

namespace gristmill {
namespace {

const std::string owner = "rule impute";

// The columns that the wishes read, each once.
Schema schema_of(const std::vector<ImputeWish>& wishes) {
  Schema schema;
  auto add = [&](const Field& field) {
    if (!field.name.empty() && schema.find(field.name) < 0) schema.add(field);
  };
  for (const ImputeWish& wish : wishes) {
    add({wish.filling.name, wish.filling.from, true});
    for (const Field& field : wish.by) add({field.name, field.type, true});
    add({wish.time.name, wish.time.type, true});
  }
  return schema;
}

constexpr size_t rows_most = 4096;  // in which the ways are compared
constexpr uint64_t one_hidden_of = 10;
constexpr double tie = 1.02;  // the simplest way whose error is that near the least is taken
constexpr size_t none_chosen = ~size_t(0);

// A way that was chosen, being fitted on all cells.
struct Part {
  std::unique_ptr<RuleFit> fit;
  std::set<std::string> keeps;  // of what it writes; empty: all
};

class AutoFit : public RuleFit {
 public:
  explicit AutoFit(std::vector<ImputeWish> wishes)
      : wishes_(std::move(wishes)),
        schema_(schema_of(wishes_)),
        ways_(ways_of(wishes_)),
        sample_(schema_, rows_most) {
    for (const ImputeWay& way : ways_) parts_.push_back({way.fit(), {}});
  }
  // Empty, in the same pass.
  AutoFit(const AutoFit& other)
      : wishes_(other.wishes_),
        schema_(other.schema_),
        ways_(other.ways_),
        sample_(schema_, rows_most),
        choosing_(other.choosing_) {
    for (const Part& part : other.parts_) parts_.push_back({part.fit->clone_empty(), part.keeps});
  }

  std::vector<std::string> reads() const override { return schema_.names(); }

  void observe(const FitBatch& batch) override {
    Scratch scratch;
    const Batch rows = choosing_ ? without_hidden(batch, scratch) : batch.rows;
    if (choosing_) sample_.add(batch);
    for (const Part& part : parts_)
      part.fit->observe({rows, batch.first_row, batch.target, batch.weight, batch.positions});
  }
  std::unique_ptr<RuleFit> clone_empty() const override { return std::make_unique<AutoFit>(*this); }

  void merge(RuleFit&& later) override {
    auto& other = dynamic_cast<AutoFit&>(later);
    if (choosing_) sample_.merge(other.sample_);
    for (size_t i = 0; i < parts_.size(); ++i)
      parts_[i].fit->merge(std::move(*other.parts_[i].fit));
  }

  bool next_pass() override {
    if (!choosing_) return false;
    fit_chosen(choose());
    choosing_ = false;
    return true;
  }

  std::unique_ptr<Rule> freeze() const override {
    std::vector<std::unique_ptr<Rule>> rules;
    for (const Part& part : parts_) {
      rules.push_back(part.fit->freeze());
      if (!part.keeps.empty()) rules.back()->restrict_to(part.keeps);
    }
    return std::make_unique<ImputeParts>(std::move(rules), choices_);
  }

 private:
  // Marks the known cells of a wish's column that are hidden from fitting; NaN and infinity tell of
  // no way how good it is.
  template <class PositionOf>
  bool find_hidden(const Column& column, size_t wish, const PositionOf& position_of,
                   uint64_t* hits) const {
    const bool numbers = is_number(column.type);
    return find_hits(column, hits, [&](int64_t row) {
      return combine64(hash_number(int64_t(position_of(row))), wish) % one_hidden_of == 0 &&
             !(numbers && std::isnan(known_number(column, row)));
    });
  }
  Batch without_hidden(const FitBatch& batch, Scratch& scratch) const;
  using Filled = std::optional<Batch>;
  struct WayError {
    size_t way;
    double error;
  };
  std::vector<WayError> compare(size_t wish, const Batch& truth,
                                const std::vector<Filled>& filled) const;
  size_t simplest_of_best(size_t wish, const std::vector<WayError>& errors) const;
  std::vector<size_t> choose();
  void fit_chosen(const std::vector<size_t>& chosen);

  std::vector<ImputeWish> wishes_;
  Schema schema_;
  std::vector<ImputeWay> ways_;
  std::vector<Part> parts_;  // all ways, then those chosen
  RowSample sample_;
  bool choosing_ = true;
  std::vector<RuleReport::Choice> choices_;
};

Batch AutoFit::without_hidden(const FitBatch& batch, Scratch& scratch) const {
  Batch rows = batch.rows;
  auto* hits = scratch.values<uint64_t>(words_of_bits(rows.rows));
  for (size_t w = 0; w < wishes_.size(); ++w) {
    if (wishes_[w].with != "auto") continue;
    const Filling& filling = wishes_[w].filling;
    Column& column = rows.columns[bound_column(*rows.schema, filling.name, filling.from, owner)];
    if (find_hidden(column, w, [&](int64_t row) { return batch.position(row); }, hits))
      make_missing(column, hits, scratch);
  }
  return rows;
}

// The sample as a way fills it; nothing where it could learn nothing from what is not hidden.
std::optional<Batch> filled_by(const RuleFit& fit, const Batch& rows, Scratch& scratch) {
  try {
    const auto rule = fit.freeze();
    rule->bind(*rows.schema);
    Batch filled = rows;
    rule->apply(filled, scratch, nullptr, 0);
    return filled;
  } catch (const Error& error) {
    if (error.code() != Code::invalid) throw;
    return std::nullopt;
  }
}

// Of the ways that can fill a wish's column and learned something, in the cells hidden from them.
std::vector<AutoFit::WayError> AutoFit::compare(size_t wish, const Batch& truth,
                                                const std::vector<Filled>& filled) const {
  std::vector<WayError> errors;
  const size_t at = size_t(schema_.find(wishes_[wish].filling.name));
  std::vector<uint64_t> hits(size_t(words_of_bits(truth.rows)));
  auto position_of = [&](int64_t row) { return sample_.positions()[size_t(row)]; };
  if (!find_hidden(truth.columns[at], wish, position_of, hits.data())) return errors;
  const Column* simplest = nullptr;
  for (size_t i = 0; i < ways_.size(); ++i) {
    if (!ways_[i].fills(wish) || !filled[i]) continue;
    const Column& column = filled[i]->columns[at];
    if (simplest == nullptr) simplest = &column;
    errors.push_back({i, error_of_filling(truth.columns[at], hits.data(), column, *simplest)});
  }
  return errors;
}

// The way of each wish, by its place in ways_; none_chosen for those that say it themselves.
std::vector<size_t> AutoFit::choose() {
  sample_.trim();
  const Batch truth = sample_.rows();
  Scratch scratch;
  const Batch rows =
      without_hidden({.rows = truth, .positions = sample_.positions().data()}, scratch);
  std::vector<Filled> filled;
  for (const Part& part : parts_) filled.push_back(filled_by(*part.fit, rows, scratch));
  std::vector<size_t> chosen(wishes_.size(), none_chosen);
  for (size_t w = 0; w < wishes_.size(); ++w) {
    if (wishes_[w].with != "auto") continue;
    const Filling& filling = wishes_[w].filling;
    const std::vector<WayError> errors = compare(w, truth, filled);
    chosen[w] = simplest_of_best(w, errors);
    RuleReport::Choice choice{filling.name, ways_[chosen[w]].name, error_measure(filling.from), {}};
    for (const auto& [way, error] : errors) choice.errors.emplace_back(ways_[way].name, error);
    choices_.push_back(std::move(choice));
  }
  return chosen;
}

size_t AutoFit::simplest_of_best(size_t wish, const std::vector<WayError>& errors) const {
  double least = std::numeric_limits<double>::infinity();
  for (const WayError& one : errors) least = std::min(least, one.error);
  for (const WayError& one : errors) {
    if (one.error <= least * tie) return one.way;
  }
  size_t way = 0;  // nothing could be compared
  while (!ways_[way].fills(wish)) ++way;
  return way;
}

void AutoFit::fit_chosen(const std::vector<size_t>& chosen) {
  std::vector<ImputeWish> single;
  std::map<size_t, Part> together;  // by way
  for (size_t w = 0; w < wishes_.size(); ++w) {
    const std::string& name = wishes_[w].filling.name;
    const bool indicator = wishes_[w].filling.indicator;
    if (chosen[w] == none_chosen) {
      single.push_back(wishes_[w]);
    } else if (const ImputeWay& way = ways_[chosen[w]]; !way.single.empty()) {
      single.push_back(way.single[0]);
      single.back().filling.indicator = indicator;
    } else {
      std::set<std::string>& keeps = together[chosen[w]].keeps;
      keeps.insert(name);
      if (indicator) keeps.insert(indicator_name(name));
    }
  }
  parts_.clear();
  if (!single.empty()) parts_.push_back({fit_impute(std::move(single)), {}});
  for (auto& [way, part] : together) {
    RowsWish wish = ways_[way].together;
    wish.indicator = true;  // keeps says of which columns
    parts_.push_back({fit_impute_rows(std::move(wish)), std::move(part.keeps)});
  }
}

}  // namespace

std::unique_ptr<RuleFit> fit_impute_auto(std::vector<ImputeWish> wishes) {
  return std::make_unique<AutoFit>(std::move(wishes));
}

}  // namespace gristmill
