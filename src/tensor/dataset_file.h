// Where things lie in a data set's file: see docs/dataset.md.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "tensor/dataset.h"

namespace gristmill::dataset_file {

inline constexpr size_t alignment = 64;
inline constexpr char magic[8] = {'\x89', 'G', 'M', 'D', 'A', 'T', '\r', '\n'};
inline constexpr uint32_t version = 1;

struct Header {
  char magic[8];
  uint32_t version;
  uint32_t weighted;      // 0 or 1
  uint64_t json_bytes;    // of the info that follows the header
  uint64_t fold_rows[3];  // train, validate, test
  uint64_t file_bytes;
  uint32_t json_crc;    // CRC-32C
  uint32_t header_crc;  // of the bytes before it
};
static_assert(sizeof(Header) == 64);

// Where the arrays begin, in bytes; each is `size` long.
struct Section {
  uint64_t at = 0;
  uint64_t size = 0;
};
struct Sections {
  Section floats, codes, target, weight, key, fold;
  uint64_t file_bytes = 0;
  std::array<Section, 6> all() const { return {floats, codes, target, weight, key, fold}; }
};

// Code::exhausted when the sizes overflow.
Sections lay_out(const FeatureLayout& layout, bool weighted, uint64_t json_bytes, uint64_t rows);

uint32_t crc_of(const Header& header);

}  // namespace gristmill::dataset_file
