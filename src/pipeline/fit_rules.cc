#include "pipeline/fit_rules.h"

#include <set>

namespace gristmill {
namespace {

struct Fitting {
  const RuleSpec* spec;
  std::unique_ptr<RuleFit> fit;
  std::vector<std::unique_ptr<RuleFit>> by_slot;  // of the chunk being observed
};

// The rules from `begin` on that can be fitted side by side: none touches what an earlier one does.
std::vector<Fitting> next_group(const std::vector<RuleSpec>& specs, size_t begin,
                                const RuleMaker& maker, const Schema& schema) {
  std::vector<Fitting> group;
  std::set<std::string> touched;
  for (size_t i = begin; i < specs.size(); ++i) {
    std::unique_ptr<RuleFit> fit;
    try {
      fit = maker.make(specs[i], schema);
    } catch (const Error& error) {
      // It may read a column that a rule of this group makes: its turn comes in the next group.
      if (group.empty() || error.code() != Code::not_found) throw;
      break;
    }
    const std::vector<std::string> names = touched_by(*fit);
    const bool waits = std::any_of(names.begin(), names.end(),
                                   [&](const auto& name) { return touched.count(name) > 0; });
    if (waits) break;
    touched.insert(names.begin(), names.end());
    group.push_back({&specs[i], std::move(fit), {}});
  }
  return group;
}

int observe_group(std::vector<Fitting>& group, const TrainingPass& pass, const RuleChain& chain) {
  std::vector<Fitting*> open;
  for (Fitting& fitting : group) {
    if (fitting.fit->needs_rows()) open.push_back(&fitting);
  }
  int passes = 0;
  while (!open.empty()) {
    for (Fitting* fitting : open) fitting->by_slot.resize(size_t(pass.slots));
    pass.run(
        chain,
        [&](const FitBatch& rows, int64_t slot) {
          for (Fitting* fitting : open) {
            fitting->by_slot[slot] = fitting->fit->clone_empty();
            fitting->by_slot[slot]->observe(rows);
          }
        },
        [&](int64_t slot) {
          for (Fitting* fitting : open) fitting->fit->merge(std::move(*fitting->by_slot[slot]));
        });
    ++passes;
    std::erase_if(open, [](Fitting* fitting) { return !fitting->fit->next_pass(); });
  }
  return passes;
}

}  // namespace

int fit_rules(const std::vector<RuleSpec>& specs, const RuleMaker& maker, const TrainingPass& pass,
              RuleChain& chain) {
  int passes = 0;
  for (size_t at = 0; at < specs.size();) {
    std::vector<Fitting> group = next_group(specs, at, maker, chain.output());
    passes += observe_group(group, pass, chain);
    for (Fitting& fitting : group) {
      told_at(fitting.spec->where,
              [&] { chain.append(fitting.spec->kind, fitting.fit->freeze()); });
    }
    at += group.size();
  }
  return passes;
}

}  // namespace gristmill
