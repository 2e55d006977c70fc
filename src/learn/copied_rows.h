// Some rows of a data set, copied into memory to train and validate on; none to test.
#pragma once

#include <vector>

#include "tensor/dataset.h"

namespace gristmill {

class CopiedRows : public Dataset {
 public:
  // Of `from`, the specs that `skip` (one a spec, or empty) does not say.
  CopiedRows(const Dataset& from, const std::vector<bool>& skip);

  // Another problem than that of `from`: add() is then given the target.
  void set_problem(Problem problem, std::vector<std::string> classes);
  void reserve(int64_t rows);
  void add(int64_t row) { add(row, from_.slice(row, 1).target[0]); }
  void add(int64_t row, double target);
  // What is added from here on validates.
  void end_training() { training_ = rows(); }

  const DatasetInfo& info() const override { return info_; }
  int64_t rows() const override { return int64_t(target_.size()); }
  DatasetRows slice(int64_t begin, int64_t count) const override;
  int64_t fold_begin(Fold fold) const override;
  int64_t fold_rows(Fold fold) const override;

 private:
  const Dataset& from_;
  std::vector<size_t> kept_;  // specs of `from`
  DatasetInfo info_;
  std::vector<float> floats_;
  std::vector<int32_t> codes_;
  std::vector<double> target_, weight_;
  std::vector<uint64_t> key_;
  std::vector<uint8_t> fold_;
  int64_t training_ = -1;  // -1: not ended
};

}  // namespace gristmill
