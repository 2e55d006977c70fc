#include <fmt/format.h>

#include "frame/decoding.h"
#include "frame/json_rows.h"

namespace gristmill {

struct JsonDecoder::Impl {
  explicit Impl(const Expected& expected) : rows(expected) {}

  void decode(std::string_view body, int64_t max_rows, BatchBuffer& out);
  void decode_members(int64_t max_rows, BatchBuffer& out);
  void decode_array(int64_t max_rows, BatchBuffer& out);

  JsonRows rows;
  JsonScanner in;
  std::string scratch;
};

namespace {

constexpr std::string_view shape_hint =
    "send {\"instances\": [{column: value, …}, …]}, or the array alone";

[[noreturn]] void fail_shape(const std::string& message) {
  throw Error(Code::invalid, message, {}, std::string(shape_hint));
}

}  // namespace

void JsonDecoder::Impl::decode(std::string_view body, int64_t max_rows, BatchBuffer& out) {
  rows.begin(out);
  if (const size_t at = find_invalid_utf8(body); at != body.npos) {
    throw MalformedJson(fmt::format(" at byte {}: it is not UTF-8", at));
  }
  in.start(body);
  switch (in.peek()) {
    case 0:
      fail_shape("the request is empty");
    case '{':
      decode_members(max_rows, out);
      break;
    case '[':
      decode_array(max_rows, out);
      break;
    default:
      fail_shape(fmt::format("the request is {}", in.describe()));
  }
  in.expect_end();
}

void JsonDecoder::Impl::decode_members(int64_t max_rows, BatchBuffer& out) {
  bool found = false;
  in.take('{');
  if (!in.take('}')) {
    do {
      const std::string_view name = in.string(scratch);
      const bool instances = name == "instances";
      in.expect(':', "after a name");
      if (!instances) {
        in.skip_value();
        continue;
      }
      if (found) fail_shape("\"instances\" occurs twice");
      found = true;
      if (in.peek() != '[') {
        fail_shape(fmt::format("\"instances\" must be an array of rows, not {}", in.describe()));
      }
      decode_array(max_rows, out);
    } while (in.take(','));
    in.expect('}', "at the end of the request");
  }
  if (!found) fail_shape("\"instances\" is missing");
}

void JsonDecoder::Impl::decode_array(int64_t max_rows, BatchBuffer& out) {
  in.take('[');
  if (in.take(']')) fail_shape("there are no rows: \"instances\" is empty");
  int64_t row = 0;
  do {
    if (row >= max_rows) {
      throw Error(Code::exhausted, fmt::format("more than {} rows in one request", max_rows), {},
                  "send the rows in several requests");
    }
    rows.append(in, row, out);
    ++row;
  } while (in.take(','));
  in.expect(']', "after the last row");
}

JsonDecoder::JsonDecoder(const Expected& expected) : impl_(std::make_unique<Impl>(expected)) {}
JsonDecoder::~JsonDecoder() = default;

const std::vector<std::string>& JsonDecoder::decode(std::string_view body, int64_t max_rows,
                                                    BatchBuffer& out) {
  impl_->decode(body, max_rows, out);
  return impl_->rows.unknown();
}

}  // namespace gristmill
