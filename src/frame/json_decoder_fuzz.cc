// Any bytes as a request: rows or an Error, the same again from a decoder that has seen others.
#include <cstdlib>
#include <string>

#include "frame/cell.h"
#include "frame/readers.h"

using namespace gristmill;

namespace {

Expected expected() {
  return {Schema({{"id", Type::int64, false},
                  {"late", Type::boolean, true},
                  {"x", Type::float64, true},
                  {"s", Type::string, true},
                  {"d", Type::date, true},
                  {"t", Type::timestamp, true}}),
          {"skip", "a name longer than a vector of thirty-two bytes"}};
}

std::string outcome(JsonDecoder& decoder, std::string_view body, BatchBuffer& out) {
  std::string text;
  try {
    for (const std::string& name : decoder.decode(body, 1000, out)) text += name + "\n";
    const Batch batch = out.view();
    for (const Column& column : batch.columns) {
      for (int64_t row = 0; row < batch.rows; ++row) append_canonical(column, row, text);
    }
  } catch (const Error& error) {
    text = error.what();
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static JsonDecoder old(expected());
  static BatchBuffer out;
  std::string body(reinterpret_cast<const char*>(data), size);
  body.append(64, size % 2 == 0 ? ']' : '"');
  const std::string_view view = std::string_view(body).substr(0, size);
  JsonDecoder fresh(expected());
  if (outcome(old, view, out) != outcome(fresh, view, out)) std::abort();
  return 0;
}
