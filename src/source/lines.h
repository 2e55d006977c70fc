// A file line by line, unpacked as it is read: of any size, in the memory of its longest line.
#pragma once

#include <string>

#include "base/file_system.h"
#include "frame/readers.h"

namespace gristmill {

class Lines {
 public:
  explicit Lines(const fs::path& file);
  // Without its line end; false at the end. Code::exhausted for a line beyond 64 MiB.
  bool next(std::string& line);
  int64_t number() const { return number_; }  // of the line given last, from 1

 private:
  ReadBytes read_;
  std::string rest_;
  size_t at_ = 0;
  int64_t number_ = 0;
  bool ended_ = false;
};

}  // namespace gristmill
