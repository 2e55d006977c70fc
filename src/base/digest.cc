// OpenSSL's newer one-shot calls look the algorithm up and allocate each time: row keys cannot
// afford it, so the plain SHA256_* functions are used.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/digest.h"

#include <nmmintrin.h>
#include <openssl/sha.h>

#include <cstring>

#include "base/error.h"
#include "base/text.h"

namespace gristmill {

namespace {

std::array<uint8_t, 32> sha256(std::string_view bytes) {
  std::array<uint8_t, 32> out;
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, bytes.data(), bytes.size());
  SHA256_Final(out.data(), &context);
  return out;
}

}  // namespace

Digest Digest::of(std::string_view bytes) { return Digest(sha256(bytes)); }

Digest Digest::parse(std::string_view hex) {
  std::array<uint8_t, 32> bytes;
  bool good = hex.size() == 64;
  for (size_t i = 0; good && i < 32; ++i) {
    int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
    good = high >= 0 && low >= 0;
    bytes[i] = uint8_t(high * 16 + low);
  }
  if (!good)
    throw Error(Code::invalid,
                excerpt(hex) + " is not a digest (64 hexadecimal digits are expected)");
  return Digest(bytes);
}

std::string Digest::hex() const {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(64);
  for (uint8_t byte : bytes_) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::string Digest::brief() const { return hex().substr(0, 12); }

struct Hasher::Context {
  SHA256_CTX sha;
  Context() { SHA256_Init(&sha); }
};

Hasher::Hasher() : context_(std::make_unique<Context>()) {}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::update(std::string_view bytes) { update(bytes.data(), bytes.size()); }

void Hasher::update(const void* data, size_t size) { SHA256_Update(&context_->sha, data, size); }

Digest Hasher::finish() {
  std::array<uint8_t, 32> bytes;
  SHA256_Final(bytes.data(), &context_->sha);
  SHA256_Init(&context_->sha);
  return Digest(bytes);
}

uint64_t digest64(std::string_view bytes) {
  std::array<uint8_t, 32> digest = sha256(bytes);
  uint64_t first;
  std::memcpy(&first, digest.data(), sizeof(first));
  return first;
}

uint32_t crc32c(std::string_view bytes) {
  uint64_t crc = ~uint32_t(0);
  const char* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= 8; at += 8, left -= 8) {
    uint64_t word;
    std::memcpy(&word, at, sizeof(word));
    crc = _mm_crc32_u64(crc, word);
  }
  for (; left > 0; ++at, --left) crc = _mm_crc32_u8(uint32_t(crc), uint8_t(*at));
  return ~uint32_t(crc);
}

}  // namespace gristmill
