// Any bytes as CSV and as JSON lines, in pieces of any size: the same rows or the same Error.
#include <cstdlib>
#include <string>

#include "frame/testing.h"

using namespace gristmill;

namespace {

template <class Open>
std::string outcome(const Open& open) {
  std::string text;
  try {
    auto reader = open();
    for (const std::string& row : rows_of(*reader)) text += row + "\n";
  } catch (const Error& error) {
    text = error.what();
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Expected expected{
      Schema({{"a", Type::int64, true}, {"b", Type::string, true}, {"c", Type::timestamp, true}}),
      {"z"}};
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  auto csv = [&](size_t piece) {
    return outcome([&] { return read_csv(bytes_of(bytes, piece), expected); });
  };
  auto json = [&](size_t piece) {
    return outcome([&] { return read_json_lines(bytes_of(bytes, piece), expected); });
  };
  if (csv(1) != csv(1000) || json(1) != json(1000)) std::abort();
  return 0;
}
