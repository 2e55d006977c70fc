#include "source/npy.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "base/text.h"
#include "frame/csv_cells.h"

namespace gristmill {
namespace {

constexpr size_t header_max = 65536;
constexpr int64_t held_max = int64_t(1) << 30;
constexpr int64_t block_rows_max = 8192;
constexpr int64_t block_bytes = int64_t(8) << 20;

[[noreturn]] void fail(const std::string& reason, const std::string& hint = "") {
  throw Error(Code::invalid, reason, {}, hint);
}

void read_exactly(const ReadBytes& in, char* to, size_t size) {
  for (size_t have = 0; have < size;) {
    const size_t got = in(to + have, size - have);
    if (got == 0) fail("this array is cut short", "copy it again from where it was made");
    have += got;
  }
}

// The value of a key in the header, which is a literal of Python: {'descr': '<f8', …}.
std::string_view value_of(std::string_view header, std::string_view key) {
  const size_t at = header.find(fmt::format("'{}'", key));
  const size_t colon = at == header.npos ? at : header.find(':', at);
  if (colon == header.npos) fail(fmt::format("the header of this array has no `{}`", key));
  return trimmed(header.substr(colon + 1));
}

std::vector<int64_t> shape_of(std::string_view text) {
  const size_t end = text.find(')');
  if (!text.starts_with('(') || end == text.npos) fail("the shape of this array is damaged");
  text = text.substr(1, end - 1);
  std::vector<int64_t> shape;
  while (!trimmed(text).empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::string_view part = trimmed(text.substr(0, comma));
    int64_t size = -1;
    const auto [last, failed] = std::from_chars(part.data(), part.data() + part.size(), size);
    if (failed != std::errc() || last != part.data() + part.size() || size < 0)
      fail("the shape of this array is damaged");
    shape.push_back(size);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return shape;
}

void take_type(std::string_view text, NpyHeader& header) {
  if (text.size() < 4 || text[0] != '\'') fail("it is an array of records, which is not read");
  header.swapped = text[1] == '>';
  header.kind = text[2];
  header.bytes = text[3] - '0';
  const bool is_end = text.size() > 4 && text[4] == '\'';
  const std::string_view sizes = header.kind == 'f'                         ? "248"
                                 : header.kind == 'b'                       ? "1"
                                 : header.kind == 'i' || header.kind == 'u' ? "1248"
                                                                            : "";
  if (is_end && sizes.find(text[3]) != sizes.npos) return;
  fail(fmt::format("it is an array of {}, of which only numbers are read",
                   excerpt(text.substr(1, text.find('\'', 1) - 1))),
       "write it as numbers, or as CSV or Parquet");
}

double from_half(uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const double sign = (bits & 0x8000) != 0 ? -1 : 1;
  if (exponent == 31) return fraction == 0 ? sign * INFINITY : NAN;
  if (exponent == 0) return sign * std::ldexp(fraction, -24);
  return sign * std::ldexp(1024 + fraction, exponent - 25);
}

template <class T>
T load(const char* at, bool swapped) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, at, sizeof(T));
  if (swapped) std::reverse(bytes, bytes + sizeof(T));
  return std::bit_cast<T>(bytes);
}

class NpyRows : public BatchReader {
 public:
  NpyRows(ReadBytes in, const std::vector<size_t>& wanted)
      : in_(std::move(in)), header_(read_npy_header(in_)), wanted_(wanted) {
    const Schema all = header_.schema();
    Schema schema;
    for (const size_t column : wanted) {
      if (column >= all.size()) throw Error(Code::conflict, "the file changed after it was opened");
      schema.add(all[column]);
    }
    rows_.reset(schema);
    width_ = header_.columns * header_.bytes;
    block_rows_ =
        std::clamp<int64_t>(block_bytes / std::max<int64_t>(width_, 1), 1, block_rows_max);
    if (header_.by_column) hold();
  }

  const Schema& schema() const override { return rows_.schema(); }

  bool next(Batch& batch) override {
    const int64_t count = std::min(block_rows_, header_.rows - row_);
    if (count == 0) return false;
    if (!header_.by_column) {
      bytes_.resize(size_t(count * width_));
      read_exactly(in_, bytes_.data(), bytes_.size());
    }
    rows_.clear();
    for (size_t i = 0; i < wanted_.size(); ++i) fill(i, count);
    rows_.add_rows(count);
    batch = rows_.view();
    batch.rows = count;
    row_ += count;
    return true;
  }

 private:
  void hold() {
    if (header_.rows > held_max / std::max<int64_t>(width_, 1))
      throw Error(Code::exhausted, "this array is kept by column, and larger than 1 GiB", {},
                  "save it by row: numpy.ascontiguousarray(array)");
    // As bytes arrive: a header may claim what is not there.
    constexpr size_t step = size_t(16) << 20;
    const auto size = size_t(header_.rows * width_);
    while (bytes_.size() < size) {
      const size_t have = bytes_.size(), more = std::min(step, size - have);
      bytes_.resize(have + more);
      read_exactly(in_, bytes_.data() + have, more);
    }
  }

