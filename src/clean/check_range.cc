// Check `range`: where the values of a column lie.
#include "clean/bounds.h"
#include "clean/value.h"
#include "clean/value_check.h"

namespace gristmill {
namespace {

class RangeCheck : public ValueCheck {
 public:
  RangeCheck(const Field& field, const nlohmann::json& given)
      : ValueCheck("range", field.name),
        text_(shown(given)),
        bounds_(Bounds::parse(given, field, check_owner)) {}

  void find_bad(const Column& column, uint64_t* hits) const override {
    bounds_.find_outside(column, hits);
  }

  std::string conflict(const Check& other) const override {
    auto* range = dynamic_cast<const RangeCheck*>(&other);
    if (range == nullptr || range->column() != column()) return "";
    const Bounds &a = bounds_, &b = range->bounds_;
    const bool apart = a.type == Type::float64 ? a.low > b.high || b.low > a.high
                                               : a.first > b.last || b.first > a.last;
    return apart ? fmt::format("no value lies both in {} and in {}", text_, range->text_) : "";
  }

 protected:
  std::unique_ptr<CellCheck> copy() const override { return std::make_unique<RangeCheck>(*this); }
  std::string fault() const override { return "outside of " + text_; }

 private:
  std::string text_;
  Bounds bounds_;
};

const RegisterCheck register_range({
    .name = "range",
    .type = "object",
    .text = "Where the values of a column must lie: [low, high], null: open; NaN is outside.",
    .example = "range: {temp: [-40, 120]}",
    .make =
        [](const nlohmann::json& given, const CheckContext& context) {
          return make_by_column("range", given, context,
                                [](const Field& field, const nlohmann::json& range) {
                                  return std::make_unique<RangeCheck>(field, range);
                                });
        },
});

}  // namespace
}  // namespace gristmill
