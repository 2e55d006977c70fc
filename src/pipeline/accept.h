// Conditions that a new model must meet before it takes the place of the one that is served.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace gristmill {

// `auc >= 0.68`, or `auc >= champion - 0.005`: of the scores on the test rows.
struct AcceptCondition {
  std::string text;  // as written
  std::string metric;
  bool greater = true, equal = true;  // >=, >, <=, <
  bool champion = false;
  double number = 0;  // with champion: added to its score

  static AcceptCondition parse(const std::string& text);  // Code::invalid
};

struct Verdict {
  std::string condition;
  double value = 0, bound = 0;  // of the new model; what it is held against
  bool holds = false;
  nlohmann::json json() const;
  std::string text() const;  // "auc >= champion - 0.005: 0.661 against 0.684"
};

// `champion`: the test scores of the model that is served; empty when there is none, and then a
// condition on it holds. A score that is not defined meets no condition.
std::vector<Verdict> judge(const std::vector<AcceptCondition>& conditions,
                           const std::map<std::string, double>& scores,
                           const std::map<std::string, double>& champion);

}  // namespace gristmill
