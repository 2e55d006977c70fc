// Check `values`: which values a column may have.
#include <algorithm>
#include <cmath>
#include <set>

#include "base/text.h"
#include "clean/cells.h"
#include "clean/text_set.h"
#include "clean/value.h"
#include "clean/value_check.h"

namespace gristmill {
namespace {

class ValuesCheck : public ValueCheck {
 public:
  ValuesCheck(const Field& field, const nlohmann::json& given)
      : ValueCheck("values", field.name),
        text_(shortened(given.dump())),
        column_(std::make_shared<ColumnBuffer>(field.type)) {
    std::set<std::string> texts;
    for (const nlohmann::json& one : given) {
      const auto value = value_of(one, field.type);
      if (!value || std::isnan(value->number))
        throw check_error(
            fmt::format("values of {}: {} is no {}", field.name, shown(one), name_of(field.type)),
            field.name);
      append_value(*column_, *value);
      if (field.type == Type::string) {
        texts.insert(value->text);
      } else if (field.type == Type::float64) {
        numbers_.push_back(value->number);
      } else {
        wholes_.push_back(value->whole);
      }
    }
    std::sort(numbers_.begin(), numbers_.end());
    std::sort(wholes_.begin(), wholes_.end());
    texts_ = TextSet({texts.begin(), texts.end()});
  }

  void find_bad(const Column& column, uint64_t* hits) const override {
    auto find_absent = [&](const auto& sorted, auto&& value) {
      find_hits(column, hits, [&](int64_t i) {
        // NaN is before nothing and after nothing: a search would find it anywhere.
        return value(i) != value(i) || !std::binary_search(sorted.begin(), sorted.end(), value(i));
      });
    };
    if (column.type == Type::string) {
      find_hits(column, hits, [&](int64_t i) { return texts_.find(column.string(i)) < 0; });
    } else if (column.type == Type::float64) {
      find_absent(numbers_, [&](int64_t i) { return column.values<double>()[i]; });
    } else if (column.type == Type::boolean) {
      find_absent(wholes_, [&](int64_t i) { return int64_t(column.boolean(i)); });
    } else if (column.type == Type::date) {
      find_absent(wholes_, [&](int64_t i) { return int64_t(column.values<int32_t>()[i]); });
    } else {
      find_absent(wholes_, [&](int64_t i) { return column.values<int64_t>()[i]; });
    }
  }

  std::string conflict(const Check& other) const override {
    auto* check = dynamic_cast<const ValueCheck*>(&other);
    if (check == nullptr || check->column() != column()) return "";
    const Column allowed = column_->view();
    std::vector<uint64_t> hits(size_t(words_of_bits(allowed.length)));
    check->find_bad(allowed, hits.data());
    int64_t bad = 0;
    for_hits(hits.data(), allowed.length, [&](int64_t) { ++bad; });
    return bad < allowed.length ? "" : fmt::format("`{}` allows none of {}", other.name(), text_);
  }

 protected:
  std::unique_ptr<CellCheck> copy() const override { return std::make_unique<ValuesCheck>(*this); }
  std::string fault() const override { return "not among " + text_; }

 private:
  std::string text_;
  std::shared_ptr<ColumnBuffer> column_;  // the allowed values
  std::vector<double> numbers_;           // the same, sorted; of float64
  std::vector<int64_t> wholes_;           // of all else that is no text
  TextSet texts_;
};

std::unique_ptr<Check> make(const Field& field, const nlohmann::json& given) {
  if (!given.is_array() || given.empty())
    throw check_error(fmt::format("values of {}: {} is not a list of values", field.name,
                                  given.is_array() ? "an empty list" : shown(given)),
                      field.name,
                      "list what is allowed; nulls are left to `nulls`: at most so many");
  return std::make_unique<ValuesCheck>(field, given);
}

const RegisterCheck register_values({
    .name = "values",
    .type = "object",
    .text = "Which values a column may have, as a list; nulls are left to `nulls`.",
    .example = "values: {origin: [JFK, LGA, EWR]}",
    .make =
        [](const nlohmann::json& given, const CheckContext& context) {
          return make_by_column("values", given, context, make);
        },
});

}  // namespace
}  // namespace gristmill
