// Checks that ask SQL for failing rows: what looks beyond one row, or into other tables. DuckDB
// streams and spills, so that they take any size.
#pragma once

#include <string>

#include "clean/check.h"

namespace gristmill {

// ops.planes → "ops"."planes"
std::string quote_table(const std::string& name);

class QueryCheck : public Check {
 public:
  bool looks() const override { return true; }
  std::unique_ptr<Check> clone_empty() const override;
  void look(const WholeTable& table) override;
  nlohmann::json measured() const override { return finding_.json(); }

 protected:
  // A SELECT of the failing rows, of the table's own ones with their check_row_column.
  virtual std::string failing(const WholeTable& table) const = 0;
  // `rows`: "3 rows".
  virtual std::string message(const std::string& rows) const = 0;

 private:
  Finding finding_;
};

}  // namespace gristmill
