// What is expected of tables, as far as Tables has to know of it.
#include <utility>

#include "pipeline/planned_table.h"

namespace gristmill {

void Tables::expect(const std::string& name) {
  if (!expect_) return;
  if (!expect_(name, !making_.empty())) expected_later_.push_back(name);
  if (!making_.empty()) return;
  for (const std::string& later : std::exchange(expected_later_, {})) expect_(later, false);
}

CheckContext Tables::check_context(const std::string& name, const Schema& schema) {
  CheckContext context{.table = name, .schema = schema, .key = key_of(name)};
  if (!context.key.empty()) {
    context.order = CheckContext::Order::key;
  } else if (project_.tables.count(name) == 0 &&
             (frozen_ || source_table(name, {}).single_file_order)) {
    context.order = CheckContext::Order::file;
  }
  context.schema_of = [this](const std::string& table) { return shown(table).schema; };
  context.read_sql = [this, name](std::string& sql) {
    Engine& engine = executor_.workspace().engine();
    sql = Engine::with_params(sql, project_.params);
    try {
      engine.check_repeatable(sql);
      std::vector<std::string> tables = engine.tables_read(sql);
      for (const std::string& table : tables) {
        if (table != name) shown(table);  // or it is not there
      }
      return tables;
    } catch (const Error& error) {
      throw in_sql(error, {});
    }
  };
  return context;
}

}  // namespace gristmill
