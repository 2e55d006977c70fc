#include "pipeline/planned_table.h"

#include <fmt/format.h>

#include "expr/op.h"
#include "table/key.h"

namespace gristmill {

void plan_columns(TableHandle& handle, Schema schema) {
  std::vector<std::string> columns;
  for (const Field& field : schema.fields()) {
    columns.push_back(
        fmt::format("CAST(NULL AS {}) AS {}", sql_name(field.type), quote_name(field.name)));
  }
  handle.relation = fmt::format("(SELECT {} WHERE false)", fmt::join(columns, ", "));
  handle.schema = std::move(schema);
}

Error in_sql(const Error& error, const Where& where) {
  if (!error.where().file.empty() || error.where().line == 0) return error.at(where);
  Where inner = error.where();
  const std::string place = fmt::format("line {}, column {} of the SQL", inner.line, inner.column);
  inner.line = inner.column = 0;
  return Error(error.code(), fmt::format("{} ({})", error.message(), place), inner, error.hint())
      .at(where);
}

namespace {

void check_key_columns(const VersionRequest& request, const Schema& schema) {
  told_at({.table = request.table}, [&] { KeyCheck(request.key, schema, request.table); });
}

}  // namespace

Schema Tables::planned_schema(const VersionRequest& request, const Where& where) {
  if (project_.tables.count(request.table) == 0) return source_table(request.table, where).columns;
  try {
    const Schema schema = executor_.workspace().engine().describe(request.sql);
    check_key_columns(request, schema);
    return schema;
  } catch (const Error& error) {
    throw in_sql(error, where);
  }
}

}  // namespace gristmill
