// The messages of an Arrow IPC stream (docs: Arrow columnar format, "Serialization and
// Interprocess Communication"), read so that no byte of them is trusted: every access to the
// metadata is bounds-checked, and memory grows only as bytes arrive.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frame/readers.h"

namespace gristmill {

// Numbered as in Arrow's Schema.fbs.
enum class ArrowKind : uint8_t {
  none = 0,
  null = 1,
  integer = 2,
  floating = 3,
  binary = 4,
  utf8 = 5,
  boolean = 6,
  decimal = 7,
  date = 8,
  time = 9,
  timestamp = 10,
  interval = 11,
  list = 12,
  structure = 13,
  union_of = 14,
  fixed_size_binary = 15,
  fixed_size_list = 16,
  map = 17,
  duration = 18,
  large_binary = 19,
  large_utf8 = 20,
  large_list = 21,
  run_end_encoded = 22,
  binary_view = 23,
  utf8_view = 24,
  list_view = 25,
  large_list_view = 26,
};

struct ArrowField {
  std::string name;
  ArrowKind kind = ArrowKind::none;
  int bits = 0;  // of integers, floating, decimals
  bool is_signed = true;
  int scale = 0;             // of decimals
  int unit = 0;              // date: 0 days, 1 ms; timestamp: 0 s, 1 ms, 2 us, 3 ns
  bool has_zone = false;     // of timestamps
  bool dense_union = false;  // of unions
  std::optional<int64_t> dictionary;
  int index_bits = 32;  // of a dictionary's indices
  bool index_signed = true;
  std::vector<ArrowField> children;

  std::string type_name() const;  // "int32", "timestamp[us] with a zone", "dictionary of utf8"
};

struct ArrowNode {
  int64_t length = 0;
  int64_t null_count = 0;
};
struct ArrowSpan {
  int64_t offset = 0;  // in the body
  int64_t length = 0;
};
enum class ArrowCodec : uint8_t { lz4 = 0, zstd = 1, none = 255 };

struct ArrowMessage {
  enum class Kind : uint8_t { schema, dictionary, batch };
  Kind kind = Kind::schema;
  int version = 4;  // of the metadata, from 0
  std::string_view body;

  std::vector<ArrowField> fields;  // schema

  int64_t dictionary_id = 0;  // dictionary
  bool is_delta = false;

  int64_t length = 0;  // dictionary, batch
  std::vector<ArrowNode> nodes;
  std::vector<ArrowSpan> buffers;
  std::vector<int64_t> variadic;  // data buffers of each view column
  ArrowCodec codec = ArrowCodec::none;
};

class ArrowMessages {
 public:
  // Takes the magic of a file, if there is one: after it, a file is a stream.
  explicit ArrowMessages(ReadBytes in);

  // The next message, whose views hold until the next call; false at the end. Code::invalid when
  // the bytes are not Arrow's or end too early.
  bool next(ArrowMessage& message);

 private:
  // Reads `size` bytes more; false when the input ends before.
  bool read(std::vector<char>& to, size_t size);

  ReadBytes in_;
  bool file_ = false;
  bool ended_ = false;
  std::vector<char> head_;  // the first bytes of a message, or of the stream
  std::vector<char> metadata_;
  std::vector<char> body_;
};

// Fills all but `body` from the flatbuffer `metadata`; returns the body's size.
int64_t parse_arrow_message(std::string_view metadata, ArrowMessage& message);

[[noreturn]] void fail_arrow(const std::string& reason);

}  // namespace gristmill
