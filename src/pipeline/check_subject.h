// A table and what is expected of it, ready to be measured.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "clean/expect.h"
#include "pipeline/checked_rows.h"
#include "pipeline/tables.h"

namespace gristmill {

// One check, and the rule that it stands in.
struct ExpectedCheck {
  std::unique_ptr<Check> check;
  bool warns;
  Where where;
};

struct CheckSubject {
  std::string table;
  const PredictSpec* from = nullptr;  // the first prediction that is made from it
  const TableHandle* handle = nullptr;
  std::unique_ptr<CheckedRows> rows;
  std::vector<std::string> key;  // of the columns that are left
  std::vector<ExpectedCheck> expected;

  template <class Visit>
  void for_checks(bool looking, Visit&& visit) const {
    for (const ExpectedCheck& one : expected) {
      if (one.check->looks() == looking) visit(one);
    }
  }
  bool any(bool looking) const {
    bool any = false;
    for_checks(looking, [&](const ExpectedCheck&) { any = true; });
    return any;
  }
  // Columns to read of the stored table; empty: all.
  std::vector<std::string> columns() const;
  std::unique_ptr<BatchReader> read(Workspace& workspace) const {
    return read_version(workspace.engine(), workspace.store(), *handle->version, columns());
  }
};

// Makes the table when it is not there. Code::invalid, Code::not_found, with their places, for
// checks that do not fit it, and for two that can never hold together.
CheckSubject check_subject(const Project& project, Tables& tables, const std::string& table);

}  // namespace gristmill
