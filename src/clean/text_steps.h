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

// Memory for what is made of one text of at most `longest` bytes.
class TextWork {
 public:
  TextWork(size_t longest, Scratch& scratch);

  // The text after a step: `text` itself, a part of it, or bytes that hold until the next call.
  // What is not UTF-8 stays as it is.
  std::string_view run(TextStep step, std::string_view text);

 private:
  std::string_view collapsed(std::string_view text);
  std::string_view cased(TextStep step, std::string_view text);
  std::string_view composed(std::string_view text);
  std::string_view repaired(std::string_view text);

  char* bytes_;
  int32_t* codepoints_;
  int64_t most_codepoints_;
};

// The bytes of the character of white space (Unicode's White_Space) that a text begins with; 0:
// none.
size_t leading_space(std::string_view text);
std::string_view trimmed_unicode(std::string_view text);

}  // namespace gristmill
