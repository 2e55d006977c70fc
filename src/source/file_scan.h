// Files that readers of our own read, one batch after the other: what the SQL function
// gristmill_file() gives. CSV, whose blocks are read side by side, has a function of its own.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/file_system.h"
#include "base/registry.h"
#include "frame/batch.h"
#include "source/source.h"

namespace gristmill {

// Tables of one shape, one a file. They stand in SQL as one call of gristmill_file(): equal scans,
// equal text.
struct FileScan {
  std::string reader;  // a FileReader's name
  std::vector<fs::path> files;
  nlohmann::json options = nlohmann::json::object();  // the reader's: which table of the file, …
  Schema columns = {};
  bool filename = false;  // a last column `filename`

  Schema schema() const;  // of what it gives: with `filename`
  std::string sql() const;
  static FileScan from_options(const std::string& options);  // all but the files
};

struct FileReader {
  std::string name;  // "arrow", "xlsx", …
  // The rows of a file: of the scan's columns the wanted ones, in that order. Errors need not name
  // the file.
  std::function<std::unique_ptr<BatchReader>(const fs::path& file, const FileScan& scan,
                                             const std::vector<size_t>& wanted)>
      open;
};
using FileReaders = Registry<FileReader>;
using RegisterFileReader = Registration<FileReader>;

// The rows of all files, one after the other. `wanted`: columns of scan.schema(). Errors name the
// file. The scan must outlive it.
std::unique_ptr<BatchReader> read_files(const FileScan& scan, const std::vector<size_t>& wanted);

// A scan as a table of a source. Code::invalid for columns that SQL takes for the same.
SourceTable scanned_table(const SourceSpec& spec, const std::string& name, const FileScan& scan);

// One table a file, or one of all with `as`, whose columns must then be the same.
std::vector<SourceTable> scanned_files(const SourceSpec& spec, const SourceKind& kind,
                                       const SourceFiles& files, const std::string& reader,
                                       const std::function<Schema(const fs::path&)>& columns_of);

}  // namespace gristmill
