// Columns taken of a frozen reference table: what `lookup` and `fuzzy_lookup` add to rows.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "clean/frozen_table.h"
#include "clean/rule.h"

namespace gristmill {

class TakenColumns {
 public:
  // `names` are those of the frozen table's values in the rows. `owner`: "rule lookup", for
  // messages.
  TakenColumns(std::string owner, std::string table, std::vector<std::string> names,
               FrozenTable frozen);

  const FrozenTable& frozen() const { return frozen_; }
  const std::string& table() const { return table_; }
  const std::vector<std::string>& names() const { return names_; }
  bool empty() const { return names_.empty(); }

  // `by`: the first column of the key, for a hint. Code::invalid where one is there already.
  void add_to(Schema& schema, const std::string& by) const;
  void restrict_to(const std::set<std::string>& columns);
  // Adds the cells of the row found for each of `rows`; nulls where none was.
  void append(const uint32_t* found, Batch& rows, Scratch& scratch, RuleReport* report) const;

 private:
  std::string owner_, table_;
  std::vector<std::string> names_;
  FrozenTable frozen_;
};

// Pairs of a name here and the name there, given as a name, a list, or {here: there}.
std::vector<std::pair<std::string, std::string>> parse_pairs(const nlohmann::json& given,
                                                             const std::string& param,
                                                             const std::string& owner);

// The reference's columns that `take` names, with what they are called here.
struct TakeParams {
  std::vector<std::string> here, there;
};
TakeParams parse_take(const nlohmann::json& given, const std::string& owner);

}  // namespace gristmill
