// The columns of JSON files, found by looking at all of them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "source/files.h"

namespace gristmill {

struct JsonShape {
  std::vector<std::pair<std::string, std::string>> columns;  // name, type in SQL
  std::vector<std::string> notes;                            // "column price is read as text: …"

  nlohmann::json json() const;
  static JsonShape from_json(const nlohmann::json& in);
};

// Reads the files through: the types hold every value. A column of several kinds of value is text,
// and so is one of times of which only some name their offset. Code::invalid, naming the file and,
// of lines, the line, for what is no object of JSON.
JsonShape look_at_json(SqlSession& session, const std::vector<fs::path>& files);

// What stands in FROM. `filename`: with a column that names each row's file.
std::string json_relation(const std::vector<fs::path>& files, const JsonShape& shape,
                          bool filename);

}  // namespace gristmill
