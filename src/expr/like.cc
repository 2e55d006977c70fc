#include "expr/like.h"

#include "expr/utf8.h"

namespace gristmill::expr_internal {

bool is_like(std::string_view text, std::string_view pattern) {
  constexpr size_t nowhere = std::string_view::npos;
  size_t at = 0, wanted = 0;
  // Where the last `%` stands, and how far it reaches: only that one ever needs to reach further.
  size_t wildcard = nowhere, reach = 0;
  while (true) {
    if (wanted < pattern.size() && pattern[wanted] == '%') {
      wildcard = wanted++;
      reach = at;
      continue;
    }
    if (at == text.size()) return wanted == pattern.size();
    if (wanted < pattern.size() && pattern[wanted] == '_') {
      for (++at; at < text.size() && !starts_character(text[at]);) ++at;
      ++wanted;
    } else if (wanted < pattern.size() && pattern[wanted] == text[at]) {
      ++at;
      ++wanted;
    } else {
      if (wildcard == nowhere || wildcard + 1 == pattern.size()) return wildcard != nowhere;
      at = ++reach;
      wanted = wildcard + 1;
    }
  }
}

}  // namespace gristmill::expr_internal
