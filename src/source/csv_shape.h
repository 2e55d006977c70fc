// CSV files: what the user said of them, and what was found out by looking.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "source/files.h"

namespace gristmill {

// How a file is read, once known: nothing is sniffed twice.
struct CsvShape {
  char delimiter = ',';
  std::vector<std::string> names, types;  // types as SQL
  std::vector<std::string> notes;

  nlohmann::json to_json() const;
  static CsvShape from_json(const nlohmann::json& in);
};

const std::vector<ParamDoc>& csv_params();

// What the user said.
struct CsvReading {
  std::vector<std::string> nulls;
  char delimiter = 0;
  bool header = true, header_given = false;
  std::map<std::string, std::string> types;  // SQL
  std::string text;                          // all of them: part of the name of remembered shapes

  CsvReading(const Params& params, const std::string& owner);
  std::string nulls_sql() const;
};

// The function call that reads files of this shape; `more` is appended to its arguments.
std::string read_csv_sql(const std::vector<fs::path>& files, const CsvShape& shape,
                         const CsvReading& reading, std::string_view more);

// Looks at a file. Dates are ISO 8601 or text: which of day and month comes first is never guessed.
CsvShape sniff_csv(SqlSession& session, const fs::path& file, const CsvReading& reading);

// One shape for all files, whose columns must be the same: the types that hold the values of all.
// A column without values in one file has no say. `digests` may be null.
CsvShape merged_shape(SqlSession& session, const SourceFiles& files,
                      const std::vector<CsvShape>& shapes, const CsvReading& reading,
                      FileDigests* digests);

}  // namespace gristmill
