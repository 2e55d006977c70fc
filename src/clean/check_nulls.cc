// Check `nulls`: how many nulls a column may have.
#include <cmath>

#include <fmt/format.h>

#include "clean/cell_check.h"
#include "clean/cells.h"
#include "clean/value.h"
#include "frame/cell.h"

namespace gristmill {
namespace {

struct Allowed {
  std::string text;  // as it was written
  double most = 0;
  bool share = false;  // of the rows
};

class NullsCheck : public CellCheck {
 public:
  NullsCheck(std::string column, Allowed allowed)
      : CellCheck("nulls", std::move(column)), allowed_(std::move(allowed)) {}

  void find_bad(const Column& column, uint64_t* hits) const override { find_missing(column, hits); }

 protected:
  std::unique_ptr<CellCheck> copy() const override { return std::make_unique<NullsCheck>(*this); }
  bool broken(const BadCells& bad) const override {
    return double(bad.count) > (allowed_.share ? allowed_.most * double(bad.rows) : allowed_.most);
  }
  std::string message(const BadCells& bad) const override {
    return fmt::format("column {} has {} in {}, {} allowed", column(), counted(bad.count, "null"),
                       counted(bad.rows, "row"), allowed_.text);
  }

 private:
  Allowed allowed_;
};

Allowed parse_allowed(const std::string& column, const nlohmann::json& given) {
  Allowed allowed{given.is_string() ? given.get<std::string>() : given.dump()};
  double percent = 0;
  const std::string& text = allowed.text;
  if (given.is_number()) {
    allowed.most = given.get<double>();
    allowed.share = given.is_number_float() && allowed.most <= 1;
    if (allowed.most >= 0 && (allowed.share || allowed.most == std::floor(allowed.most)))
      return allowed;
  } else if (given.is_string() && text.size() > 1 && text.back() == '%' &&
             parse_float64(text.substr(0, text.size() - 1), percent) && percent >= 0 &&
             percent <= 100) {
    allowed.share = true;
    allowed.most = percent / 100;
    return allowed;
  }
  throw check_error(
      fmt::format("nulls of {}: {} is neither a count nor a share", column, shown(given)), column,
      "for example 0, 100, 0.05 or 5%");
}

const RegisterCheck register_nulls({
    .name = "nulls",
    .type = "object",
    .text = "How many nulls (NaN counts) a column may have: a count, or a share below 1 or in %.",
    .example = "nulls: {carrier: 0, temp: 5%}",
    .make =
        [](const nlohmann::json& given, const CheckContext& context) {
          return make_by_column(
              "nulls", given, context, [](const Field& field, const nlohmann::json& allowed) {
                return std::make_unique<NullsCheck>(field.name, parse_allowed(field.name, allowed));
              });
        },
});

}  // namespace
}  // namespace gristmill
