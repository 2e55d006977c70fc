// Columns of an Arrow record batch → ours.
#pragma once

#include <deque>
#include <memory>
#include <string_view>
#include <vector>

#include "frame/arrow_message.h"

namespace gristmill {

// One column's buffers, checked: reading any of its `length` values is safe.
struct ArrowValues {
  const ArrowField* field = nullptr;
  int64_t length = 0;
  const uint8_t* validity = nullptr;     // nullptr: no nulls
  std::string_view values;               // of fixed width, bits, offsets or views; any alignment
  std::string_view text;                 // of strings
  std::vector<std::string_view> pieces;  // of string views

  bool is_null(int64_t i) const { return validity != nullptr && !get_bit(validity, i); }
};

// Takes the columns of a record batch one after the other, decompressing what is taken.
class ArrowBatchBody {
 public:
  // `message` and its body must outlive the values taken.
  explicit ArrowBatchBody(const ArrowMessage& message) : message_(message) {}

  // The next column, of message.length values. Code::invalid when its buffers do not hold them.
  // With a dictionary these are the indices, unless `dictionary_values`.
  ArrowValues take(const ArrowField& field, bool dictionary_values = false);
  void skip(const ArrowField& field);

 private:
  ArrowNode node();
  std::string_view buffer();
  void skip_buffers(int64_t count);
  std::string_view decompress(std::string_view bytes);

  const ArrowMessage& message_;
  size_t node_ = 0;
  size_t buffer_ = 0;
  size_t variadic_ = 0;
  std::deque<std::unique_ptr<char[]>> decompressed_;
};

// Throws Code::invalid, naming both types, unless values of `from` can become values of `to`.
void check_convertible(const ArrowField& from, const Field& to);

// Values of a dictionary are of no row.
inline constexpr int64_t dictionary_row = -1;

// Fills the empty `out` with values [begin, begin + count) of `from`; `begin` is a multiple of 8.
// A value that does not fit is Code::invalid; `row` is that of value `begin`, for errors.
void convert_arrow(const ArrowValues& from, int64_t begin, int64_t count, const Field& to,
                   int64_t row, ColumnBuffer& out);

// Likewise for the indices `from` into the converted `dictionary`.
void gather_arrow(const ArrowValues& from, int64_t begin, int64_t count, const Column& dictionary,
                  const Field& to, int64_t row, ColumnBuffer& out);

}  // namespace gristmill