  // Where the number of a row of the array stands that is in memory.
  const char* at(size_t column, int64_t row) const {
    const int64_t place = header_.by_column ? int64_t(column) * header_.rows + row_ + row
                                            : row * header_.columns + int64_t(column);
    return bytes_.data() + place * header_.bytes;
  }

  template <class T, class Out>
  void fill_as(size_t i, int64_t count) {
    Out* values = rows_[i].resize<Out>(count);
    for (int64_t row = 0; row < count; ++row)
      values[row] = Out(load<T>(at(wanted_[i], row), header_.swapped));
  }

  void fill(size_t i, int64_t count) {
    switch (header_.kind == 'f' ? -header_.bytes : header_.bytes) {
      case -2: {
        double* values = rows_[i].resize<double>(count);
        for (int64_t row = 0; row < count; ++row)
          values[row] = from_half(load<uint16_t>(at(wanted_[i], row), header_.swapped));
        return;
      }
      case -4:
        return fill_as<float, double>(i, count);
      case -8:
        return fill_as<double, double>(i, count);
      case 1:
        if (header_.kind == 'b') return fill_booleans(i, count);
        return header_.kind == 'i' ? fill_as<int8_t, int64_t>(i, count)
                                   : fill_as<uint8_t, int64_t>(i, count);
      case 2:
        return header_.kind == 'i' ? fill_as<int16_t, int64_t>(i, count)
                                   : fill_as<uint16_t, int64_t>(i, count);
      case 4:
        return header_.kind == 'i' ? fill_as<int32_t, int64_t>(i, count)
                                   : fill_as<uint32_t, int64_t>(i, count);
      default:
        fill_as<int64_t, int64_t>(i, count);
        if (header_.kind == 'u') check_positive(i, count);
    }
  }

  void fill_booleans(size_t i, int64_t count) {
    for (int64_t row = 0; row < count; ++row) rows_[i].append(*at(wanted_[i], row) != 0);
  }

  void check_positive(size_t i, int64_t count) const {
    const Column column = rows_.view().columns[i];
    for (int64_t row = 0; row < count; ++row) {
      if (column.values<int64_t>()[row] >= 0) continue;
      throw Error(Code::invalid, "a number in it is beyond int64",
                  {.field = schema()[i].name, .row = row_ + row});
    }
  }

  ReadBytes in_;
  NpyHeader header_;
  std::vector<size_t> wanted_;
  int64_t width_ = 0;  // bytes of a row
  int64_t block_rows_ = 1, row_ = 0;
  std::vector<char> bytes_;
  BatchBuffer rows_;
};

}  // namespace

Schema NpyHeader::schema() const {
  const Type type = kind == 'f' ? Type::float64 : kind == 'b' ? Type::boolean : Type::int64;
  std::vector<Field> fields;
  for (int64_t i = 0; i < columns; ++i) fields.push_back({fmt::format("x{}", i), type, true});
  return Schema(std::move(fields));
}

NpyHeader read_npy_header(const ReadBytes& in) {
  char head[8];
  size_t have = 0;
  while (have < sizeof(head)) {
    const size_t got = in(head + have, sizeof(head) - have);
    if (got == 0) break;
    have += got;
  }
  if (have == 0) fail("the file is empty");
  if (have < sizeof(head) || std::memcmp(head, "\x93NUMPY", 6) != 0 || head[6] < 1 || head[6] > 3)
    fail("this is no array of NumPy");
  char size_bytes[4] = {};
  read_exactly(in, size_bytes, head[6] == 1 ? 2 : 4);
  const auto size = load<uint32_t>(size_bytes, false);
  if (size > header_max) fail("the header of this array is larger than it can be");
  std::string text(size, '\0');
  read_exactly(in, text.data(), text.size());
  NpyHeader header;
  take_type(value_of(text, "descr"), header);
  header.by_column = value_of(text, "fortran_order").starts_with("True");
  const std::vector<int64_t> shape = shape_of(value_of(text, "shape"));
  if (shape.empty() || shape.size() > 2)
    fail(fmt::format("it is an array of {} dimensions; a table has one or two", shape.size()),
         "reshape it: array.reshape(len(array), -1)");
  header.rows = shape[0];
  if (shape.size() == 2) header.columns = shape[1];
  if (header.columns > int64_t(csv_columns_max))
    fail(fmt::format("it has {} columns, more than the {} of a table", header.columns,
                     csv_columns_max));
  if (header.columns == 0) fail("it is an array without columns");
  if (header.rows > (int64_t(1) << 50)) fail("the shape of this array is damaged");
  return header;
}

std::unique_ptr<BatchReader> read_npy(ReadBytes in, const std::vector<size_t>& wanted) {
  return std::make_unique<NpyRows>(std::move(in), wanted);
}

}  // namespace gristmill
