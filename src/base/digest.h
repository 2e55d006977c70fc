// SHA-256, the content address of everything (FIPS 180-4).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace gristmill {

class Digest {
 public:
  Digest() = default;  // all zero: no digest
  explicit Digest(std::array<uint8_t, 32> bytes) : bytes_(bytes) {}

  static Digest of(std::string_view bytes);
  // 64 hexadecimal digits; throws Code::invalid otherwise.
  static Digest parse(std::string_view hex);

  std::string hex() const;
  // The first 12 hexadecimal digits: what people see.
  std::string brief() const;
  const std::array<uint8_t, 32>& bytes() const { return bytes_; }
  bool empty() const { return *this == Digest(); }
  auto operator<=>(const Digest&) const = default;

 private:
  std::array<uint8_t, 32> bytes_{};
};

// Digest of a stream of bytes. Not thread-safe.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;

  void update(std::string_view bytes);
  void update(const void* data, size_t size);
  Digest finish();  // leaves the hasher as new

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

// The first 64 bits of SHA-256, little-endian.
uint64_t digest64(std::string_view bytes);

// CRC-32C of a section of a file (Castagnoli polynomial, RFC 3720).
uint32_t crc32c(std::string_view bytes);

}  // namespace gristmill
