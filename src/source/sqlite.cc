// SQLite files, attached read-only. SQLite keeps any value in any column; DuckDB fails a whole scan
// on the first cell that breaks its column's declared type. Such a column is read as text.
#include <fmt/format.h>

#include "source/files.h"
#include "source/sqlite_file.h"

namespace gristmill {
namespace {

using nlohmann::json;

// A column and how it is read.
struct SqliteColumn {
  std::string name;
  std::string declared;  // DuckDB's type for what was declared
  std::string type;      // the type read
};

// What was found out about a table.
struct SqliteShape {
  std::vector<SqliteColumn> columns;
  bool direct = true;  // DuckDB's own scan reads it
  std::vector<std::string> notes;

  json to_json() const {
    json out = {{"columns", json::array()}, {"direct", direct}, {"notes", notes}};
    for (const SqliteColumn& c : columns) out["columns"].push_back({c.name, c.declared, c.type});
    return out;
  }
  static SqliteShape from_json(const json& in) {
    SqliteShape out;
    for (const json& c : in.at("columns")) out.columns.push_back({c.at(0), c.at(1), c.at(2)});
    out.direct = in.at("direct").get<bool>();
    out.notes = in.at("notes").get<std::vector<std::string>>();
    return out;
  }
};

// SQLite's condition for the cells that a scan of this type refuses; "" when only a try can tell.
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

// A column declared without a type has the one that its cells agree on.
std::string type_of_cells(const SqliteCells& cells) {
  if (cells.blobs > 0 && cells.texts + cells.integers + cells.reals == 0) return "BLOB";
  if (cells.texts + cells.blobs > 0) return "VARCHAR";
  if (cells.reals > 0) return "DOUBLE";
  return cells.integers > 0 ? "BIGINT" : "VARCHAR";
}

// The SQL by which SQLite gives a column as text that reads back to the same value.
std::string as_text(const SqliteColumn& column) {
  std::string c = quote_name(column.name);
  if (column.type == "DOUBLE") {
    return fmt::format("CASE typeof({0}) WHEN 'real' THEN printf('%!.17g', {0}) ELSE {0} END", c);
  }
  return fmt::format("CASE typeof({0}) WHEN 'blob' THEN quote({0}) ELSE CAST({0} AS TEXT) END", c);
}

class SqliteSource : public Source {
 public:
  explicit SqliteSource(SourceRequest request)
      : spec_(std::move(request.spec)), files_(std::move(request.files)) {
    refuse_many(spec_, files_);
  }

  std::vector<SourceTable> open(SqlSession& session) override {
    const fs::path& file = files_.files[0];
    std::string head = head_of(file, 16);
    if (!head.empty() && head != std::string_view("SQLite format 3\0", 16)) {
      throw Error(Code::invalid, "this is not a SQLite database", {.file = file.string()});
    }
    SqliteFile sqlite(file);
    std::vector<std::string> names = sqlite.tables();
    if (names.empty()) {
      throw Error(Code::invalid, "this SQLite database has no tables", {.file = file.string()});
    }
    session.load_extension("sqlite_scanner");
    catalog_ = attached_name(file);
    session.execute(fmt::format("ATTACH IF NOT EXISTS {} AS {} (TYPE sqlite, READ_ONLY)",
                                quote_text(file.string()), quote_name(catalog_)));
    std::vector<SourceTable> tables;
    for (const std::string& name : names) {
      try {
        tables.push_back(table(session, sqlite, name));
      } catch (const Error& error) {
        throw in_file(error.at({.table = spec_.name + "." + name}), file);
      }
    }
    return tables;
  }

 private:
  std::string scan(const std::string& table) const {
    return quote_name(catalog_) + "." + quote_name(table);
  }

  SourceTable table(SqlSession& session, SqliteFile& sqlite, const std::string& name) {
    SourceTable out;
    out.schema = spec_.name;
    out.name = name;
    out.files = with_log(files_.files[0], "-wal");
    SqliteShape shape = shape_of(session, sqlite, name);
    out.notes = shape.notes;
    out.relation = shape.direct ? scan(name) : query(name, shape);
    out.columns = session.describe("SELECT * FROM " + out.relation);
    return out;
  }

