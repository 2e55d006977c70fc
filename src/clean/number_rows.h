// Rows of numbers in which some cells are not known: the sample of training rows that methods learn
// from which fill a cell from the others of its row.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "frame/batch.h"

namespace gristmill {

// Not a number where the cell is null or not finite. Of an int64 or float64 column.
inline double known_number(const Column& column, int64_t i) {
  if (column.is_null(i)) return NAN;
  const double value =
      column.type == Type::int64 ? double(column.values<int64_t>()[i]) : column.values<double>()[i];
  return std::isfinite(value) ? value : NAN;
}

// At most `most` rows of `columns` numbers, drawn by a hash of their positions: the same ones
// whatever the chunks. Rows of which nothing is known are passed over.
class NumberRows {
 public:
  NumberRows(size_t columns, size_t most) : columns_(columns), most_(most) {}

  void add(int64_t position, const double* cells);
  void merge(const NumberRows& later);

  // The rows by position, row-major; columns() numbers each.
  std::vector<double> rows() const;
  size_t columns() const { return columns_; }

 private:
  struct Row {
    uint64_t hash;
    int64_t position;
    std::vector<double> cells;
    bool operator<(const Row& other) const {
      return hash != other.hash ? hash < other.hash : position < other.position;
    }
  };
  void trim();

  size_t columns_, most_;
  std::vector<Row> rows_;  // up to twice as many as wanted
};

// Mean and deviation of the known cells of each column; a constant column has deviation 1.
struct Scaling {
  std::vector<double> mean, deviation;
  // `rows` is row-major; every column has a known cell.
  static Scaling of(const std::vector<double>& rows, size_t columns);
};

}  // namespace gristmill
