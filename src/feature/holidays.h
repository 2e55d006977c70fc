// The days of a calendar that people keep apart: which day is one, and how near the next and the
// last are.
#pragma once

#include <cstdint>
#include <vector>

#include "base/file_system.h"
#include "base/state.h"

namespace gristmill {

class Holidays {
 public:
  static constexpr int64_t most_days = 14;  // farther away counts as this far
  static constexpr size_t most = 100'000;

  Holidays() = default;
  // Days since 1970-01-01, in any order, at most `most`.
  explicit Holidays(std::vector<int32_t> days);

  bool empty() const { return days_.empty(); }
  // O(log n); 0 on a holiday.
  int64_t days_to_next(int64_t day) const;
  int64_t days_since_last(int64_t day) const;

  void save(State& state) const;             // as the array `holidays`
  static Holidays load(const State& state);  // Code::corrupt

 private:
  std::vector<int32_t> days_;  // rising
};

// A list of dates as JSON text, "2013-07-04", as people wrote it. Code::invalid.
Holidays parse_holidays(const nlohmann::json& dates);

// The dates of a file, rising, each once: its first column, YYYY-MM-DD, up to a comma, semicolon or
// tab; a first line that begins with a letter is a header. Code::invalid with file and line.
nlohmann::json read_holidays(const fs::path& dir, const std::string& file);

}  // namespace gristmill
