// Single cells: their canonical bytes (what digests and row keys are over) and their text.
// Canonical form of a cell: one byte for the type and nullness, then little-endian value bytes;
// text: 8 bytes of length, then UTF-8. −0.0 counts as 0.0, every NaN as one NaN.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "frame/batch.h"

namespace gristmill {

// Appends the canonical bytes of cell `i` to `out`.
void append_canonical(const Column& column, int64_t i, std::string& out);

// row_key: the first 64 bits of SHA-256 over the canonical cells of `columns`, one a row.
void row_keys(const Batch& batch, std::span<const size_t> columns, std::vector<uint64_t>& out);

// Feeds rows [begin, begin + count), row by row, to `hasher`: the digest of a table version.
void hash_rows(const Batch& batch, int64_t begin, int64_t count, Hasher& hasher);

// The cell as people read it: ISO 8601 dates and times, shortest round-trip numbers; null: "".
void append_text(const Column& column, int64_t i, std::string& out);
std::string cell_text(const Column& column, int64_t i);
// The cell as JSON: numbers, booleans, text; dates and times as ISO 8601 text; NaN and null as
// null.
nlohmann::json cell_json(const Column& column, int64_t i);

// Text → value, as CSV and JSON requests have it. False when the text is not one.
bool parse_int64(std::string_view text, int64_t& value);
bool parse_float64(std::string_view text, double& value);  // inf, nan allowed in CSV
// true, t, yes, y, 1, and their opposites, in any case: the words that SQL reads.
bool read_boolean(std::string_view word, bool& value);
bool parse_boolean(std::string_view text, bool& value);  // with space around
bool parse_date(std::string_view text, int32_t& days);   // YYYY-MM-DD
// YYYY-MM-DD[ T]HH:MM[:SS[.ffffff]][Z|±HH[:MM]]; or a date alone (midnight).
// An offset is applied; without one the text is taken as UTC.
bool parse_timestamp(std::string_view text, int64_t& micros, bool* had_offset = nullptr);

// Appends `text` as a value of the buffer's type; false (nothing appended) when it is not one.
bool append_parsed(ColumnBuffer& out, std::string_view text);

}  // namespace gristmill
