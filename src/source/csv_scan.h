// CSV files as a table: what the SQL function gristmill_csv() reads, and their blocks in turn.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "frame/csv_cells.h"
#include "frame/schema.h"

namespace gristmill {

// Files of one shape. They stand in SQL as one call of gristmill_csv(): equal scans, equal text.
struct CsvScan {
  std::vector<fs::path> files;
  char delimiter = ',', decimal = '.';
  bool header = true;
  std::string encoding = {};  // as as_utf8() takes it
  std::vector<std::string> nulls = {};
  Schema columns = {};
  bool filename = false;  // a last column `filename`
  int64_t rows = -1;      // in all; negative: not known

  Schema schema() const;  // of what it gives: with `filename`
  std::string sql() const;
  static CsvScan from_options(const std::string& options);  // all but the files
};

// An error in a block: with the file in place of the row of the block, which says nothing to
// people.
Error in_scan(const Error& error, const fs::path& file);

// The blocks of all files, one after the other. Thread-safe.
class CsvScanBlocks {
 public:
  explicit CsvScanBlocks(const CsvScan& scan) : scan_(scan) {}
  // False at the end. `file`: its place in scan.files. `cells` is made ready to find() the rows of
  // the block. Errors name the file.
  bool next(CsvBlock& block, size_t& file, CsvCells& cells);

 private:
  const CsvScan& scan_;
  std::mutex mutex_;
  size_t file_ = 0;
  std::unique_ptr<CsvBlocks> blocks_;
};

}  // namespace gristmill
