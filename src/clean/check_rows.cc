// Check `rows`: how many rows a table has.
#include <limits>

#include <fmt/format.h>

#include "clean/check.h"
#include "clean/value.h"

namespace gristmill {
namespace {

class RowsCheck : public Check {
 public:
  RowsCheck(int64_t low, int64_t high) : low_(low), high_(high) {}

  std::string name() const override { return "rows"; }
  std::vector<std::string> reads() const override { return {}; }
  void observe(const CheckRows& batch) override { rows_ += batch.rows.rows; }
  std::unique_ptr<Check> clone_empty() const override {
    return std::make_unique<RowsCheck>(low_, high_);
  }
  void merge(Check&& later) override { rows_ += dynamic_cast<RowsCheck&>(later).rows_; }

  nlohmann::json measured() const override {
    if (rows_ >= low_ && rows_ <= high_) return Finding{false, counted(rows_, "row"), {}}.json();
    return Finding{true, fmt::format("it has {}, {} expected", counted(rows_, "row"), text()), {}}
        .json();
  }

  std::string conflict(const Check& other) const override {
    auto* rows = dynamic_cast<const RowsCheck*>(&other);
    if (rows == nullptr || (low_ <= rows->high_ && rows->low_ <= high_)) return "";
    return fmt::format("a table cannot have {} rows and {}", text(), rows->text());
  }

 private:
  std::string text() const {
    if (high_ == std::numeric_limits<int64_t>::max()) return fmt::format("at least {}", low_);
    if (low_ == 0) return fmt::format("at most {}", high_);
    return low_ == high_ ? fmt::format("{}", low_) : fmt::format("{} to {}", low_, high_);
  }

  int64_t low_, high_, rows_ = 0;
};

int64_t bound(const nlohmann::json& given, int64_t otherwise) {
  if (given.is_null()) return otherwise;
  const auto value = value_of(given, Type::int64);
  if (given.is_string() || !value || value->whole < 0)
    throw check_error(fmt::format("rows: {} is not a number of rows", shown(given)), "");
  return value->whole;
}

CheckList make(const nlohmann::json& given, const CheckContext&) {
  nlohmann::json low, high;
  if (given.is_object()) {
    const Params ends(given, {{"min", "any", ""}, {"max", "any", ""}}, check_owner + ": `rows`");
    low = ends["min"];
    high = ends["max"];
  } else if (given.is_array() && given.size() == 2) {
    low = given[0];
    high = given[1];
  }
  if (low.is_null() && high.is_null())
    throw check_error(fmt::format("rows: {} says nothing of their number", shown(given)), "",
                      "for example {min: 1}, or [1000, 2000]");
  const int64_t least = bound(low, 0), most = bound(high, std::numeric_limits<int64_t>::max());
  if (least > most)
    throw check_error(fmt::format("rows: {} is empty", shown(given)), "",
                      "the lower end comes first");
  CheckList checks;
  checks.push_back(std::make_unique<RowsCheck>(least, most));
  return checks;
}

const RegisterCheck register_rows({
    .name = "rows",
    .type = "any",
    .text = "How many rows the table has: {min: 1, max: 100} or [low, high], null: open.",
    .example = "rows: {min: 1}",
    .make = make,
});

}  // namespace
}  // namespace gristmill
