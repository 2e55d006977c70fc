#include <fmt/format.h>

#include <cstring>

#include "frame/decoding.h"
#include "frame/json_rows.h"

namespace gristmill {

namespace {

// Lines of a stream; the buffer always has room for a vector load past its end.
class Lines {
 public:
  explicit Lines(ReadBytes in) : in_(std::move(in)), data_((size_t(1) << 18) + slack) {}

  // The next line without its LF; false at the end. Valid until the next call.
  bool next(std::string_view& line) {
    size_t searched = begin_;
    for (;;) {
      const char* from = data_.data() + searched;
      const void* found = std::memchr(from, '\n', end_ - searched);
      if (found != nullptr) {
        const size_t at = size_t(static_cast<const char*>(found) - data_.data());
        line = {data_.data() + begin_, at - begin_};
        begin_ = at + 1;
        break;
      }
      searched = end_ - begin_;
      if (read_more()) continue;
      if (begin_ == end_) return false;
      line = {data_.data() + begin_, end_ - begin_};
      begin_ = end_;
      break;
    }
    if (number_++ == 0 && line.substr(0, 3) == "\xEF\xBB\xBF") line.remove_prefix(3);
    return true;
  }
  int64_t number() const { return number_; }  // of the line handed out last, from 1

 private:
  static constexpr size_t slack = 64;

  // Leaves the open line at the front.
  bool read_more() {
    std::memmove(data_.data(), data_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (exhausted_) return false;
    if (end_ > cell_bytes_max) {
      throw Error(Code::exhausted, fmt::format("line {} is longer than 64 MiB", number_ + 1));
    }
    if (data_.size() - slack - end_ < data_.size() / 2) data_.resize(data_.size() * 2);
    const size_t got = in_(data_.data() + end_, data_.size() - slack - end_);
    end_ += got;
    exhausted_ = got == 0;
    return !exhausted_;
  }

  ReadBytes in_;
  std::vector<char> data_;
  size_t begin_ = 0;
  size_t end_ = 0;
  bool exhausted_ = false;
  int64_t number_ = 0;
};

class JsonLinesReader : public BatchReader {
 public:
  JsonLinesReader(ReadBytes in, const Expected& expected, Unknown unknown)
      : schema_(expected.schema),
        lines_(std::move(in)),
        rows_(expected),
        unknown_(std::move(unknown)) {}

  const Schema& schema() const override { return schema_; }

  bool next(Batch& batch) override {
    rows_.begin(out_);
    int64_t count = 0;
    size_t bytes = 0;
    std::string_view line;
    while (count < batch_rows && bytes < batch_bytes && lines_.next(line)) {
      bytes += line.size();
      count += append(line);
    }
    if (count == 0) return false;
    if (unknown_) {
      if (!rows_.unknown().empty()) unknown_(rows_.unknown());
      unknown_ = nullptr;
    }
    batch = out_.view();
    return true;
  }

 private:
  // False for a blank line.
  bool append(std::string_view line) {
    in_.start(line);
    if (in_.peek() == 0) return false;
    try {
      if (const size_t at = find_invalid_utf8(line); at != line.npos) {
        throw MalformedJson(fmt::format(" at byte {}: it is not UTF-8", at));
      }
      rows_.append(in_, row_, out_);
      in_.expect_end();
    } catch (const Error& error) {
      Where where;
      where.row = row_;
      throw Error(error.code(), fmt::format("line {}: {}", lines_.number(), error.message()),
                  error.where(), error.hint())
          .at(where);
    }
    ++row_;
    return true;
  }

  Schema schema_;
  Lines lines_;
  JsonScanner in_;
  JsonRows rows_;
  BatchBuffer out_;
  Unknown unknown_;
  int64_t row_ = 0;
};

}  // namespace

std::unique_ptr<BatchReader> read_json_lines(ReadBytes in, const Expected& expected,
                                             Unknown unknown) {
  return std::make_unique<JsonLinesReader>(std::move(in), expected, std::move(unknown));
}

}  // namespace gristmill
