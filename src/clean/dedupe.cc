// Rule `dedupe`: leaves out of training the rows that repeat another one.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/error.h"
#include "clean/cells.h"
#include "clean/value.h"
#include "frame/cell.h"

namespace gristmill {
namespace {

const std::string owner = "rule dedupe";

// What is to be found, and then what was: a bit a row of the table.
struct Repeats {
  std::vector<std::string> by;
  std::vector<uint8_t> rows;  // bitmap by position; short: no more
  struct Pair {
    int64_t row, kept;
  };
  std::vector<Pair> first;  // the first few

  void set(int64_t row, int64_t kept) {
    if (rows.size() <= size_t(row / 8)) rows.resize(std::max(size_t(row / 8) + 1, 2 * rows.size()));
    set_bit(rows.data(), row);
    if (first.size() < RuleReport::max_examples) first.push_back({row, kept});
  }
  bool has(int64_t row) const { return size_t(row / 8) < rows.size() && get_bit(rows.data(), row); }
};

class Dedupe : public Rule {
 public:
  explicit Dedupe(std::shared_ptr<const Repeats> repeats) : repeats_(std::move(repeats)) {}

  Schema bind(const Schema& in) override {
    index_.clear();
    for (const std::string& name : repeats_->by) index_.push_back(in.index_of(name, owner));
    return in;
  }
  std::vector<std::string> reads() const override { return repeats_->by; }
  std::vector<std::string> writes() const override { return {}; }
  void apply(Batch&, Scratch&, RuleReport*, int64_t) const override {}

  const uint8_t* keep(const Batch& rows, Scratch& scratch, RuleReport* report,
                      int64_t first_row) const override {
    auto* kept = scratch.values<uint64_t>(words_of_bits(rows.rows));
    auto* bytes = reinterpret_cast<uint8_t*>(kept);
    int64_t repeated = 0;
    for (int64_t word = 0; word < words_of_bits(rows.rows); ++word)
      kept[word] = full_word(word, rows.rows);
    for (int64_t i = 0; i < rows.rows; ++i) {
      if (!repeats_->has(first_row + i)) continue;
      clear_bit(bytes, i);
      ++repeated;
    }
    if (report != nullptr) {
      report->rows += rows.rows;
      report->rows_touched += repeated;
      tell(rows, *report, first_row);
    }
    return repeated > 0 ? bytes : nullptr;
  }

  State save() const override { throw Error(Code::internal, owner + " is no part of a bundle"); }

 private:
  void tell(const Batch& rows, RuleReport& report, int64_t first_row) const {
    for (const Repeats::Pair& pair : repeats_->first) {
      if (pair.row < first_row || pair.row >= first_row + rows.rows) continue;
      if (report.examples.size() >= RuleReport::max_examples) return;
      std::string key;
      for (size_t c = 0; c < index_.size() && c < 4; ++c)
        key += (c == 0 ? "" : ", ") + report_text(rows.columns[index_[c]], pair.row - first_row);
      report.examples.push_back(
          {pair.row, fmt::format("{}", fmt::join(repeats_->by, ", ")), key,
           fmt::format("dropped: the same as row {}", row_number(pair.kept))});
    }
  }

  std::shared_ptr<const Repeats> repeats_;
  std::vector<size_t> index_;
};

struct Wish {
  std::vector<std::string> by;
  bool all = false;  // nulls are equal then
  bool keep_last = false;
  std::string order;  // a column, or "": as the rows stand
  Type order_type = Type::int64;

  Schema keys() const {
    return Schema({{"high", Type::int64, false},
                   {"low", Type::int64, false},
                   {"position", Type::int64, false},
                   {"order", order_type, true}});
  }
};

class DedupeFit : public RuleFit {
 public:
  DedupeFit(Wish wish, std::function<std::unique_ptr<RepeatFinder>()> finders)
      : wish_(std::move(wish)), finders_(std::move(finders)), keys_(wish_.keys()) {}

  std::vector<std::string> reads() const override { return wish_.by; }

  void observe(const FitBatch& batch) override {
    std::vector<const Column*> by;
    for (const std::string& name : wish_.by)
      by.push_back(&batch.rows.columns[batch.rows.schema->index_of(name, owner)]);
    const Column* order =
        wish_.order.empty()
            ? nullptr
            : &batch.rows
                   .columns[bound_column(*batch.rows.schema, wish_.order, wish_.order_type, owner)];
    std::string bytes;
    for (int64_t i = 0; i < batch.rows.rows; ++i) {
      bytes.clear();
      bool null = false;
      for (const Column* cell : by) {
        null = null || cell->is_null(i);
        append_canonical(*cell, i, bytes);
      }
      if (null && !wish_.all) continue;
      append_key(Digest::of(bytes), batch.position(i));
      const bool unknown = order == nullptr || order->is_null(i) ||
                           (order->type == Type::float64 && std::isnan(order->values<double>()[i]));
      unknown ? keys_[3].append_null() : keys_[3].append(*order, i, 1);
    }
  }

