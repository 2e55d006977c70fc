// Fits the rules that come after the split, in as few passes over the training rows as their order
// allows.
#pragma once

#include <functional>

#include "pipeline/label.h"

namespace gristmill {

// Runs over the training rows, chunk by chunk: `observe` on any thread with its own slot, then
// `merge` in the order of chunks.
struct TrainingPass {
  using Observe = std::function<void(const FitBatch&, int64_t slot)>;
  using Merge = std::function<void(int64_t slot)>;
  // Rows come as `rules` (a chain over the label stage's output) left them.
  std::function<void(const RuleChain& rules, const Observe& observe, const Merge& merge)> run;
  int64_t slots = 1;
};

// Appends the fitted `specs` to `chain`, in the order written. Returns the passes made.
int fit_rules(const std::vector<RuleSpec>& specs, const RuleMaker& maker, const TrainingPass& pass,
              RuleChain& chain);

}  // namespace gristmill
