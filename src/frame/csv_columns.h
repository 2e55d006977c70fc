// Cells of CSV → values of a column, and the type that a column's cells agree on.
#pragma once

#include <optional>
#include <string>

#include "frame/column.h"
#include "frame/csv_cells.h"

namespace gristmill {

// Fills an empty column with the cells of all records found. Code::invalid, with line, row (in this
// block) and field, for a text that is not of the field's type, a missing value where there must be
// none, and text that is not UTF-8. `decimal`: what stands between a number's whole part and the
// rest, a dot or a comma; the other one is in no number then.
void read_csv_column(CsvCells& cells, size_t column, const Field& field, const NullTexts& nulls,
                     char decimal, ColumnBuffer& out);

// int64 in float64, date in timestamp; text holds all. `long_integers`: there are some that float64
// may not hold exactly.
Type widened(Type a, Type b, bool long_integers = false);

// The narrowest type that takes every cell of a column; found block by block, and merged in any
// order. Numbers with leading zeros or a plus are text ("007" is no 7), and so are the words inf
// and nan, yes and no; 1 and 0 are integers. Whole numbers of 16 digits and more are int64 or text,
// never float64. Dates and times are ISO 8601: which of day and month comes first is never guessed.
class CsvType {
 public:
  // Looks at a column of all records found. `decimal`: as read_csv_column() takes it.
  void observe(CsvCells& cells, size_t column, const NullTexts& nulls, char decimal);
  void merge(const CsvType& other);

  bool has_values() const { return values_ > 0; }
  bool has_long_integers() const { return long_; }
  Type type() const { return broken_ || !narrow_ ? Type::string : *narrow_; }
  // For people, when it is text but nearly another type, or times or numbers written in another
  // way; or "".
  std::string note(const std::string& column) const;

 private:
  void observe(std::string_view text, char decimal, const CsvCells& cells, int64_t row,
               size_t column);

  int64_t values_ = 0;
  std::optional<Type> narrow_;  // of those that it takes
  int64_t narrow_values_ = 0, other_times_ = 0, comma_numbers_ = 0;
  bool long_ = false;    // whole numbers that float64 may not hold
  bool broken_ = false;  // a cell is not of that type: the column is text
  bool gave_up_ = false;
  std::string example_;
  int64_t example_line_ = 0;  // of the first such cell; 0: none
};

}  // namespace gristmill
