#include "cli/console.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <fmt/format.h>

namespace gristmill {
namespace {

constexpr double draw_every = 0.1;    // seconds
constexpr double worth_a_line = 1.0;  // seconds

double seconds_since(std::chrono::steady_clock::time_point then) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - then).count();
}

size_t width_of(std::string_view text) {
  size_t width = 0;
  for (const char c : text) width += (c & 0xc0) != 0x80;
  return width;
}

bool looks_numeric(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.,-+e% ") == std::string_view::npos;
}

}  // namespace

ConsoleProgress::ConsoleProgress() : terminal_(::isatty(STDERR_FILENO) == 1) {}

void ConsoleProgress::begin(std::string_view step, int64_t total, std::string_view unit) {
  const std::lock_guard lock(mutex_);
  step_ = step;
  unit_ = unit;
  total_ = total;
  done_ = 0;
  begun_ = shown_ = Clock::now();
  if (terminal_) draw();
}

void ConsoleProgress::advance(int64_t done) {
  const std::lock_guard lock(mutex_);
  done_ += done;
  if (terminal_ && seconds_since(shown_) >= draw_every) draw();
}

void ConsoleProgress::draw() {
  shown_ = Clock::now();
  const double spent = seconds_since(begun_);
  std::string line = step_;
  if (done_ > 0) {
    line += fmt::format("  {} {}", grouped(done_), unit_);
    if (spent > 0.5)
      line += fmt::format("  {} {}/s", grouped(int64_t(double(done_) / spent)), unit_);
    if (total_ > done_ && spent > 0.5)
      line +=
          fmt::format("  {} left", seconds_text(spent * double(total_ - done_) / double(done_)));
  }
  fmt::print(stderr, "\r\033[K{}", line);
  std::fflush(stderr);
  drawn_ = true;
}

void ConsoleProgress::end() {
  const std::lock_guard lock(mutex_);
  if (terminal_) {
    fmt::print(stderr, "\r\033[K");
    drawn_ = false;
    return;
  }
  const double spent = seconds_since(begun_);
  if (spent < worth_a_line) return;
  fmt::print(stderr, "{}{} in {}\n", step_,
             done_ > 0 ? fmt::format(": {} {}", grouped(done_), unit_) : "", seconds_text(spent));
}

void ConsoleProgress::note(std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (drawn_) fmt::print(stderr, "\r\033[K");
  drawn_ = false;
  fmt::print(stderr, "{}\n", text);
}

void ConsoleProgress::clear() {
  const std::lock_guard lock(mutex_);
  if (drawn_) fmt::print(stderr, "\r\033[K");
  drawn_ = false;
}

std::string without_controls(std::string text) {
  for (char& c : text) {
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f) c = ' ';
  }
  return text;
}

std::string bytes_text(int64_t bytes) {
  static constexpr const char* units[] = {"B", "kB", "MB", "GB", "TB"};
  double value = double(bytes);
  size_t unit = 0;
  for (; value >= 1000 && unit < 4; ++unit) value /= 1000;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, units[unit]);
}

std::string seconds_text(double seconds) {
  if (seconds < 10) return fmt::format("{:.1f} s", seconds);
  if (seconds < 120) return fmt::format("{:.0f} s", seconds);
  return fmt::format("{:.0f} min", seconds / 60);
}

std::string interval_text(const Interval& interval) {
  if (std::isnan(interval.low)) return score_text(interval.low);
  return fmt::format("{} … {}", score_text(interval.low), score_text(interval.high));
}

TextTable::TextTable(std::vector<std::string> head,
                     const std::vector<std::vector<std::string>>& first_rows)
    : head_(std::move(head)), numeric_(head_.size(), !first_rows.empty()) {
  for (const std::string& cell : head_) widths_.push_back(width_of(cell));
  for (const auto& row : first_rows) {
    for (size_t c = 0; c < row.size(); ++c) {
      widths_[c] = std::max(widths_[c], width_of(row[c]));
      if (!row[c].empty() && row[c] != "–" && !looks_numeric(row[c])) numeric_[c] = false;
    }
  }
}

std::string TextTable::head() const {
  std::vector<std::string> rule;
  for (const size_t width : widths_) {
    std::string& dashes = rule.emplace_back();
    for (size_t i = 0; i < width; ++i) dashes += "─";
  }
  return line(head_) + line(rule);
}

std::string TextTable::line(const std::vector<std::string>& row) const {
  std::string line;
  for (size_t c = 0; c < row.size(); ++c) {
    const size_t width = width_of(row[c]);
    const std::string padding(widths_[c] > width ? widths_[c] - width : 0, ' ');
    line += numeric_[c] ? padding + row[c] : row[c] + padding;
    if (c + 1 < row.size()) line += "  ";
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line + "\n";
}

std::string text_table(const std::vector<std::string>& head,
                       const std::vector<std::vector<std::string>>& rows) {
  const TextTable table(head, rows);
  std::string out = table.head();
  for (const auto& row : rows) out += table.line(row);
  return out;
}

std::string indented(const std::string& lines) {
  std::string out;
  for (size_t at = 0; at < lines.size();) {
    const size_t end = std::min(lines.find('\n', at), lines.size() - 1);
    out += (end == at ? "" : "  ") + lines.substr(at, end - at + 1);
    at = end + 1;
  }
  return out;
}

}  // namespace gristmill
