#include "expr/regex.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <string>

#define duckdb_re2 gristmill_re2  // see cmake/dependencies.cmake
#include <re2/re2.h>
#undef duckdb_re2

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace gristmill {
namespace {

namespace re2 = gristmill_re2;

// What a pattern and its automata may hold: an eighth of RE2's own limit. A pattern that needs more
// is refused.
constexpr int64_t pattern_memory = 1 << 20;

re2::RE2::Options read_options(std::string_view options) {
  re2::RE2::Options out;
  out.set_log_errors(false);
  out.set_max_mem(pattern_memory);
  for (char option : options) {
    switch (option) {
      case 'c':
      case 'i':
        out.set_case_sensitive(option == 'c');
        break;
      case 'l':
        out.set_literal(true);
        break;
      case 'm':
      case 'n':
      case 'p':
      case 's':
        out.set_dot_nl(option == 's');
        break;
      case ' ':
      case '\t':
      case '\n':
        break;
      default:
        throw Error(Code::invalid,
                    fmt::format("{} is no option of a regular expression",
                                excerpt(std::string_view(&option, 1))),
                    {}, "the options are c, i, l, m, n, p and s");
    }
  }
  return out;
}

// `\C` matches one byte, which leaves halves of characters.
bool takes_bytes(std::string_view pattern) {
  for (size_t at = 0; (at = pattern.find('\\', at)) != pattern.npos; at += 2) {
    if (pattern.substr(at, 2) == "\\C") return true;
    if (pattern.substr(at, 2) == "\\Q") at = std::min(pattern.find("\\E", at), pattern.size());
  }
  return false;
}

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

// RE2 locks the automaton that it grows while it matches: threads that share one wait for each
// other longer than they match. So each has its own, up to a number; those beyond share.
struct Regex::Impl {
  static constexpr size_t most_copies = 16;
  struct Copy {
    std::once_flag made;
    std::optional<re2::RE2> pattern;
  };

  Impl(std::string_view text, const re2::RE2::Options& options) : pattern(piece(text), options) {}

  const re2::RE2& of_this_thread() const {
    static std::atomic<size_t> threads = 0;
    thread_local const size_t thread = threads++ % (most_copies + 1);
    if (thread == 0) return pattern;
    Copy& copy = copies[thread - 1];
    std::call_once(copy.made, [&] { copy.pattern.emplace(pattern.pattern(), pattern.options()); });
    return *copy.pattern;
  }

  re2::RE2 pattern;
  mutable std::array<Copy, most_copies> copies;
};

Regex::Regex(std::string_view pattern, std::string_view options)
    : impl_(std::make_unique<Impl>(pattern, read_options(options))) {
  if (takes_bytes(pattern) && options.find('l') == options.npos)
    throw Error(
        Code::invalid,
        fmt::format("the regular expression {} takes bytes: \\C is refused", excerpt(pattern)), {},
        "`.` takes one character, `(?s:.)` a line's end too");
  if (impl_->pattern.ok()) return;
  throw Error(Code::invalid, fmt::format("the regular expression {} cannot be read: {}",
                                         excerpt(pattern), impl_->pattern.error()));
}
Regex::~Regex() = default;

bool Regex::matches(std::string_view text) const {
  return re2::RE2::PartialMatch(piece(text), impl_->of_this_thread());
}

bool Regex::matches_all(std::string_view text) const {
  return re2::RE2::FullMatch(piece(text), impl_->of_this_thread());
}

int Regex::groups() const { return impl_->pattern.NumberOfCapturingGroups(); }

bool Regex::replace(std::string& text, std::string_view with) const {
  return re2::RE2::GlobalReplace(&text, impl_->of_this_thread(), piece(with)) > 0;
}

void Regex::check_replacement(const std::string& with) const {
  std::string why;
  if (!impl_->pattern.CheckRewriteString(piece(with), &why))
    throw Error(Code::invalid,
                fmt::format("the replacement {} does not fit its regular expression: {}",
                            excerpt(with), why));
}

std::optional<std::string_view> Regex::find(std::string_view text, int group) const {
  if (group < 0 || group > impl_->pattern.NumberOfCapturingGroups()) return std::nullopt;
  std::array<re2::StringPiece, most_regex_group + 1> found;
  if (!impl_->of_this_thread().Match(piece(text), 0, text.size(), re2::RE2::UNANCHORED,
                                     found.data(), group + 1)) {
    return std::nullopt;
  }
  return std::string_view(found[size_t(group)].data(), found[size_t(group)].size());
}

}  // namespace gristmill
