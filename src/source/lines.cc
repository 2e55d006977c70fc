#include "source/lines.h"

#include <fmt/format.h>

#include "frame/decoding.h"
#include "source/unpacked.h"

namespace gristmill {

Lines::Lines(const fs::path& file) : read_(read_unpacked(file)) {}

bool Lines::next(std::string& line) {
  constexpr size_t step = size_t(1) << 16;
  for (size_t looked = at_;;) {
    const size_t end = rest_.find('\n', looked);
    if (end != std::string::npos || ended_) {
      line.assign(rest_, at_, end - at_);
      const bool any = end != std::string::npos || at_ < rest_.size();
      at_ = end == std::string::npos ? rest_.size() : end + 1;
      number_ += any;
      return any;
    }
    rest_.erase(0, at_);
    at_ = 0;
    looked = rest_.size();
    if (looked > cell_bytes_max)
      throw Error(Code::exhausted, fmt::format("line {} is longer than 64 MiB", number_ + 1));
    rest_.resize(looked + step);
    const size_t got = read_(rest_.data() + looked, step);
    rest_.resize(looked + got);
    ended_ = got == 0;
  }
}

}  // namespace gristmill
