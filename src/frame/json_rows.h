// JSON objects → rows: the one decoder of requests and of JSON lines.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "frame/json_scanner.h"
#include "frame/readers.h"

namespace gristmill {

// Names come in the same order in row after row, so the name that followed the last one before is
// tried first; only a surprise is looked up. Not thread-safe.
class JsonRows {
 public:
  explicit JsonRows(const Expected& expected);

  // Empties `out`, and forgets the unknown names.
  void begin(BatchBuffer& out);
  // Decodes the object that stands next; `row` is for errors. After an error `out` is unusable.
  void append(JsonScanner& in, int64_t row, BatchBuffer& out);
  // Names met since begin() that nobody expects, sorted; at most 100 of them are kept, and 128
  // bytes of each.
  const std::vector<std::string>& unknown();

 private:
  // A known name: a column when its index is within the schema, else ignored.
  struct Slot {
    std::string name;
    JsonName literal;
    uint64_t seen_in = 0;  // the last row (counted since construction) that had it
    size_t successor = 0;  // the slot that followed it there
  };
  struct HashText {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  template <class Value>
  using Names = std::unordered_map<std::string, Value, HashText, std::equal_to<>>;

  static constexpr size_t no_slot = ~size_t(0);

  void append_object(JsonScanner& in, BatchBuffer& out);
  size_t take_slot(JsonScanner& in, size_t& previous);
  size_t look_up(JsonScanner& in);
  void meet_unknown(std::string_view name);
  void append_value(JsonScanner& in, const Field& field, ColumnBuffer& out);
  void append_number(JsonScanner& in, const Field& field, ColumnBuffer& out);
  void append_text(JsonScanner& in, const Field& field, ColumnBuffer& out);
  void append_numbers(JsonScanner& in, const Field& field, ColumnBuffer& out);
  void fill_absent(BatchBuffer& out);
  [[noreturn]] void fail_kind(JsonScanner& in, const Field& field);
  [[noreturn]] void fail_value(const std::string& message, const std::string& hint = "");

  Schema schema_;
  std::vector<Slot> slots_;  // columns, then ignored names
  size_t first_ = 0;         // the slot that came first in the last row
  Names<size_t> slot_of_;
  Names<uint64_t> unknown_of_;  // the last row that had the name
  std::vector<std::string> unknown_;
  uint64_t row_stamp_ = 0;
  const Field* field_ = nullptr;  // being decoded, for errors
  std::string name_scratch_, text_scratch_;
};

}  // namespace gristmill
