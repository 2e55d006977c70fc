#include "pipeline/checked_rows.h"

#include <numeric>

#include "clean/check.h"

namespace gristmill {
namespace {

class NumberedRows : public BatchReader {
 public:
  NumberedRows(const CheckedRows& rows, BatchReader& raw, const Schema& schema)
      : rows_(rows), raw_(raw), schema_(schema) {
    schema_.add({check_row_column, Type::int64, false});
  }

  const Schema& schema() const override { return schema_; }

  bool next(Batch& batch) override {
    Batch raw;
    while (raw_.next(raw)) {
      batch = rows_.apply(raw, first_row_, slot_);
      first_row_ += raw.rows;
      if (batch.rows == 0) continue;
      for (int64_t& position : slot_.positions) ++position;
      batch.schema = &schema_;
      batch.columns.push_back(
          {.type = Type::int64, .length = batch.rows, .data = slot_.positions.data()});
      return true;
    }
    return false;
  }

 private:
  const CheckedRows& rows_;
  BatchReader& raw_;
  Schema schema_;
  CheckedRows::Slot slot_;
  int64_t first_row_ = 0;
};

}  // namespace

Batch CheckedRows::apply(const Batch& raw, int64_t first_row, Slot& slot) const {
  slot.positions.clear();
  if (!labels_) {
    slot.positions.resize(size_t(raw.rows));
    std::iota(slot.positions.begin(), slot.positions.end(), first_row);
    return raw;
  }
  labels_->run(raw, first_row, slot.chunk);
  for_each_bit(slot.chunk.kept.data(), raw.rows,
               [&](int64_t i) { slot.positions.push_back(first_row + i); });
  slot.kept.reset(schema());
  slot.kept.append_selected(slot.chunk.rows, slot.chunk.kept.data());
  return slot.kept.view();
}

void CheckedRows::fit(RowSource& source, Progress& progress, const std::string& table) {
  if (labels_) fit_filters(*labels_, source, progress, table);
}

std::unique_ptr<BatchReader> CheckedRows::numbered(BatchReader& raw) const {
  return std::make_unique<NumberedRows>(*this, raw, labels_ ? schema() : raw.schema());
}

}  // namespace gristmill
