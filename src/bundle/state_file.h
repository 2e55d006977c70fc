// A State as one file: the container of bundles. Byte by byte in docs/bundle.md.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/state.h"

namespace gristmill {

inline constexpr uint32_t state_file_version = 1;

// Deterministic: equal states give equal bytes. Code::exhausted for more than 16 MB of JSON.
std::string write_state_file(const State& state);

struct StateFile {
  State state;          // arrays are views into the bytes, kept alive by `owner`
  std::string version;  // first 12 hex digits of SHA-256 over header and index
  std::map<std::string, int64_t> section_bytes;
};
// Checks every byte: magic, version, lengths, CRCs, SHA-256 (1 ms a MB), padding. Code::corrupt,
// naming `name`.
StateFile read_state_file(std::shared_ptr<const void> owner, std::string_view bytes,
                          const std::string& name);

}  // namespace gristmill
