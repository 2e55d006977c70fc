// What a request's form needs to know of a raw column: nulls, range, examples, choices.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "bundle/bundle.h"
#include "frame/batch.h"

namespace gristmill {

class ColumnFacts {
 public:
  ColumnFacts() = default;
  explicit ColumnFacts(const Schema& schema);
  // The rows whose bit in `kept` is set; but a cell may be missing in a request when it was in any
  // row, since none is dropped there. `cleaned`: the same rows after the rules; what they made
  // missing may be missing, too.
  void observe(const Batch& rows, const Batch& cleaned, const uint8_t* kept);
  void merge(const ColumnFacts& later);
  std::vector<SignatureField> fields(const std::vector<std::string>& key) const;

 private:
  struct One {
    int64_t nulls = 0;
    bool seen = false;
    double low = 0, high = 0;     // float64
    int64_t first = 0, last = 0;  // int64 and times
    nlohmann::json example;
    std::set<std::string> choices;
    bool many = false;  // more choices than a form offers
  };
  void observe_column(const Column& column, const uint8_t* kept, One& one);
  Schema schema_;
  std::vector<One> columns_;
};

}  // namespace gristmill