  std::unique_ptr<RuleFit> clone_empty() const override {
    return std::make_unique<DedupeFit>(wish_, finders_);
  }

  void merge(RuleFit&& later) override {
    hand_over(keys_);
    hand_over(dynamic_cast<DedupeFit&>(later).keys_);
  }

  bool next_pass() override {
    hand_over(keys_);
    auto repeats = std::make_shared<Repeats>();
    repeats->by = wish_.by;
    if (finder_ != nullptr) {
      finder_->find(wish_.keep_last,
                    [&](int64_t position, int64_t kept) { repeats->set(position, kept); });
    }
    finder_.reset();
    repeats_ = std::move(repeats);
    return false;
  }

  std::unique_ptr<Rule> freeze() const override {
    if (repeats_ == nullptr) throw Error(Code::internal, owner + " has seen no rows yet");
    return std::make_unique<Dedupe>(repeats_);
  }

 private:
  void append_key(const Digest& digest, int64_t position) {
    int64_t half[2];
    std::memcpy(half, digest.bytes().data(), sizeof half);
    keys_[0].append(half[0]);
    keys_[1].append(half[1]);
    keys_[2].append(position);
  }

  void hand_over(BatchBuffer& keys) {
    if (keys.rows() == 0) return;
    if (finder_ == nullptr) finder_ = finders_();
    finder_->add(keys.view());
    keys.clear();
  }

  Wish wish_;
  std::function<std::unique_ptr<RepeatFinder>()> finders_;
  BatchBuffer keys_;
  std::unique_ptr<RepeatFinder> finder_;  // made when there is a row
  std::shared_ptr<const Repeats> repeats_;
};

const std::vector<ParamDoc> params = {
    {"by", "any", "Columns in which rows are the same; rows with a null in one are never."},
    {"keep",
     "string",
     "Which of the rows that are the same stays.",
     "first",
     {},
     {},
     {"first", "last"}},
    {"order", "string",
     "The column that says which is first; rows without it are last of all. As they stand in the "
     "table when absent, and between equal ones."},
};

std::unique_ptr<RuleFit> make(const nlohmann::json& given, const RuleContext& context) {
  Wish wish;
  if (given == "all") {
    wish.all = true;
    wish.by = context.schema.names();
  } else {
    if (!given.is_object())
      throw Error(Code::invalid,
                  "rule dedupe takes `all` or a mapping with `by`, not " + shown(given), {},
                  "for example: dedupe: {by: [id], keep: last, order: changed}");
    Params parsed(given, params, owner);
    if (!parsed.has("by"))
      throw Error(Code::invalid, "rule dedupe needs `by`", {}, "or `dedupe: all`, for whole rows");
    for (const auto& name :
         parsed["by"].is_array() ? parsed["by"] : nlohmann::json::array({parsed["by"]})) {
      if (!name.is_string())
        throw Error(Code::invalid,
                    "rule dedupe: `by` must hold names of columns, not " + shown(name));
      wish.by.push_back(name.get<std::string>());
    }
    wish.keep_last = parsed.text("keep") == "last";
    if (parsed.has("order")) wish.order = parsed.text("order");
  }
  if (wish.by.empty()) throw Error(Code::invalid, "rule dedupe: `by` is empty");
  for (const std::string& name : wish.by) context.schema.index_of(name, owner);
  if (!wish.order.empty())
    wish.order_type = context.schema[context.schema.index_of(wish.order, owner)].type;
  return std::make_unique<DedupeFit>(std::move(wish), context.find_repeats);
}

const RegisterRule register_dedupe({
    .name = "dedupe",
    .stage = RuleStage::filter,
    .whole_table = true,
    .text =
        "Leaves rows out of training that repeat another one of the table. `all`: rows that are "
        "the same in every column, nulls included. `by`: rows that are the same in these columns; "
        "a null there is the same as nothing. One of them stays: the first, or with `keep: last` "
        "the last, as the table's version stands (in the order of its key, or of all columns; a "
        "single file in its own), or by the column `order`. It looks at the rows as the rules "
        "before it leave them; on the table that is predicted from, as all rules leave them that "
        "change cells and need no fitting, like `drop`. It never drops a request. Rows are "
        "compared "
        "by 128 bits of SHA-256, in memory that spills to disk.",
    .example = "- dedupe: all\n"
               "- dedupe: {by: [carrier, flight], keep: last, order: time_hour}",
    .make = make,
    .load = [](const State&) -> std::unique_ptr<Rule> {
      throw Error(Code::corrupt, "rule dedupe cannot be part of a bundle");
    },
});

}  // namespace
}  // namespace gristmill
