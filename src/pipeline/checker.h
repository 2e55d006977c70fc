// Holds tables to what the project expects of them.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "pipeline/check_subject.h"

namespace gristmill {

// One check and how it came out.
struct CheckOutcome {
  std::string name;
  bool warns = false;  // its level
  Where where;
  Finding finding;

  std::string_view status() const;  // "passed", "warned", "failed"
};

struct CheckedTable {
  std::string table;
  int64_t rows = 0;  // that the checks saw
  double seconds = 0;
  std::vector<CheckOutcome> outcomes;
  std::optional<Error> error;  // why it could not be checked

  int count(std::string_view status) const;
  nlohmann::json json() const;
};

// What checks measure of a table's version is a task, found again by its key; it is judged anew
// each time. A version that did not fail is what the next one is compared with.
class Checker {
 public:
  Checker(const Project& project, Tables& tables, Executor& executor,
          Clock& clock = machine_clock());

  // Once a table; nothing where nothing is expected, and in a plan names and types alone. False:
  // not yet, for its checks may look into other tables while one is `making`. Throws what keeps the
  // table from being checked.
  bool check(const std::string& table, bool making = false);
  // The same for each of them, whatever comes of it: what is thrown stands in results().
  void check_all(const std::vector<std::string>& tables);
  // Code::invalid, with all that failed, where a table that was checked is not as expected.
  void require(const std::string& table) const;

  const std::vector<CheckedTable>& results() const { return results_; }

 private:
  nlohmann::json what(const CheckSubject& subject) const;
  std::vector<TaskNeed> needs(const CheckSubject& subject);
  CheckedTable judge(const CheckSubject& subject, const TaskResult& result);

  const Project& project_;
  Tables& tables_;
  Executor& executor_;
  Clock& clock_;
  std::vector<CheckedTable> results_;
};

// From here on `tables` fails where a table that is used is not as expected. Both outlive its use.
void require_expectations(Tables& tables, Checker& checker);

// Whether anything is expected of a table.
bool has_checks(const std::vector<RuleSpec>& rules);

}  // namespace gristmill
