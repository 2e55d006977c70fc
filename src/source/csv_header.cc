#include "source/csv_header.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <string_view>

#include <fmt/format.h>

#include "base/text.h"
#include "frame/cell.h"
#include "frame/csv_cells.h"
#include "source/files.h"
#include "source/quote.h"
#include "source/unpacked.h"

namespace gristmill {
namespace {

constexpr size_t head_bytes = 1 << 20;

std::string head_of_unpacked(const fs::path& file) {
  const ReadBytes read = read_unpacked(file);
  std::string head(head_bytes, '\0');
  size_t have = 0;
  while (const size_t got = read(head.data() + have, head.size() - have)) have += got;
  head.resize(have);
  return head;
}

// The end of the first record: a line end outside quotes, or the end of the text.
size_t record_end(std::string_view text) {
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (!quoted && (text[i] == '\n' || text[i] == '\r')) return i;
  }
  return text.size();
}

int count_outside_quotes(std::string_view record, char wanted) {
  bool quoted = false;
  int count = 0;
  for (char c : record) {
    if (c == '"') quoted = !quoted;
    if (!quoted && c == wanted) ++count;
  }
  return count;
}

char best_delimiter(std::string_view record) {
  char best = ',';
  int most = 0;
  for (char candidate : {',', ';', '\t', '|'}) {
    int count = count_outside_quotes(record, candidate);
    if (count > most) {
      most = count;
      best = candidate;
    }
  }
  return best;
}

std::vector<std::string> split(std::string_view record, char delimiter) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (size_t i = 0; i < record.size(); ++i) {
    char c = record[i];
    if (quoted && c == '"' && i + 1 < record.size() && record[i + 1] == '"') {
      cells.back() += '"';
      ++i;
    } else if (c == '"' && (quoted || cells.back().empty())) {
      quoted = !quoted;
    } else if (c == delimiter && !quoted) {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  return cells;
}

bool is_data(const std::string& cell) {
  if (cell.empty() || std::isalpha(static_cast<unsigned char>(cell[0]))) return false;
  double number;
  int64_t micros;
  return parse_float64(cell, number) || parse_timestamp(cell, micros);
}

Where line_of(const fs::path& file, std::string_view text, size_t at) {
  std::string_view before = text.substr(0, at);
  return {.file = file.string(), .line = 1 + int(std::count(before.begin(), before.end(), '\n'))};
}

}  // namespace

CsvHeader read_csv_header(const fs::path& file, char delimiter) {
  const std::string head = head_of_unpacked(file);
  std::string_view text = head;
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
    throw Error(Code::invalid, "the file is UTF-16", {.file = file.string(), .line = 1},
                "save it as UTF-8");
  }
  if (size_t zero = text.find('\0'); zero != text.npos) {
    throw Error(Code::invalid, "there is a zero byte in this line", line_of(file, text, zero),
                "the file is damaged, or not CSV");
  }
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (text.find_first_not_of(" \t\r\n") == text.npos) {
    throw Error(Code::invalid, "the file is empty: not even a header line is in it",
                {.file = file.string(), .line = 1});
  }
  size_t end = record_end(text);
  if (end == text.size() && head.size() == head_bytes) {
    throw Error(Code::invalid, "the first line does not end within 1 MB",
                {.file = file.string(), .line = 1}, "the file is not CSV, or a quote is left open");
  }
  CsvHeader header;
  std::string_view record = text.substr(0, end);
  header.delimiter = delimiter != 0 ? delimiter : best_delimiter(record);
  header.cells = split(record, header.delimiter);
  if (header.cells.size() > csv_columns_max) {
    throw Error(Code::invalid,
                fmt::format("the first line has {} columns, more than {} are not read",
                            header.cells.size(), csv_columns_max),
                {.file = file.string(), .line = 1}, "is this CSV, and is its delimiter right?");
  }
  if (find_invalid_utf8(record) != record.npos)
    throw Error(Code::invalid, excerpt(record) + " is not UTF-8",
                {.file = file.string(), .line = 1}, "save the file as UTF-8");
  return header;
}

std::vector<std::string> column_names(const fs::path& file, const CsvHeader& header, bool sure) {
  std::vector<std::string> names;
  std::map<std::string, size_t> seen;
  Where where{.file = file.string(), .line = 1};
  for (size_t i = 0; i < header.cells.size(); ++i) {
    const std::string& cell = header.cells[i];
    if (!sure && is_data(cell)) {
      throw Error(Code::invalid,
                  fmt::format("the first line does not name the columns: it holds \"{}\"", cell),
                  where,
                  "add a line with the names, or say `header: false` (columns are then column0, "
                  "column1, …) or `header: true` (it does name them)");
    }
    std::string name = cell.empty() ? fmt::format("column{}", i) : cell;
    auto [first, fresh] = seen.emplace(lower(name), i);
    if (!fresh) {
      throw Error(Code::invalid,
                  fmt::format("columns {} and {} have one name: \"{}\" (SQL ignores case)",
                              first->second + 1, i + 1, name),
                  where, "rename one of them in the first line");
    }
    names.push_back(std::move(name));
  }
  return names;
}

}  // namespace gristmill
