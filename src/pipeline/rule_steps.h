// The rules of a table one by one, in the order in which they run, over rows of which some leave on
// the way.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/rule_maker.h"

namespace gristmill {

struct RuleStep {
  RuleSpec spec;
  RuleStage stage = RuleStage::cells;  // or filter
  std::shared_ptr<const Rule> rule;    // bound over `before`
  Schema before, after;
};

// A batch on its way. Rows that left are still in it, so that a row keeps its position.
struct RowsInSteps {
  Batch rows;
  int64_t first_row = 0;       // in the table
  std::vector<uint8_t> stays;  // bitmap

  void begin(const Batch& batch, int64_t first);
  // The rows that stay, and their positions in the table.
  Batch compact(BatchBuffer& buffer, std::vector<int64_t>& positions) const;
};

// Told of each row that leaves, once.
struct RowsLeaving {
  std::function<void(const RowError&)> broken;  // its row is one of the batch
  std::function<void(int64_t row)> dropped;
};

// Runs one step; errors of rows that had left before count for nothing.
void run_step(const RuleStep& step, RowsInSteps& rows, Scratch& scratch, RuleReport* report,
              const RowsLeaving& leaving);

// ", for example weight: "a stone"" of a cell that came to be missing; "" without such an example.
std::string lost_example(const RuleReport& report);

// "" or what a rule that could not read most of its cells is to be told of.
std::string unread_warning(const std::string& kind, int number, const RuleReport& report,
                           const std::string& table);

using OpenRows = std::function<std::unique_ptr<BatchReader>()>;

// The next step: the rule made over what the steps before it leave, and fitted on their rows when
// it must see the whole table. Code::invalid for one that must see training rows.
RuleStep make_step(const RuleSpec& spec, const std::string& table, const RuleMaker& maker,
                   const Schema& schema, const std::vector<RuleStep>& before, const OpenRows& open);

}  // namespace gristmill
