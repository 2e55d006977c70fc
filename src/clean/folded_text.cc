#include "clean/folded_text.h"

#include "base/text.h"
#include "expr/unicode.h"

namespace gristmill {
namespace {

using namespace gristmill_utf8proc;

// Of letters of Latin, Greek and Cyrillic; marks that are vowels of other scripts stay.
bool is_accent(int32_t c) { return c >= 0x300 && c <= 0x36f; }

bool is_word_character(int32_t c) {
  const auto category = utf8proc_category(c);
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
}

// The character at byte `at`, which moves behind it; -1 where the bytes are none.
int32_t next_character(std::string_view text, size_t& at) {
  int32_t character = -1;
  const auto size = utf8proc_iterate(reinterpret_cast<const uint8_t*>(text.data() + at),
                                     utf8proc_ssize_t(text.size() - at), &character);
  at += size > 0 ? size_t(size) : 1;
  return size > 0 ? character : -1;
}

// Characters written one after the other, with one space between words and none around them.
class Folded {
 public:
  Folded(char* out, size_t room) : out_(out), room_(room) {}

  void add_space() { space_ = size_ > 0; }
  void add(std::string_view character) {
    if (size_ + space_ + character.size() > room_) {
      fits_ = false;
      return;
    }
    if (space_) out_[size_++] = ' ';
    space_ = false;
    for (char byte : character) out_[size_++] = byte;
  }
  bool fits() const { return fits_; }
  size_t size() const { return size_; }

 private:
  char* out_;
  size_t room_, size_ = 0;
  bool space_ = false, fits_ = true;
};

void add_character(int32_t character, Folded& folded) {
  constexpr auto options =
      utf8proc_option_t(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
  constexpr int most = 32;  // no character decomposes into more than 18
  int32_t parts[most];
  int bound = 0;
  const auto count = utf8proc_decompose_char(character, parts, most, options, &bound);
  for (int k = 0; k < count && k < most; ++k) {
    if (is_accent(parts[k])) continue;
    if (!is_word_character(parts[k])) {
      folded.add_space();
      continue;
    }
    char bytes[4];
    const auto size = utf8proc_encode_char(parts[k], reinterpret_cast<uint8_t*>(bytes));
    folded.add({bytes, size_t(size)});
  }
}

}  // namespace

std::optional<size_t> fold_text(std::string_view text, char* out, size_t room) {
  Folded folded(out, room);
  for (size_t i = 0; i < text.size() && folded.fits();) {
    if (uint8_t(text[i]) < 0x80) {
      const char c = lower(text[i++]);
      if (is_digit(c) || (c >= 'a' && c <= 'z'))
        folded.add({&c, 1});
      else
        folded.add_space();
      continue;
    }
    const int32_t character = next_character(text, i);
    character < 0 ? folded.add_space() : add_character(character, folded);
  }
  return folded.fits() ? std::optional(folded.size()) : std::nullopt;
}

size_t decode_characters(std::string_view text, int32_t* out) {
  size_t count = 0;
  for (size_t i = 0; i < text.size();) {
    const int32_t character = uint8_t(text[i]) < 0x80 ? text[i++] : next_character(text, i);
    if (character >= 0) out[count++] = character;
  }
  return count;
}

}  // namespace gristmill
