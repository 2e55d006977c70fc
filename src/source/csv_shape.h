// CSV files: what the user said of them, and what was found out by looking.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/thread_pool.h"
#include "source/csv_scan.h"
#include "source/files.h"

namespace gristmill {

// What is known of a file once all of it was looked at.
struct CsvShape {
  char delimiter = ',';
  Schema columns;
  std::vector<bool> has_values;     // by column; without any, its type says nothing
  std::vector<bool> long_integers;  // by column: some that float64 may not hold exactly
  int64_t rows = 0;
  std::vector<std::pair<std::string, std::string>> notes;  // column, what was found odd

  nlohmann::json json() const;
  static CsvShape from_json(const nlohmann::json& in);
};

const std::vector<ParamDoc>& csv_params();

// What the user said.
struct CsvReading {
  std::vector<std::string> nulls;
  char delimiter = 0, decimal = '.';
  bool header = true, header_given = false;
  std::string encoding;
  std::map<std::string, Type> types;
  std::string text;  // all but the types: part of the name of remembered shapes

  CsvReading(const Params& params, const std::string& owner);
};

// Reads a file through: its columns' types hold every cell. Code::invalid, naming file and line,
// for what cannot be read.
CsvShape look_at_csv(const fs::path& file, const CsvReading& reading, ThreadPool& pool);

// One shape for all files, whose columns must be the same: the types that hold the values of all.
CsvShape merged_shape(const std::vector<fs::path>& files, const std::vector<CsvShape>& shapes);

}  // namespace gristmill
