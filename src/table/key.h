// Whether a key tells every row of a table.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "frame/batch.h"
#include "frame/schema.h"
#include "table/engine.h"

namespace gristmill {

// Checks rows that come in the order of their key: equal ones stand side by side. An empty key
// passes.
class KeyCheck {
 public:
  // Code::not_found for a column that is not there. `table`: for errors. Not `unique`: only nulls
  // are refused.
  KeyCheck(const std::vector<std::string>& key, const Schema& schema, const std::string& table,
           bool unique = true);
  // Code::invalid for a null in the key, and for a row whose key is that of the row before.
  void check(const Batch& batch, int64_t first_row);

 private:
  const std::vector<std::string>& key_;
  const std::string& table_;
  const bool unique_;
  std::vector<size_t> columns_;
  std::string cells_, last_;
};

// The same of a relation in any order, by a query.
void check_key(Engine& engine, const std::string& relation, const std::vector<std::string>& key,
               const Schema& schema, const std::string& table);

}  // namespace gristmill
