// What a plan knows of a table that is not there yet: its columns.
#pragma once

#include "pipeline/tables.h"

namespace gristmill {

// Gives the handle these columns, and a relation without rows that has them: SQL and rules over it
// are bound as they will be over the table.
void plan_columns(TableHandle& handle, Schema schema);

// An error in a table's SQL. DuckDB counts lines from the beginning of the SQL; people look into
// the project file.
Error in_sql(const Error& error, const Where& where);

}  // namespace gristmill
