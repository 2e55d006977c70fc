// DuckDB's bound plan, as json_serialize_plan gives it → our typed tree.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "expr/expr.h"
#include "table/bind.h"

namespace gristmill {

// Translates one bound expression. `columns`: what BOUND_REF counts. Constants that are cast are
// cast here and now; those that become dates or times are asked of DuckDB.
// Code::invalid for what is beyond the closed list, by name.
class PlanTranslator {
 public:
  PlanTranslator(const AskText& ask, const std::vector<Field>& columns)
      : ask_(ask), columns_(columns) {}

  ExprNode translate(const nlohmann::json& plan) { return node_of(plan, 1); }

 private:
  ExprNode node_of(const nlohmann::json& plan, int depth);
  std::vector<ExprNode> nodes_of(const nlohmann::json& plans, int depth);
  ExprNode column_of(const nlohmann::json& plan) const;
  ExprNode cast_of(const nlohmann::json& plan, int depth);
  ExprNode function_of(const nlohmann::json& plan, int depth);
  ExprNode operator_of(const nlohmann::json& plan, int depth);
  ExprNode case_of(const nlohmann::json& plan, int depth);
  ExprNode fold(ExprNode cast) const;
  ExprNode time_constant(const ExprNode& cast) const;
  [[noreturn]] void refuse_function(const std::string& name) const;

  const AskText& ask_;
  const std::vector<Field>& columns_;
};

}  // namespace gristmill
