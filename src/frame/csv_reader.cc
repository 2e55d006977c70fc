#include <fmt/format.h>

#include "frame/cell.h"
#include "frame/csv_scanner.h"
#include "frame/decoding.h"

namespace gristmill {

namespace {

void check_utf8(std::string_view text, int64_t line, const Where& where) {
  if (find_invalid_utf8(text) == text.npos) return;
  throw Error(Code::invalid, fmt::format("line {}: {} is not UTF-8", line, excerpt(text)), where,
              "save the file as UTF-8");
}

class CsvReader : public BatchReader {
 public:
  CsvReader(ReadBytes in, const Expected& expected, CsvOptions options, const Unknown& unknown)
      : scanner_(std::move(in), options.delimiter),
        null_values_(std::move(options.null_values)),
        rows_(expected.schema) {
    const std::vector<std::string> names = read_header();
    match_ = match_columns(expected, names);
    if (unknown && !match_.unknown.empty()) unknown(match_.unknown);
  }

  const Schema& schema() const override { return rows_.schema(); }

  bool next(Batch& batch) override {
    rows_.clear();
    int64_t count = 0;
    size_t bytes = 0;
    while (count < batch_rows && bytes < batch_bytes && !scanner_.at_end()) {
      count += read_record(bytes);
    }
    if (count == 0) return false;
    append_absent(count);
    rows_.add_rows(count);
    batch = rows_.view();
    return true;
  }

 private:
  std::vector<std::string> read_header() {
    if (scanner_.at_end()) {
      throw Error(Code::invalid, "the CSV is empty", {}, "its first line names the columns");
    }
    std::vector<std::string> names;
    CsvCell cell;
    do {
      cell = scanner_.cell();
      check_utf8(cell.text, 1, {});
      names.emplace_back(cell.text);
    } while (!cell.last);
    return names;
  }

  // False for an empty line, which is a row only where there is one column.
  bool read_record(size_t& bytes) {
    const int64_t line = scanner_.line();
    const size_t columns = match_.field.size();
    CsvCell cell;
    for (size_t c = 0; c < columns; ++c) {
      const int64_t cell_line = scanner_.line();
      cell = scanner_.cell();
      if (c == 0 && columns > 1 && cell.last && cell.text.empty() && !cell.quoted) return false;
      if (cell.last != (c + 1 == columns)) fail_ragged(line, c + 1, cell.last);
      bytes += cell.text.size();
      if (match_.field[c] >= 0) append(size_t(match_.field[c]), cell.text, cell_line);
    }
    ++row_;
    return true;
  }

  void append(size_t i, std::string_view text, int64_t line) {
    const Field& field = rows_.schema()[i];
    if (is_null_value(text)) {
      if (!field.nullable) throw_null(field, row_, fmt::format("line {}: ", line));
      rows_[i].append_null();
      return;
    }
    Where where;
    where.row = row_;
    where.field = field.name;
    if (field.type == Type::string) check_utf8(text, line, where);
    if (append_parsed(rows_[i], text)) return;
    throw Error(Code::invalid,
                fmt::format("line {}: column \"{}\" takes {}, not {}", line, field.name,
                            kind_of(field.type), excerpt(text)),
                where);
  }

  bool is_null_value(std::string_view text) const {
    for (const std::string& value : null_values_) {
      if (text == value) return true;
    }
    return false;
  }

  [[noreturn]] void fail_ragged(int64_t line, size_t cells, bool last) {
    while (!last) {
      last = scanner_.cell().last;
      ++cells;
    }
    Where where;
    where.row = row_;
    throw Error(Code::invalid,
                fmt::format("line {} has {} cells, but the header has {}", line, cells,
                            match_.field.size()),
                where, "a cell that holds the delimiter must be quoted");
  }

  void append_absent(int64_t count) {
    for (size_t i = 0; i < match_.source.size(); ++i) {
      if (match_.source[i] >= 0) continue;
      for (int64_t k = 0; k < count; ++k) rows_[i].append_null();
    }
  }

  CsvScanner scanner_;
  std::vector<std::string> null_values_;
  ColumnMatch match_;
  BatchBuffer rows_;
  int64_t row_ = 0;
};

}  // namespace

std::unique_ptr<BatchReader> read_csv(ReadBytes in, const Expected& expected, CsvOptions options,
                                      Unknown unknown) {
  return std::make_unique<CsvReader>(std::move(in), expected, std::move(options), unknown);
}

}  // namespace gristmill
