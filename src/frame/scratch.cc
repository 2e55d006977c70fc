#include "frame/scratch.h"

#include <fmt/format.h>

#include "base/error.h"

namespace gristmill {

ColumnBuffer& Scratch::column(Type type) {
  if (next_column_ == columns_.size()) columns_.emplace_back(type);
  ColumnBuffer& column = columns_[next_column_++];
  column.reset(type);
  return column;
}

char* Scratch::raw(size_t bytes) {
  if (next_block_ == blocks_.size()) blocks_.emplace_back();
  std::vector<char>& block = blocks_[next_block_++];
  if (block.size() < bytes) block.resize(std::max(bytes, block.size() * 2));
  return block.data();
}

void Scratch::clear() {
  next_column_ = 0;
  next_block_ = 0;
  text_made_ = 0;
  errors.clear();
}

void Scratch::throw_too_much_text() const {
  throw Error(Code::exhausted,
              fmt::format("rules make more than {} MiB of text of these rows", text_limit_ >> 20));
}

}  // namespace gristmill
