// Checks that no present value of a column may break: `range`, `regex`, `values`.
#pragma once

#include <fmt/format.h>

#include "clean/cell_check.h"

namespace gristmill {

class ValueCheck : public CellCheck {
 public:
  using CellCheck::CellCheck;

 protected:
  virtual std::string fault() const = 0;  // "outside of [0,1]"
  std::string message(const BadCells& bad) const override {
    return fmt::format("column {} has {} {}{}", column(), counted(bad.count, "value"), fault(),
                       bad.count == bad.present ? ", which is every value it has" : "");
  }
};

}  // namespace gristmill