  SqliteShape shape_of(SqlSession& session, SqliteFile& sqlite, const std::string& name) {
    const fs::path& file = files_.files[0];
    // With a log beside it, the file alone does not tell what the tables hold.
    bool known_by_file = spec_.digests != nullptr && with_log(file, "-wal").size() == 1;
    const std::string fact = "sqlite shape 1 " + name;
    if (known_by_file) {
      if (auto known = spec_.digests->fact(file, fact)) {
        return SqliteShape::from_json(json::parse(*known));
      }
    }
    SqliteShape shape = look(session, sqlite, name);
    if (known_by_file) spec_.digests->remember(file, fact, shape.to_json().dump());
    return shape;
  }

  SqliteShape look(SqlSession& session, SqliteFile& sqlite, const std::string& name) {
    SqliteShape shape;
    bool untyped = false;
    for (const auto& row : session.rows("DESCRIBE SELECT * FROM " + scan(name))) {
      shape.columns.push_back({row[0], row[1], row[1]});
      untyped = untyped || row[1] == "BLOB";
    }
    // Most tables are clean: one scan by DuckDB shows it.
    if (!untyped && reads(session, "SELECT count(COLUMNS(*)) FROM " + scan(name))) return shape;
    std::vector<std::string> names;
    for (const SqliteColumn& column : shape.columns) names.push_back(column.name);
    std::vector<SqliteCells> cells = sqlite.cells(name, names);
    for (size_t i = 0; i < names.size(); ++i) {
      SqliteColumn& column = shape.columns[i];
      bool by_content = column.declared == "BLOB";
      bool by_class = column.declared == "BIGINT" || column.declared == "DOUBLE" ||
                      column.declared == "VARCHAR";
      if (by_content) {
        column.type = type_of_cells(cells[i]);
      } else if (by_class ? refuses(column.declared, cells[i])
                          : !reads(session, fmt::format("SELECT count({}) FROM {}",
                                                        quote_name(column.name), scan(name)))) {
        column.type = "VARCHAR";
        shape.notes.push_back(note(sqlite, name, column));
      } else {
        continue;
      }
      if (column.type != column.declared || !by_content) shape.direct = false;
    }
    return shape;
  }

  static bool reads(SqlSession& session, const std::string& sql) {
    try {
      session.rows(sql);
      return true;
    } catch (const Error& error) {
      if (error.code() != Code::invalid) throw;
      return false;
    }
  }

  static std::string note(SqliteFile& sqlite, const std::string& table,
                          const SqliteColumn& column) {
    auto [row, cell] = sqlite.first(table, column.name, refused_cells(column.declared));
    std::string example = row > 0 ? fmt::format(": row {} holds \"{}\"", row, cell) : "";
    return fmt::format("column {} is declared {} and read as text{}", column.name, column.declared,
                       example);
  }

  // SQLite's own SELECT, all as text, and casts back for the columns that are what they say.
  std::string query(const std::string& table, const SqliteShape& shape) const {
    std::string inner, outer;
    for (const SqliteColumn& column : shape.columns) {
      std::string name = quote_name(column.name), comma = inner.empty() ? "" : ", ";
      inner += comma + as_text(column) + " AS " + name;
      bool text = column.type == "VARCHAR" || column.type == "BLOB";
      outer += comma + (text ? name : fmt::format("CAST({0} AS {1}) AS {0}", name, column.type));
    }
    std::string select = fmt::format("SELECT {} FROM {}", inner, quote_name(table));
    return fmt::format("(SELECT {} FROM sqlite_query({}, {}))", outer, quote_text(catalog_),
                       quote_text(select));
  }

  SourceSpec spec_;
  SourceFiles files_;
  std::string catalog_;
};

RegisterSource sqlite({
    .name = "sqlite",
    .text = "A SQLite database file, read-only",
    .example = "sqlite:data/weather.db",
    .suffixes = {".db", ".sqlite", ".sqlite3"},
    .schemes = {"sqlite:"},
    .params = {},
    .make =
        [](SourceRequest request) { return std::make_unique<SqliteSource>(std::move(request)); },
});

}  // namespace
}  // namespace gristmill
