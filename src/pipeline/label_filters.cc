// The rows that the label stage leaves out.
#include "pipeline/label_filters.h"

namespace gristmill {
namespace {

struct Slot {
  LabelledChunk chunk;
  KeptRows kept;
  std::unique_ptr<RuleFit> fit;
};

}  // namespace

const Batch& KeptRows::take(const LabelledChunk& chunk, int64_t first_row) {
  rows_.reset(*chunk.rows.schema);
  rows_.append_selected(chunk.rows, chunk.kept.data());
  view_ = rows_.view();
  positions_.clear();
  for_each_bit(chunk.kept.data(), chunk.rows.rows,
               [&](int64_t i) { positions_.push_back(first_row + i); });
  return view_;
}

void fit_filters(LabelStage& labels, RowSource& source, Progress& progress,
                 const std::string& name) {
  std::vector<Slot> slots(size_t(source.slots()));
  while (RuleFit* fit = labels.filter_to_fit()) {
    do {
      progress.begin(name + ": looking for rows to leave out", 0, "rows");
      source.pass(
          [&](const Batch& raw, int64_t first_row, int64_t, int64_t at) {
            Slot& slot = slots[size_t(at)];
            labels.run(raw, first_row, slot.chunk);
            const Batch& rows = slot.kept.take(slot.chunk, first_row);
            slot.fit = fit->clone_empty();
            slot.fit->observe(
                {.rows = rows, .first_row = first_row, .positions = slot.kept.positions()});
          },
          [&](int64_t, int64_t at) { fit->merge(std::move(*slots[size_t(at)].fit)); }, progress);
      progress.end();
    } while (fit->next_pass());
    labels.freeze_filter();
  }
}

void LabelStage::leave_out_broken(size_t begin, LabelledChunk& out) {
  for (size_t i = begin; i < out.scratch.errors.size(); ++i) {
    const int64_t row = out.scratch.errors[i].row;
    if (!get_bit(out.kept.data(), row)) continue;
    clear_bit(out.kept.data(), row);
    out.broken.push_back(i);
  }
}

void LabelStage::add_filter(const RuleSpec& rule, std::unique_ptr<RuleFit> fit) {
  filter_specs_.push_back(rule);
  const bool whole = Rules::instance().get(rule.kind, "rule").whole_table;
  filters_.push_back(whole ? nullptr : fit->freeze());
  filter_fits_.push_back(whole ? std::move(fit) : nullptr);
}

RuleFit* LabelStage::filter_to_fit() const {
  for (const auto& fit : filter_fits_) {
    if (fit != nullptr) return fit.get();
  }
  return nullptr;
}

void LabelStage::freeze_filter() {
  for (size_t i = 0; i < filters_.size(); ++i) {
    if (filter_fits_[i] == nullptr) continue;
    filters_[i] = filter_fits_[i]->freeze();
    filters_[i]->bind(chain_.output());
    filter_fits_[i].reset();
    return;
  }
}

void LabelStage::run_filters(int64_t first_row, LabelledChunk& out) const {
  for (size_t i = 0; i < filters_.size() && filters_[i] != nullptr; ++i) {
    const size_t errors_before = out.scratch.errors.size();
    const uint8_t* keep = filters_[i]->keep(out.rows, out.scratch,
                                            &out.reports[chain_.steps().size() + i], first_row);
    for (size_t e = errors_before; e < out.scratch.errors.size(); ++e)
      out.scratch.errors[e].step = int(chain_.steps().size() + i);
    leave_out_broken(errors_before, out);
    if (keep == nullptr) continue;
    for (size_t byte = 0; byte < out.kept.size(); ++byte) out.kept[byte] &= keep[byte];
  }
}

}  // namespace gristmill
