// Conditions that a server may judge by rules of its own: which of them let all rows through that
// SQL here does.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace gristmill {

// A literal that servers read as we do. Backslashes are escapes to some, and dates beyond four
// digits a year are written in other ways. `ascii_only`: of text.
bool is_plain(const std::string& literal, const std::string& type, bool ascii_only);

// A column, by its names as written, beside constants: `a.day >= DATE '2024-01-01'`, `day BETWEEN
// …`, `name IN ('x', 'y')`.
struct ComparedColumn {
  std::vector<std::string> name;
  std::vector<const nlohmann::json*> constants;
  bool equal = false;  // it is one of them
};

// Points into `condition`; without a name for any other.
ComparedColumn compared_column(const nlohmann::json& condition);
// Whether a server lets through what we do, where the column has this type here: real dates, and
// numbers; of texts those that are equal byte by byte are equal by any collation.
bool can_send(const ComparedColumn& compared, const std::string& type, bool ascii_only);

}  // namespace gristmill
