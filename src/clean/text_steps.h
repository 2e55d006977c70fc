// What can be done to a text, one step after the other.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frame/scratch.h"

namespace gristmill {

enum class TextStep : uint8_t { repair, nfc, trim, collapse, lower, upper, title };

const std::vector<std::string>& text_step_names();
const std::string& name_of(TextStep step);
std::optional<TextStep> parse_text_step(std::string_view name);

// Memory for what is made of texts.
class TextWork {
 public:
  explicit TextWork(Scratch& scratch) : scratch_(scratch) {}

  // The text after a step: `text` itself, a part of it, or bytes that hold until the call after the
  // next: a step may go on from the answer of the one before. What is not UTF-8 stays as it is.
  std::string_view run(TextStep step, std::string_view text);

 private:
  void make_room(size_t bytes);
  std::string_view collapsed(std::string_view text);
  std::string_view cased(TextStep step, std::string_view text);
  std::string_view composed(std::string_view text);
  std::string_view repaired(std::string_view text);

  Scratch& scratch_;
  size_t longest_ = 0;                              // text that there is room for
  char *bytes_ = nullptr, *other_bytes_ = nullptr;  // of this step, and of the one before
  int32_t* codepoints_ = nullptr;
  int64_t most_codepoints_ = 0;
};

// The bytes of the character of white space (Unicode's White_Space) that a text begins with; 0:
// none.
size_t leading_space(std::string_view text);
std::string_view trimmed_unicode(std::string_view text);

}  // namespace gristmill
