#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "frame/csv_columns.h"
#include "frame/decoding.h"

namespace gristmill {

namespace {

class CsvReader : public BatchReader {
 public:
  CsvReader(ReadBytes in, const Expected& expected, CsvOptions options, const Unknown& unknown)
      : blocks_(std::move(in), options.delimiter),
        cells_(options.delimiter),
        nulls_(std::move(options.null_values)),
        decimal_(options.decimal),
        rows_(expected.schema) {
    const std::vector<std::string> names = with_place([&] { return read_header(); });
    match_ = match_columns(expected, names);
    if (unknown && !match_.unknown.empty()) unknown(match_.unknown);
  }

  const Schema& schema() const override { return rows_.schema(); }

  bool next(Batch& batch) override {
    while (given_ == in_block_) {
      row_ += in_block_;
      given_ = in_block_ = 0;
      if (!with_place([&] { return next_block(); })) return false;
    }
    batch = slice(rows_.view(), given_, std::min(batch_rows, in_block_ - given_));
    given_ += batch.rows;
    return true;
  }

 private:
  std::vector<std::string> read_header() {
    if (!blocks_.next(block_)) {
      throw Error(Code::invalid, "the CSV is empty", {}, "its first line names the columns");
    }
    has_block_ = true;
    std::vector<std::string> names = cells_.read_header(block_);
    for (size_t i = 0; i < names.size(); ++i) {
      if (!is_utf8(names[i]))
        throw Error(Code::invalid, excerpt(names[i]) + " is not UTF-8", {.line = 1},
                    "save the file as UTF-8");
      if (names[i].empty()) names[i] = fmt::format("column{}", i);  // as a source names it
    }
    return names;
  }

  bool next_block() {
    if (!has_block_ && !blocks_.next(block_)) return false;
    has_block_ = false;
    cells_.find(block_);
    rows_.clear();
    in_block_ = cells_.rows();
    for (size_t c = 0; c < match_.field.size(); ++c) {
      const int i = match_.field[c];
      if (i < 0) continue;
      const auto field = size_t(i);
      read_csv_column(cells_, c, rows_.schema()[field], nulls_, decimal_, rows_[field]);
    }
    for (size_t i = 0; i < match_.source.size(); ++i) {
      if (match_.source[i] >= 0) continue;
      for (int64_t row = 0; row < in_block_; ++row) rows_[i].append_null();
    }
    return true;
  }

  // Lines and rows in a block → in the input, the line in the message.
  template <class Call>
  auto with_place(const Call& call) -> decltype(call()) {
    try {
      return call();
    } catch (const Error& error) {
      Where where = error.where();
      const std::string line = where.line > 0 ? fmt::format("line {}: ", where.line) : "";
      where.line = 0;
      if (where.row >= 0) where.row += row_;
      throw Error(error.code(), line + error.message(), where, error.hint());
    }
  }

  CsvBlocks blocks_;
  CsvBlock block_;
  bool has_block_ = false;  // it has rows that were not looked at
  CsvCells cells_;
  NullTexts nulls_;
  char decimal_;
  ColumnMatch match_;
  BatchBuffer rows_;
  int64_t in_block_ = 0, given_ = 0;  // rows of this block
  int64_t row_ = 0;                   // of the input, before this block
};

}  // namespace

std::unique_ptr<BatchReader> read_csv(ReadBytes in, const Expected& expected, CsvOptions options,
                                      Unknown unknown) {
  return std::make_unique<CsvReader>(std::move(in), expected, std::move(options), unknown);
}

}  // namespace gristmill
