// How a column writes numbers, told by an example: 1234.5 as it stands in the column.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gristmill {

struct NumberForm {
  enum class Kind : uint8_t { number, percent, money };

  Kind kind = Kind::number;
  char decimal = '.';  // 0: whole numbers
  char thousands = 0;  // 0, '.', ',', ' ' (no-break ones too) or '\'' (’ too)
  std::string sign;    // % or the currency

  // "1234.5", "1.234,5", "1 234", "1.234,5 %", "€ 1'234.5" …; nothing when it is not that.
  static std::optional<NumberForm> parse(std::string_view example, Kind kind);

  // A whole cell, with space around it; false when it is not of this form. A percentage bears its
  // sign and is divided by 100; money may bear its currency before or behind, and stands in
  // parentheses when it is negative. Allocates nothing.
  bool read(std::string_view cell, double& value) const;
  bool read(std::string_view cell, int64_t& value) const;  // where there is no decimal mark

  // An unsigned number at the front of `text`, which then begins after it.
  bool read_front(std::string_view& text, double& value) const;
};

// Takes a minus or plus from the front; whether it was a minus.
bool take_minus(std::string_view& text, bool& had_sign);
void skip_space(std::string_view& text);
bool take(std::string_view& text, std::string_view prefix);

}  // namespace gristmill
