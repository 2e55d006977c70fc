#include "source/encoding.h"

#include <iconv.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "source/unpacked.h"

namespace gristmill {
namespace {

class Converter {
 public:
  explicit Converter(const std::string& from) : handle_(::iconv_open("UTF-8", from.c_str())) {
    if (handle_ != iconv_t(-1)) return;
    throw Error(Code::invalid, fmt::format("there is no encoding \"{}\"", from), {},
                "for example latin1, windows-1252, utf-16 or shift-jis; `iconv -l` lists all");
  }
  ~Converter() {
    if (handle_ != iconv_t(-1)) ::iconv_close(handle_);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;
  iconv_t get() const { return handle_; }

 private:
  iconv_t handle_;
};

class Converted {
 public:
  Converted(ReadBytes in, const std::string& encoding)
      : in_(std::move(in)), encoding_(encoding), converter_(encoding) {}

  size_t read(char* to, size_t size) {
    if (at_ == made_) convert();
    const size_t part = std::min(size, made_ - at_);
    std::copy_n(out_.data() + at_, part, to);
    at_ += part;
    return part;
  }

 private:
  // The next piece of text; none at the end.
  void convert() {
    at_ = made_ = 0;
    while (made_ == 0) {
      const size_t got = in_(bytes_.data() + have_, bytes_.size() - have_);
      have_ += got;
      char *from = bytes_.data(), *out = out_.data();
      size_t left = out_.size();
      if (have_ == 0) {
        // Some encodings hold a character back until they know what follows it.
        ::iconv(converter_.get(), nullptr, nullptr, &out, &left);
        made_ = size_t(out - out_.data());
        return;
      }
      const bool failed = ::iconv(converter_.get(), &from, &have_, &out, &left) == size_t(-1);
      // A character may be cut in two by the end of the buffer, but not by that of the text.
      if (failed && (errno == EILSEQ || (errno == EINVAL && got == 0))) fail(from[0]);
      std::copy_n(from, have_, bytes_.data());
      made_ = size_t(out - out_.data());
    }
  }

  [[noreturn]] void fail(char byte) const {
    throw Error(
        Code::invalid,
        fmt::format("a byte {:02X} in it is not {}", static_cast<unsigned char>(byte), encoding_),
        {}, "name the encoding that it has, as `encoding: windows-1252`");
  }

  ReadBytes in_;
  std::string encoding_;
  Converter converter_;
  std::vector<char> bytes_ = std::vector<char>(size_t(64) << 10);
  size_t have_ = 0;
  std::vector<char> out_ = std::vector<char>(size_t(64) << 10);
  size_t made_ = 0, at_ = 0;
};

// `head`, then what follows.
class Rejoined {
 public:
  Rejoined(std::string head, ReadBytes rest) : head_(std::move(head)), rest_(std::move(rest)) {}
  size_t read(char* to, size_t size) {
    if (at_ == head_.size()) return rest_(to, size);
    const size_t part = std::min(size, head_.size() - at_);
    std::copy_n(head_.data() + at_, part, to);
    at_ += part;
    return part;
  }

 private:
  std::string head_;
  ReadBytes rest_;
  size_t at_ = 0;
};

}  // namespace

void check_encoding(const std::string& encoding) { Converter{encoding}; }

ReadBytes as_utf8(ReadBytes in, const std::string& encoding) {
  if (!encoding.empty()) return reader_of<Converted>(std::move(in), encoding);
  std::string head(2, '\0');
  size_t have = 0;
  while (have < head.size()) {
    const size_t got = in(head.data() + have, head.size() - have);
    if (got == 0) break;
    have += got;
  }
  head.resize(have);
  const bool is_utf16 = head == "\xFF\xFE" || head == "\xFE\xFF";
  ReadBytes all = reader_of<Rejoined>(std::move(head), std::move(in));
  return is_utf16 ? reader_of<Converted>(std::move(all), std::string("UTF-16")) : all;
}

}  // namespace gristmill
