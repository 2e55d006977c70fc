#include "source/sqlite_shape.h"

#include <fmt/format.h>

#include "base/text.h"
#include "source/quote.h"

namespace gristmill {

nlohmann::json SqliteShape::json() const {
  nlohmann::json out = {{"columns", nlohmann::json::array()},
                        {"direct", direct},
                        {"endless", endless},
                        {"notes", notes}};
  for (const SqliteColumn& c : columns) out["columns"].push_back({c.name, c.declared, c.type});
  return out;
}

SqliteShape SqliteShape::from_json(const nlohmann::json& in) {
  SqliteShape out;
  for (const nlohmann::json& c : in.at("columns"))
    out.columns.push_back({c.at(0), c.at(1), c.at(2)});
  out.direct = in.at("direct").get<bool>();
  out.endless = in.at("endless").get<bool>();
  out.notes = in.at("notes").get<std::vector<std::string>>();
  return out;
}

// As DuckDB's reader of SQLite does.
std::string duckdb_type_of_declared(const std::string& declared) {
  const std::string type = lower(declared);
  auto has = [&](std::string_view part) { return type.find(part) != type.npos; };
  if (has("int")) return "BIGINT";
  if (has("char") || has("clob") || has("text")) return "VARCHAR";
  if (has("blob") || type.empty()) return "BLOB";
  if (has("real") || has("floa") || has("doub") || has("dec") || has("num")) return "DOUBLE";
  if (type == "date") return "DATE";
  if (type.starts_with("datetime") || type.starts_with("timestamp")) return "TIMESTAMP";
  return "VARCHAR";
}

bool told_by_class(const std::string& type) {
  return type == "BIGINT" || type == "DOUBLE" || type == "VARCHAR";
}

std::string refused_cells(const std::string& type) {
  if (type == "BIGINT") return "typeof(c) NOT IN ('integer', 'null')";
  if (type == "DOUBLE") return "typeof(c) NOT IN ('integer', 'real', 'null')";
  if (type == "VARCHAR") return "typeof(c) = 'blob'";
  // ISO 8601, and what DuckDB reads beside it, has digits and punctuation alone, but for T and Z.
  return "typeof(c) IN ('blob', 'real') OR (typeof(c) = 'text' AND date(c) IS NULL)";
}

bool refuses(const std::string& type, const SqliteCells& cells) {
  if (type == "BIGINT") return cells.reals + cells.texts + cells.blobs > 0;
  if (type == "DOUBLE") return cells.texts + cells.blobs > 0;
  return cells.blobs > 0;
}

std::string type_of_cells(const SqliteCells& cells) {
  if (cells.blobs > 0 && cells.texts + cells.integers + cells.reals == 0) return "BLOB";
  if (cells.texts + cells.blobs > 0) return "VARCHAR";
  if (cells.reals > 0) return "DOUBLE";
  return cells.integers > 0 ? "BIGINT" : "VARCHAR";
}

std::string as_text(const SqliteColumn& column) {
  std::string c = quote_name(column.name);
  if (column.type == "DOUBLE") {
    return fmt::format("CASE typeof({0}) WHEN 'real' THEN printf('%!.17g', {0}) ELSE {0} END", c);
  }
  return fmt::format("CASE typeof({0}) WHEN 'blob' THEN quote({0}) ELSE CAST({0} AS TEXT) END", c);
}

}  // namespace gristmill
