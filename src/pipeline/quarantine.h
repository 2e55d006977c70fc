// Rows that training rejects: a rule could not be computed for them, or the target. They are
// counted by what rejected them, and the first ones are kept as they were before the rules.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "frame/scratch.h"
#include "pipeline/project.h"
#include "store/store.h"
#include "table/engine.h"

namespace gristmill {

inline constexpr std::string_view quarantine_type = "application/vnd.gristmill.quarantine.v1";

// Where the worst of it lies.
struct Blame {
  const RuleSpec* rule = nullptr;  // null: the target
  int64_t rows = 0;
  RowError first;  // its row is a position in the table

  // "rule 3 derive, column amount"; "the target".
  std::string text() const;
  // "row 17: "12 kg" is not a float64"
  std::string example() const;
};

class Quarantine {
 public:
  static constexpr int64_t rows_most = 10'000;            // kept
  static constexpr size_t bytes_most = size_t(64) << 20;  // of them, about
  static constexpr double share_to_warn = 0.05;

  Quarantine() = default;
  explicit Quarantine(const Schema& table) : kept_(table) {}

  // Row `error.row` of `raw`, which begins at `first_row` of the table. A row is added once.
  void add(const Batch& raw, int64_t first_row, const RowError& error);
  // `later` is of rows further on, or of steps further on.
  void merge(const Quarantine& later);

  int64_t rows() const { return rows_; }
  // Of the rows kept; their `row` is a position in the table.
  const std::vector<RowError>& errors() const { return errors_; }

  // `rules`: by RowError::step. Most rows first, then in the order of steps.
  std::vector<Blame> blames(const std::vector<RuleSpec>& rules) const;
  std::vector<Blame> blames(std::vector<RuleSpec>&&) const = delete;  // they point into it
  // {"rows", "kept", "by": [{"rule", "kind", "column", "rows", "row", "message"}]}
  nlohmann::json facts(const std::vector<RuleSpec>& rules) const;
  // What to say when a large share of `read` rows is rejected; empty else.
  std::vector<std::string> warnings(const std::vector<RuleSpec>& rules, int64_t read,
                                    const std::string& table) const;

  // As a Parquet blob: row (from 1), rule (its number in the list), kind, column, reason, then the
  // table's columns; where one has such a name, ours has a _ behind it.
  Descriptor write(const std::vector<RuleSpec>& rules, Engine& engine, Store& store) const;

 private:
  struct Count {
    int64_t rows = 0;
    RowError first;
  };
  bool full() const;

  BatchBuffer kept_;
  std::vector<RowError> errors_;
  std::map<std::pair<int, std::string>, Count> by_cause_;  // step and column of the error
  int64_t rows_ = 0;
};

}  // namespace gristmill
