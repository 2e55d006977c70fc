// The one error value of Gristmill: what went wrong, where, and what to do.
// Libraries throw it; each edge (command line, HTTP, Python) translates it once.
#pragma once

#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace gristmill {

enum class Code : uint8_t {
  usage,        // the command line is wrong: exit 2
  invalid,      // the user's file, data or request is wrong
  not_found,    // a named thing is not there
  conflict,     // somebody else holds it, or it exists already
  corrupt,      // stored bytes are not what they were
  unavailable,  // disk full, network down, permission denied
  exhausted,    // a limit was reached
  interrupted,  // the user or a signal asked us to stop
  internal,     // a bug of ours
};

// "invalid", "not_found", …
std::string_view name_of(Code code);

// Rows are counted from 0 in the program and from 1 wherever people or other programs read of them.
inline int64_t row_number(int64_t position) { return position + 1; }

// Where it went wrong; empty or negative parts are unknown and not printed.
struct Where {
  std::string file;
  int line = 0;    // from 1
  int column = 0;  // from 1
  std::string table;
  std::string field;  // a column of `table`
  int64_t row = -1;   // position; told as row_number()

  bool empty() const;
  // `gristmill.yaml:12:5`, `table flights, column dep_time, row 7`
  std::string text() const;
};

class Error : public std::exception {
 public:
  Error(Code code, std::string message, Where where = {}, std::string hint = {});

  Code code() const { return code_; }
  const std::string& message() const { return message_; }
  const Where& where() const { return where_; }
  const std::string& hint() const { return hint_; }

  // The same error with the unknown parts of its place, or its absent hint, filled in.
  Error at(const Where& where) const;
  Error with_hint(std::string hint) const;

  // `message`, then the place and `hint: …` on lines of their own.
  const char* what() const noexcept override { return text_.c_str(); }
  // {"code", "message", "where": {known parts}, "hint"}
  nlohmann::json json() const;

 private:
  Code code_;
  std::string message_;
  Where where_;
  std::string hint_;
  std::string text_;
};

// What `work` gives. What it throws is at `where`, as far as it does not say itself.
template <class Work>
auto told_at(const Where& where, Work work) {
  try {
    return work();
  } catch (const Error& error) {
    throw error.at(where);
  }
}

// The candidate nearest to `name` (Damerau-Levenshtein distance at most a third of its length, case
// ignored), or "" when none is near. O(candidates · length²).
std::string nearest(std::string_view name, std::span<const std::string> candidates);

// `did you mean "x"?`, or the candidates listed when they are few, or "".
std::string did_you_mean(std::string_view name, std::span<const std::string> candidates);

}  // namespace gristmill
