#include <fmt/format.h>
#include <nanoarrow/nanoarrow_ipc.h>

#include <cstring>

#include "frame/arrow_column.h"

namespace gristmill {

namespace {

// zstd's and LZ4's densest blocks stay below this, so a claim beyond it is a lie: memory is bounded
// by the size of the input.
constexpr uint64_t compression_max = 1 << 16;

bool is_text(ArrowKind kind) { return kind == ArrowKind::utf8 || kind == ArrowKind::large_utf8; }

// Bits of one value in the first buffer after the validity.
int64_t value_bits(const ArrowField& field) {
  switch (field.kind) {
    case ArrowKind::integer:
    case ArrowKind::floating:
    case ArrowKind::decimal:
      return field.bits;
    case ArrowKind::boolean:
      return 1;
    case ArrowKind::date:
      return field.unit == 0 ? 32 : 64;
    case ArrowKind::timestamp:
    case ArrowKind::large_utf8:
      return 64;
    case ArrowKind::utf8:
      return 32;
    case ArrowKind::utf8_view:
      return 128;
    default:
      fail_arrow(fmt::format("column \"{}\" is {}", field.name, field.type_name()));
  }
}

void check_size(std::string_view bytes, int64_t length, int64_t bits) {
  const auto needed = (static_cast<unsigned __int128>(uint64_t(length)) * uint64_t(bits) + 7) / 8;
  if (needed > bytes.size()) fail_arrow("a column is shorter than its record batch");
}

template <class Offset>
void check_offsets(const ArrowValues& values) {
  if (values.length == 0) return;
  Offset last = 0;
  for (int64_t i = 0; i <= values.length; ++i) {
    Offset offset;
    std::memcpy(&offset, values.values.data() + size_t(i) * sizeof(Offset), sizeof(Offset));
    if (offset < last) fail_arrow("the offsets of a text column do not rise");
    last = offset;
  }
  if (uint64_t(last) > values.text.size()) fail_arrow("the offsets of a text column lead outside");
}

void check_views(const ArrowValues& values) {
  for (int64_t i = 0; i < values.length; ++i) {
    if (values.is_null(i)) continue;
    int32_t view[4];  // size; then 12 bytes of text, or: prefix, piece, offset
    std::memcpy(view, values.values.data() + size_t(i) * sizeof(view), sizeof(view));
    if (view[0] >= 0 && view[0] <= 12) continue;
    if (view[0] < 0 || view[2] < 0 || view[3] < 0 || size_t(view[2]) >= values.pieces.size() ||
        size_t(view[3]) + size_t(view[0]) > values.pieces[size_t(view[2])].size()) {
      fail_arrow("the views of a text column lead outside");
    }
  }
}

}  // namespace

ArrowNode ArrowBatchBody::node() {
  if (node_ >= message_.nodes.size()) fail_arrow("a record batch has too few columns");
  return message_.nodes[node_++];
}

std::string_view ArrowBatchBody::buffer() {
  if (buffer_ >= message_.buffers.size()) fail_arrow("a record batch has too few buffers");
  const ArrowSpan span = message_.buffers[buffer_++];
  const uint64_t size = message_.body.size();
  if (span.length == 0) return {};
  if (span.offset < 0 || span.length < 0 || uint64_t(span.offset) > size ||
      size - uint64_t(span.offset) < uint64_t(span.length)) {
    fail_arrow("a buffer leads outside of its record batch");
  }
  const std::string_view bytes = message_.body.substr(size_t(span.offset), size_t(span.length));
  return message_.codec == ArrowCodec::none ? bytes : decompress(bytes);
}

// A compressed buffer: its plain size in 8 bytes (-1: not compressed after all), then its bytes.
std::string_view ArrowBatchBody::decompress(std::string_view bytes) {
  if (bytes.size() < 8) fail_arrow("a compressed buffer is cut");
  int64_t size;
  std::memcpy(&size, bytes.data(), sizeof(size));
  bytes.remove_prefix(8);
  if (size == -1) return bytes;
  if (size == 0) return {};
  if (size < 0 || uint64_t(size) / compression_max > bytes.size()) {
    fail_arrow("the size of a compressed buffer is impossible");
  }
  decompressed_.push_back(std::make_unique_for_overwrite<char[]>(size_t(size)));
  char* to = decompressed_.back().get();
  ArrowBufferView from;
  from.data.data = bytes.data();
  from.size_bytes = int64_t(bytes.size());
  const ArrowIpcDecompressFunction function = message_.codec == ArrowCodec::zstd
                                                  ? ArrowIpcGetZstdDecompressionFunction()
                                                  : ArrowIpcGetLZ4DecompressionFunction();
  ArrowError error;
  ArrowErrorInit(&error);
  if (function(from, reinterpret_cast<uint8_t*>(to), size, &error) != NANOARROW_OK) {
    fail_arrow(error.message);
  }
  return {to, size_t(size)};
}

ArrowValues ArrowBatchBody::take(const ArrowField& field, bool dictionary_values) {
  ArrowValues values;
  values.field = &field;
  values.length = node().length;
  if (values.length != message_.length || values.length < 0) {
    fail_arrow("a column is not as long as its record batch");
  }
  if (field.kind == ArrowKind::null && !field.dictionary) return values;
  const std::string_view validity = buffer();
  if (!validity.empty()) {
    check_size(validity, values.length, 1);
    values.validity = reinterpret_cast<const uint8_t*>(validity.data());
  }
  values.values = buffer();
  if (field.dictionary && !dictionary_values) {
    check_size(values.values, values.length, field.index_bits);
    return values;
  }
  const int64_t bits = value_bits(field);
  const bool text = is_text(field.kind);
  if (values.length > 0) check_size(values.values, values.length + (text ? 1 : 0), bits);
  if (text) {
    values.text = buffer();
    bits == 32 ? check_offsets<int32_t>(values) : check_offsets<int64_t>(values);
  }
  if (field.kind == ArrowKind::utf8_view) {
    if (variadic_ >= message_.variadic.size()) fail_arrow("a record batch has too few buffers");
    for (int64_t i = message_.variadic[variadic_++]; i > 0; --i) values.pieces.push_back(buffer());
    check_views(values);
  }
  return values;
}

void ArrowBatchBody::skip_buffers(int64_t count) {
  if (count < 0 || uint64_t(count) > message_.buffers.size() - buffer_) {
    fail_arrow("a record batch has too few buffers");
  }
  buffer_ += size_t(count);
}

void ArrowBatchBody::skip(const ArrowField& field) {
  node();
  if (field.dictionary) return skip_buffers(2);
  switch (field.kind) {
    case ArrowKind::null:
    case ArrowKind::run_end_encoded:
      break;
    case ArrowKind::structure:
    case ArrowKind::fixed_size_list:
      skip_buffers(1);
      break;
    case ArrowKind::union_of:  // before version 5 with a validity
      skip_buffers(1 + field.dense_union + (message_.version < 4));
      break;
    case ArrowKind::binary:
    case ArrowKind::utf8:
    case ArrowKind::large_binary:
    case ArrowKind::large_utf8:
    case ArrowKind::list_view:
    case ArrowKind::large_list_view:
      skip_buffers(3);
      break;
    case ArrowKind::binary_view:
    case ArrowKind::utf8_view:
      if (variadic_ >= message_.variadic.size()) fail_arrow("a record batch has too few buffers");
      skip_buffers(2);
      skip_buffers(message_.variadic[variadic_++]);
      break;
    default:
      skip_buffers(2);
  }
  for (const ArrowField& child : field.children) skip(child);
}

}  // namespace gristmill
