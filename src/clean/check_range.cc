// Check `range`: where the values of a column lie.
#include <fmt/format.h>

#include "clean/bounds.h"
#include "clean/cell_check.h"
#include "clean/value.h"

namespace gristmill {
namespace {

class RangeCheck : public CellCheck {
 public:
  RangeCheck(const Field& field, const nlohmann::json& given)
      : CellCheck(field.name),
        range_text_(shown(given)),
        bounds_(Bounds::parse(given, field, check_owner)) {}

  void find_bad(const Column& column, uint64_t* hits) const override {
    bounds_.find_outside(column, hits);
  }

 protected:
  std::unique_ptr<CellCheck> copy() const override { return std::make_unique<RangeCheck>(*this); }
  std::string message(const BadCells& bad) const override {
    return fmt::format("column {} has {} outside of {}", column(), counted(bad.count, "value"),
                       range_text_);
  }

 private:
  std::string range_text_;
  Bounds bounds_;
};

CheckList make(const nlohmann::json& given, const Schema& schema) {
  CheckList checks;
  for (const auto& [name, range] : given.items()) {
    const Field& field = schema[schema.index_of(name, check_owner)];
    checks.push_back(std::make_unique<RangeCheck>(field, range));
  }
  return checks;
}

const RegisterCheck register_range({
    .name = "range",
    .type = "object",
    .text = "Where the values of a column must lie: [low, high], null: open; NaN is outside.",
    .example = "range: {temp: [-40, 120]}",
    .make = make,
});

}  // namespace
}  // namespace gristmill
