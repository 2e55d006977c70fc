#include "base/text.h"

#include <immintrin.h>

#include <fmt/format.h>

namespace gristmill {

namespace {

// Bytes of the character at text[i], or 0 when it is not well-formed UTF-8 (Unicode table 3-7).
size_t character_bytes(std::string_view text, size_t i) {
  auto byte = [&](size_t k) { return i + k < text.size() ? uint8_t(text[i + k]) : uint8_t(0); };
  auto follows = [&](size_t k) { return (byte(k) & 0xC0) == 0x80; };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return follows(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const uint8_t low = lead == 0xE0 ? 0xA0 : 0x80;
    const uint8_t high = lead == 0xED ? 0x9F : 0xBF;
    return byte(1) >= low && byte(1) <= high && follows(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const uint8_t low = lead == 0xF0 ? 0x90 : 0x80;
    const uint8_t high = lead == 0xF4 ? 0x8F : 0xBF;
    return byte(1) >= low && byte(1) <= high && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

// The first byte from text[i] on that is not ASCII, or the end.
size_t skip_ascii(std::string_view text, size_t i) {
  for (; i + 32 <= text.size(); i += 32) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text.data() + i));
    const auto high = uint32_t(_mm256_movemask_epi8(bytes));
    if (high != 0) return i + size_t(__builtin_ctz(high));
  }
  while (i < text.size() && uint8_t(text[i]) < 0x80) ++i;
  return i;
}

}  // namespace

size_t find_invalid_utf8(std::string_view text) {
  for (size_t i = skip_ascii(text, 0); i < text.size();) {
    const size_t bytes = character_bytes(text, i);
    if (bytes == 0) return i;
    i += bytes;
    if (i < text.size() && uint8_t(text[i]) < 0x80) i = skip_ascii(text, i);
  }
  return std::string_view::npos;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

std::string shortened(std::string_view text, size_t bytes) {
  if (text.size() <= bytes) return std::string(text);
  while (bytes > 0 && (uint8_t(text[bytes]) & 0xC0) == 0x80) --bytes;
  return std::string(text.substr(0, bytes)) + "…";
}

std::string excerpt(std::string_view text) {
  constexpr int characters_max = 60;
  std::string out = "\"";
  size_t i = 0;
  for (int characters = 0; i < text.size() && characters < characters_max; ++characters) {
    const size_t bytes = character_bytes(text, i);
    if (bytes == 0 || uint8_t(text[i]) < 0x20 || text[i] == 0x7F) {
      out += fmt::format("\\x{:02x}", uint8_t(text[i]));
      i += 1;
    } else {
      out += text.substr(i, bytes);
      i += bytes;
    }
  }
  out += i < text.size() ? "…\"" : "\"";
  return out;
}

}  // namespace gristmill
