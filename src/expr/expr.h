// Typed expressions over the row, evaluated batch by batch, with DuckDB's meaning.
// The tree comes bound: each cast is a node of its own. Who binds the text is table's matter.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "frame/batch.h"
#include "frame/scratch.h"

namespace gristmill {

// A node of the tree. `op` is one of the closed list in docs/expressions.md.
struct ExprNode {
  std::string op;           // "column", "constant", "cast", "+", "case", "lower", …
  Type type = Type::int64;  // of the result
  std::string column;       // op "column"
  nlohmann::json value;     // op "constant": null, bool, int, double or text
  bool try_cast = false;    // op "cast": null instead of an error
  std::vector<ExprNode> args;

  std::vector<std::string> columns() const;  // read by the tree, sorted, unique
  nlohmann::json json() const;
  static ExprNode from_json(const nlohmann::json& json);  // Code::corrupt
};

class Expr {
 public:
  // Resolves columns against `schema`. Code::not_found for an absent column, Code::invalid for an
  // op that is not in the list or not for these types.
  Expr(ExprNode root, const Schema& schema);
  ~Expr();
  Expr(Expr&&) noexcept;

  Type type() const;
  const ExprNode& root() const;
  std::vector<std::string> columns() const { return root().columns(); }

  // The value for each row; valid until `scratch` is cleared. A row for which DuckDB would throw is
  // null, and an error is appended to scratch.errors: it names the one column that failed, or else
  // `field`. Thread-safe.
  Column evaluate(const Batch& batch, Scratch& scratch, std::string_view field = {}) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The closed list, for docs and for the binder: operators and functions by name.
struct ExprOp {
  std::string name;
  std::string signature;  // "least(a, …) → number"
  std::string text;       // one sentence
};
const std::vector<ExprOp>& expr_ops();

}  // namespace gristmill
