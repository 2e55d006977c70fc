#include "base/text.h"
#include "clean/number_form.h"
#include "clean/text_steps.h"
#include "clean/time_form.h"
#include "clean/units.h"

namespace gristmill {
namespace {

const NumberForm plain;
const NumberForm whole{.decimal = 0};

// Digits, two of them but at the front, up to 59 but at the front.
bool take_clock_part(std::string_view& text, bool first, bool last, double& value) {
  const size_t end = text.find_first_not_of("0123456789");
  const size_t digits = end == std::string_view::npos ? text.size() : end;
  if (first ? digits == 0 : digits != 2) return false;
  const NumberForm& form = last ? plain : whole;
  return form.read_front(text, value) && (first || value < 60);
}

// Parts with a colon between, each of which is `scale` seconds and 60 of the next.
bool read_clock(std::string_view text, int parts, double scale, double& seconds) {
  const bool has_seconds = scale == 3600 ? parts == 3 : true;
  seconds = 0;
  for (int part = 0; part < parts; ++part, scale /= 60) {
    double value;
    if (part > 0 && !take(text, ":")) return false;
    const bool last = part == parts - 1;
    if (!take_clock_part(text, part == 0, last && has_seconds, value)) return false;
    seconds += value * scale;
  }
  return text.empty();
}

// P1W, P2DT3H, PT1H30M, PT0.5S. Years and months have no length in seconds.
bool read_iso(std::string_view text, double& seconds) {
  if (!take(text, "P")) return false;
  struct Part {
    char letter;
    double scale;
  };
  static constexpr Part date[] = {{'W', 604800}, {'D', 86400}};
  static constexpr Part clock[] = {{'H', 3600}, {'M', 60}, {'S', 1}};
  bool in_clock = false, any = false;
  size_t next = 0;  // a letter follows those before it
  seconds = 0;
  while (!text.empty()) {
    if (!in_clock && take(text, "T")) {
      in_clock = true;
      next = 0;
      any = false;
      continue;
    }
    double value;
    if (!plain.read_front(text, value) || text.empty()) return false;
    const Part* parts = in_clock ? clock : date;
    const size_t count = in_clock ? std::size(clock) : std::size(date);
    while (next < count && parts[next].letter != text.front()) ++next;
    if (next == count) return false;
    seconds += value * parts[next++].scale;
    text.remove_prefix(1);
    any = true;
  }
  return any;
}

}  // namespace

const std::vector<std::string>& duration_form_names() {
  static const std::vector<std::string> names = {"units", "iso", "h:m:s", "h:m", "m:s"};
  return names;
}

bool read_duration(std::string_view cell, DurationForm form, double& seconds) {
  if (form == DurationForm::units) return read_spans(cell, seconds);
  std::string_view text = trimmed_unicode(cell);
  bool had_sign, read = false;
  const bool negative = take_minus(text, had_sign);
  if (form == DurationForm::iso)
    read = read_iso(text, seconds);
  else if (form == DurationForm::hms)
    read = read_clock(text, 3, 3600, seconds);
  else if (form == DurationForm::hm)
    read = read_clock(text, 2, 3600, seconds);
  else
    read = read_clock(text, 2, 60, seconds);
  if (read && negative) seconds = -seconds;
  return read;
}

}  // namespace gristmill
