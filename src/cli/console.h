// How the command line talks: progress and notes to stderr, tables to stdout.
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <vector>

#include "base/number_text.h"
#include "base/progress.h"
#include "learn/bootstrap.h"

namespace gristmill {

// On a terminal one line that is rewritten, with rows/s and time left; elsewhere a plain line for
// each step that took long enough to be worth one.
class ConsoleProgress : public Progress {
 public:
  ConsoleProgress();
  void begin(std::string_view step, int64_t total, std::string_view unit) override;
  void advance(int64_t done) override;
  void end() override;
  void note(std::string_view text) override;
  void clear();  // the rewritten line

 private:
  using Clock = std::chrono::steady_clock;
  void draw();

  std::mutex mutex_;
  bool terminal_;
  bool drawn_ = false;
  std::string step_, unit_;
  int64_t total_ = 0, done_ = 0;
  Clock::time_point begun_, shown_;
};

// With a space for each control character but the ends of lines: a cell's are not the terminal's.
std::string without_controls(std::string text);

// "1.2 MB"; "0.8 s".
std::string bytes_text(int64_t bytes);
std::string seconds_text(double seconds);
std::string interval_text(const Interval& interval);  // "0.6871 … 0.6958"

// Columns lined up by their widest cell (as seen: UTF-8 code points); numbers to the right. The
// first rows decide; later ones may be wider.
class TextTable {
 public:
  TextTable(std::vector<std::string> head, const std::vector<std::vector<std::string>>& first_rows);
  std::string head() const;  // with a rule below
  std::string line(const std::vector<std::string>& row) const;

 private:
  std::vector<std::string> head_;
  std::vector<size_t> widths_;
  std::vector<bool> numeric_;
};

std::string text_table(const std::vector<std::string>& head,
                       const std::vector<std::vector<std::string>>& rows);
// Each of the lines, which all end, by two spaces to the right; empty ones stay so.
std::string indented(const std::string& lines);

}  // namespace gristmill
