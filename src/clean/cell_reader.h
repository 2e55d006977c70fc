// What rule `parse` makes of a text: one reader a column, made from how the column is written.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "clean/cells.h"
#include "frame/time_zone.h"

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

  // The zone by name that it reads times in, to be kept with it; null: none.
  virtual const TimeZone* zone() const { return nullptr; }

  // `given` as a project writes it: {number: "1.234,5"} and so on; a zone's name is looked up with
  // `find_zone`, in the system's database or in what a bundle keeps. Code::invalid.
  using FindZone = std::function<TimeZone(const std::string& name)>;
  static std::unique_ptr<CellReader> make(const nlohmann::json& given, const FindZone& find_zone);
};

}  // namespace gristmill
