// What a table's checks measured of its versions that were as expected: what distributions are
// compared with.
#pragma once

#include <string>

#include "pipeline/workspace.h"

namespace gristmill {

// The last two versions are kept: one that is checked again is compared with what it was compared
// with. Both are roots of the store.
class CheckBaseline {
 public:
  CheckBaseline(Workspace& workspace, const std::string& table)
      : ledger_(workspace.ledger()), store_(workspace.store()), name_("checked/" + table) {}

  // Of the newest kept version that is not `version`: {"table", "rows", "checks"}; null: none.
  nlohmann::json read(const Digest& version);
  // `measured`: the blob of `version`, which is as expected.
  void accept(const Digest& version, const Digest& measured);

 private:
  std::string before() const { return name_ + "/before"; }
  nlohmann::json document(const std::string& ref);  // null: none

  Ledger& ledger_;
  Store& store_;
  std::string name_;
};

}  // namespace gristmill
