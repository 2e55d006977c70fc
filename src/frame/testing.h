// What the decoders' tests share.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "frame/cell.h"
#include "frame/readers.h"
#include "frame/writers.h"

namespace gristmill {

// Hands out `bytes` in pieces of at most `piece`.
inline ReadBytes bytes_of(std::string bytes, size_t piece = size_t(1) << 16) {
  return [bytes = std::move(bytes), at = size_t(0), piece](char* to, size_t size) mutable {
    const size_t count = std::min({size, piece, bytes.size() - at});
    std::memcpy(to, bytes.data() + at, count);
    at += count;
    return count;
  };
}

inline WriteBytes append_to(std::string& out) {
  return [&out](std::string_view bytes) { out += bytes; };
}

// A row as its cells with | between, nulls as ~.
inline std::vector<std::string> rows_of(BatchReader& reader) {
  std::vector<std::string> rows;
  Batch batch;
  while (reader.next(batch)) {
    for (int64_t row = 0; row < batch.rows; ++row) {
      std::string text;
      for (const Column& column : batch.columns) {
        if (&column != &batch.columns[0]) text += '|';
        text += column.is_null(row) ? "~" : cell_text(column, row);
      }
      rows.push_back(text);
    }
  }
  return rows;
}

inline Schema all_types(bool nullable = true) {
  return Schema({{"b", Type::boolean, nullable},
                 {"i", Type::int64, nullable},
                 {"f", Type::float64, nullable},
                 {"s, \"quoted\"\n", Type::string, nullable},
                 {"d", Type::date, nullable},
                 {"t", Type::timestamp, nullable},
                 {"z", Type::timestamptz, nullable}});
}

// Rows of every type with nulls, extremes and awkward text (never empty: CSV has null for it).
inline void fill_random(BatchBuffer& out, int64_t rows, std::mt19937_64& random) {
  static const std::vector<std::string> texts = {"a",    "a,b",   "\"",      "\"\"", "x\ny",
                                                 "\r\n", " pad ", "ünï😀",   "null", "#\\t\t",
                                                 "1.5",  "~|",    "a\"b,\n", "\x01"};
  auto signed_bits = [&](int bits) { return int64_t(random()) >> (64 - 1 - random() % bits); };
  for (int64_t row = 0; row < rows; ++row) {
    for (size_t i = 0; i < out.schema().size(); ++i) {
      ColumnBuffer& column = out[i];
      const Field& field = out.schema()[i];
      if (field.nullable && random() % 5 == 0) {
        column.append_null();
        continue;
      }
      switch (field.type) {
        case Type::boolean:
          column.append(random() % 2 == 0);
          break;
        case Type::int64:
          column.append(signed_bits(63));
          break;
        case Type::float64:
          column.append(double(signed_bits(63)) / double(int64_t(1) << random() % 60));
          break;
        case Type::string:
          column.append(std::string_view(texts[random() % texts.size()]));
          break;
        case Type::date:
          column.append_days(int32_t(signed_bits(19)));
          break;
        default:
          column.append(signed_bits(55));
      }
    }
  }
}

inline bool equal_cells(const Column& a, int64_t i, const Column& b, int64_t j) {
  std::string left, right;
  append_canonical(a, i, left);
  append_canonical(b, j, right);
  return left == right;
}

}  // namespace gristmill
