// How a column writes dates, times and durations.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gristmill {

// A date or time by a format: %Y %y %m %b %B %d %H %I %p %M %S %f %z %%; all else stands for
// itself, and space for any amount of it.
class TimeFormat {
 public:
  // Code::invalid with a message that names what is wrong in it.
  static TimeFormat parse(const std::string& format);

  const std::string& text() const { return text_; }
  bool has_clock() const { return has_clock_; }
  bool has_offset() const { return has_offset_; }

  struct Moment {
    int64_t days = 0;    // since 1970-01-01
    int64_t micros = 0;  // of the day
    int64_t offset = 0;  // seconds east of UTC, where the format has %z
  };
  // A whole cell, with space around it. Allocates nothing.
  bool read(std::string_view cell, Moment& moment) const;
  // 5 April 2003, 08:09:10.5 UTC, as it would be written: of no two fields is it certain which is
  // which.
  std::string sample() const;

 private:
  struct Part {
    char field;  // as after %; 0: literal; ' ': space
    std::string literal;
  };
  std::string text_;
  std::vector<Part> parts_;
  bool has_clock_ = false, has_offset_ = false;
};

// UTC, Z, ±HH, ±HHMM or ±HH:MM, in seconds east of UTC.
std::optional<int64_t> parse_offset(std::string_view text);

enum class DurationForm : uint8_t { units, iso, hms, hm, ms };
const std::vector<std::string>& duration_form_names();  // units, iso, h:m:s, h:m, m:s
// A whole cell, in seconds.
bool read_duration(std::string_view cell, DurationForm form, double& seconds);

}  // namespace gristmill
