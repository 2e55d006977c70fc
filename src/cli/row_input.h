// Rows that come from outside: files by their suffix, or standard input.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/byte_source.h"
#include "cli/row_files.h"
#include "frame/readers.h"
#include "table/engine.h"

namespace gristmill {

class RowInput {
 public:
  // By suffix: .csv .tsv .parquet .arrow .feather .ipc .jsonl .ndjson, all but .parquet also packed
  // as .gz or .zst; "-": standard input, its kind told by its first bytes.
  explicit RowInput(const std::string& path);

  // All columns that it has, in its order, as its first bytes tell them. Parquet and Arrow say of
  // which type; in JSON lines it is the first value's, numbers being float64; all else is text.
  Schema columns();
  // Once. `null_texts`: what a missing value is in CSV; `decimal`: what stands before a fraction
  // there.
  std::unique_ptr<BatchReader> read(const Expected& expected,
                                    const std::vector<std::string>& null_texts, char decimal,
                                    const Unknown& unknown);

 private:
  char delimiter();  // of CSV: the one that its first line has most of
  Engine& engine();

  std::string path_;
  RowFormat format_;
  std::shared_ptr<ByteSource> bytes_;  // null: Parquet, which is not read as a stream
  ScratchDir scratch_;
  std::unique_ptr<Engine> engine_;  // for Parquet
};

}  // namespace gristmill
