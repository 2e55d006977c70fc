// What every learner asks of its rows before it learns.
#pragma once

#include <vector>

#include "base/progress.h"
#include "base/thread_pool.h"
#include "tensor/dataset.h"

namespace gristmill {

// Code::invalid when fold `train` is empty, a target is not finite, or one class only is in it.
void check_training_rows(const Dataset& data);

// Outputs of a model for the problem: one a class for three or more, else 1.
int64_t outputs_of(const DatasetInfo& info);

// Calls run(slot, begin) for each `step`th of `count` rows, on any thread and at most `window` at
// once, then merge(slot) in their order: what is merged does not depend on the threads.
template <class Run, class Merge>
void for_chunks(ThreadPool& pool, int64_t window, int64_t step, int64_t count, Run run,
                Merge merge) {
  std::vector<int64_t> begins(static_cast<size_t>(window));
  int64_t next = 0;
  pool.ordered(
      window,
      [&](int64_t slot) {
        check_interrupted();
        begins[size_t(slot)] = next;
        next += step;
        return begins[size_t(slot)] < count;
      },
      [&](int64_t slot) { run(slot, begins[size_t(slot)]); }, merge);
}

}  // namespace gristmill
