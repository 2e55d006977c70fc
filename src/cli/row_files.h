// Files of rows by their suffix, written whole or not at all.
#pragma once

#include <memory>
#include <string>

#include "base/file_system.h"
#include "frame/writers.h"

namespace gristmill {

enum class RowFormat { csv, tsv, parquet, arrow, json_lines };
RowFormat format_of(const std::string& path);  // by its suffix; Code::usage for others

// Code::usage when `output` is the very file that is read; "-" is none.
void refuse_overwriting(const std::string& input, const std::string& output);

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
