// Any bytes as Arrow: rows that can be read, or an Error.
#include <string>

#include "frame/testing.h"

using namespace gristmill;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Expected expected = [] {
    Schema schema;
    for (const char* name : {"i8", "u16", "u64", "whole"}) schema.add({name, Type::int64, true});
    for (const char* name : {"f16", "f32", "d18"}) schema.add({name, Type::float64, true});
    for (const char* name : {"text", "large", "view", "word"}) {
      schema.add({name, Type::string, true});
    }
    for (const char* name : {"day", "day64"}) schema.add({name, Type::date, true});
    for (const char* name : {"at_s", "at_ms", "at_ns"}) schema.add({name, Type::timestamp, true});
    schema.add({"instant", Type::timestamptz, true});
    schema.add({"flag", Type::boolean, true});
    return Expected{schema, {"skipped"}};
  }();
  try {
    auto reader =
        read_arrow(bytes_of(std::string(reinterpret_cast<const char*>(data), size)), expected);
    Batch batch;
    std::string text;
    for (int batches = 0; batches < 4 && reader->next(batch); ++batches) {
      for (const Column& column : batch.columns) {
        for (int64_t row = 0; row < batch.rows; ++row) append_canonical(column, row, text);
        text.clear();
      }
    }
  } catch (const Error&) {
  }
  return 0;
}
