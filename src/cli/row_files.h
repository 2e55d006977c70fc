// Files of rows, read against a signature and written whole or not at all.
#pragma once

#include <memory>
#include <string>

#include "base/file_system.h"
#include "frame/readers.h"
#include "frame/writers.h"

namespace gristmill {

// By suffix: .csv .tsv .parquet .arrow .feather .ipc .jsonl .ndjson; "-": standard input, its kind
// told by its first bytes. `null_texts`: what a missing value is in CSV.
std::unique_ptr<BatchReader> open_rows(const std::string& path, const Expected& expected,
                                       const std::vector<std::string>& null_texts,
                                       const Unknown& unknown);

// A file by suffix, written aside; "-": CSV on standard output.
class RowFileWriter {
 public:
  RowFileWriter(const std::string& path, const Schema& schema);
  ~RowFileWriter();
  BatchWriter& writer();
  void publish();  // flushes, fsyncs, renames

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gristmill
