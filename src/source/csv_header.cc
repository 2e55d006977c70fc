#include "source/csv_header.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <string_view>

#include <fmt/format.h>

#include "base/text.h"
#include "frame/cell.h"
#include "frame/csv_cells.h"
#include "source/encoding.h"
#include "source/files.h"
#include "source/quote.h"
#include "source/unpacked.h"

namespace gristmill {
namespace {

constexpr size_t head_bytes = 1 << 20;

// The first bytes, and the slack.
std::string read_head(const ReadBytes& read) {
  std::string head(head_bytes, '\0');
  size_t have = 0;
  while (const size_t got = read(head.data() + have, head.size() - have)) have += got;
  head.resize(have + csv_slack);
  return head;
}

// How often `delimiter` separates cells of the first record. `head` is followed by csv_slack bytes.
int64_t count_delimiters(std::string_view head, char delimiter) {
  CsvMasks masks(delimiter);
  int64_t count = 0;
  for (size_t at = 0; at < head.size(); at += 64) {
    CsvMasks::Word word = masks.next(head.data() + at);
    uint64_t in_record = word.ends == 0 ? ~uint64_t(0) : (word.ends & -word.ends) - 1;
    if (head.size() - at < 64) in_record &= (uint64_t(1) << (head.size() - at)) - 1;
    count += __builtin_popcountll(word.delimiters & in_record);
    if (word.ends != 0) break;
  }
  return count;
}

// `head`: what was read already, `rest` what follows.
std::vector<std::string> first_record(std::string_view head, const ReadBytes& rest,
                                      char delimiter) {
  const auto all = [&](char* to, size_t size) {
    if (head.empty()) return rest(to, size);
    const size_t part = std::min(size, head.size());
    std::copy_n(head.data(), part, to);
    head.remove_prefix(part);
    return part;
  };
  CsvBlocks blocks(all, delimiter);
  CsvBlock block;
  if (!blocks.next(block)) return {};
  return CsvCells(delimiter).read_header(block);
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

char best_delimiter(std::string_view head) {
  char best = ',';
  for (char candidate : {';', '\t', '|'}) {
    if (count_delimiters(head, candidate) > count_delimiters(head, best)) best = candidate;
  }
  return best;
}

CsvHeader read_csv_header(const fs::path& file, const std::string& encoding, char delimiter) {
  const ReadBytes read = as_utf8(read_unpacked(file), encoding);
  const std::string head = [&] {
    try {
      return read_head(read);
    } catch (const Error& error) {
      throw in_file(error, file);
    }
  }();
  std::string_view text(head.data(), head.size() - csv_slack);
  if (size_t zero = text.find('\0'); zero != text.npos) {
    throw Error(Code::invalid, "there is a zero byte in this line", line_of(file, text, zero),
                "the file is damaged, or not CSV");
  }
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (text.find_first_not_of(" \t\r\n") == text.npos) {
    throw Error(Code::invalid, "the file is empty: not even a header line is in it",
                {.file = file.string(), .line = 1});
  }
  CsvHeader header;
  header.delimiter = delimiter != 0 ? delimiter : best_delimiter(text);
  try {
    header.cells = first_record(text, read, header.delimiter);
  } catch (const Error& error) {
    throw in_file(error, file);
  }
  for (const std::string& cell : header.cells) {
    if (!is_utf8(cell))
      throw Error(Code::invalid, excerpt(cell) + " is not UTF-8",
                  {.file = file.string(), .line = 1},
                  "save the file as UTF-8, or say `encoding: latin1`, or what it is");
  }
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
