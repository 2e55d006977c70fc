// Checks that look at each cell of one column alone: bad cells are counted, the first few kept.
#pragma once

#include <string>
#include <vector>

#include "clean/check.h"

namespace gristmill {

// What a check of cells has met.
struct BadCells {
  int64_t rows = 0, present = 0, count = 0;
  std::vector<std::string> examples;
};

class CellCheck : public Check {
 public:
  CellCheck(std::string kind, std::string column)
      : kind_(std::move(kind)), column_(std::move(column)) {}

  const std::string& column() const { return column_; }
  std::string name() const override { return kind_ + " " + column_; }
  std::vector<std::string> reads() const override { return {column_}; }
  void observe(const CheckRows& batch) override;
  void merge(Check&& later) override;
  std::unique_ptr<Check> clone_empty() const override;
  nlohmann::json measured() const override;

  // Sets the bit of each bad cell.
  virtual void find_bad(const Column& column, uint64_t* hits) const = 0;

 protected:
  virtual std::unique_ptr<CellCheck> copy() const = 0;
  virtual bool broken(const BadCells& bad) const { return bad.count > 0; }
  virtual std::string message(const BadCells& bad) const = 0;

 private:
  std::string kind_, column_;
  BadCells bad_;
};

}  // namespace gristmill
