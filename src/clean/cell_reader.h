// What rule `parse` makes of a text: one reader a column, made from how the column is written.
#pragma once

#include <memory>
#include <string>

#include "clean/cells.h"

namespace gristmill {

class CellReader {
 public:
  virtual ~CellReader() = default;
  virtual Type type() const = 0;  // float64, int64, date, timestamp, timestamptz
  // What it reads, for messages: `a number like "1.234,5"`.
  virtual std::string what() const = 0;
  // Fills `out` with the present cells, 0 in place of others; marks those that are not of the form.
  // True when any is. Allocates nothing once `out` is large enough.
  virtual bool read(const Column& column, ColumnBuffer& out, uint64_t* failed) const = 0;

  // `given` as a project writes it, or a bundle keeps it: {number: "1.234,5"} and so on.
  // Code::invalid.
  static std::unique_ptr<CellReader> make(const nlohmann::json& given);
};

}  // namespace gristmill
