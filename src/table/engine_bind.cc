#include "table/bind.h"
#include "table/engine.h"

namespace gristmill {

Expr Engine::bind(const std::string& text, const Schema& schema) {
  return bind_expression([this](const std::string& sql) { return rows(sql).at(0).at(0); }, text,
                         schema);
}

}  // namespace gristmill
