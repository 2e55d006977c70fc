// SQLite files, attached read-only. SQLite keeps any value in any column; DuckDB fails a whole scan
// on the first cell that breaks its column's declared type. Such a column is read as text.
#include <functional>

#include <fmt/format.h>

#include "base/text.h"
#include "source/files.h"
#include "source/sqlite_file.h"
#include "source/sqlite_shape.h"

namespace gristmill {
namespace {

using nlohmann::json;

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
    const std::vector<SqliteTable> found = sqlite.tables();
    if (found.empty()) {
      throw Error(Code::invalid, "this SQLite database has no tables", {.file = file.string()});
    }
    session.load_extension("sqlite_scanner");
    catalog_ = attached_name(file);
    session.execute(fmt::format("ATTACH IF NOT EXISTS {} AS {} (TYPE sqlite, READ_ONLY)",
                                quote_text(file.string()), quote_name(catalog_)));
    std::vector<SourceTable> tables;
    for (const SqliteTable& each : found) {
      try {
        tables.push_back(table(session, sqlite, each));
      } catch (const Error& error) {
        const Error told = in_file(error.at({.table = spec_.name + "." + each.name}), file);
        // A view of what is no longer there spoils nothing else.
        if (!each.view || error.code() != Code::invalid) throw told;
        tables.push_back(broken_table(spec_, each.name, told));
      }
    }
    return tables;
  }

 private:
  std::string scan(const std::string& table) const {
    return quote_name(catalog_) + "." + quote_name(table);
  }

  SourceTable table(SqlSession& session, SqliteFile& sqlite, const SqliteTable& found) {
    SourceTable out;
    out.schema = spec_.name;
    out.name = found.name;
    out.files = with_log(files_.files[0], "-wal");
    SqliteShape shape = shape_of(session, sqlite, found);
    out.notes = shape.notes;
    out.endless = shape.endless;
    out.relation = shape.direct ? checked_scan(found.name, shape) : query(found.name, shape);
    out.columns = session.describe("SELECT * FROM " + out.relation);
    return out;
  }

  SqliteShape shape_of(SqlSession& session, SqliteFile& sqlite, const SqliteTable& table) {
    const fs::path& file = files_.files[0];
    // With a log beside it, the file alone does not tell what the tables hold.
    const bool known_by_file = with_log(file, "-wal").size() == 1;
    return found_in<SqliteShape>(
        known_by_file ? spec_.digests : nullptr, {file}, "sqlite shape 2 " + table.name, [&] {
          SqliteShape shape = table.view ? look_at_view(sqlite, table.name)
                                         : look_at_table(session, sqlite, table.name);
          // DuckDB's scan counts row ids where no column is wanted.
          if (!table.row_id) shape.direct = false;
          return shape;
        });
  }

  SqliteShape look_at_table(SqlSession& session, SqliteFile& sqlite, const std::string& name) {
    SqliteShape shape;
    bool untyped = false;
    for (const auto& row : session.rows("DESCRIBE SELECT * FROM " + scan(name))) {
      shape.columns.push_back({row[0], row[1], row[1]});
      untyped = untyped || row[1] == "BLOB";
    }
    // Most tables are clean: one scan by DuckDB shows it.
    if (!untyped && reads(session, "SELECT count(COLUMNS(*)) FROM " + scan(name))) return shape;
    fit(sqlite, name, shape, [&](const SqliteColumn& column) {
      return !reads(session,
                    fmt::format("SELECT count({}) FROM {}", quote_name(column.name), scan(name)));
    });
    shape.direct = shape.notes.empty();
    for (const SqliteColumn& column : shape.columns)
      shape.direct = shape.direct && column.type == column.declared;
    return shape;
  }

  // The types that the cells allow. `is_refused`: whether a scan refuses a cell of a column, where
  // SQLite's storage classes do not tell.
  static void fit(SqliteFile& sqlite, const std::string& table, SqliteShape& shape,
                  const std::function<bool(const SqliteColumn&)>& is_refused) {
    std::vector<std::string> names;
    for (const SqliteColumn& column : shape.columns) names.push_back(column.name);
    const std::vector<SqliteCells> cells = sqlite.cells(table, names);
    for (size_t i = 0; i < names.size(); ++i) {
      SqliteColumn& column = shape.columns[i];
      if (column.declared == "BLOB") {
        column.type = type_of_cells(cells[i]);
      } else if (told_by_class(column.declared) ? refuses(column.declared, cells[i])
                                                : is_refused(column)) {
        column.type = "VARCHAR";
        shape.notes.push_back(note(sqlite, table, column));
      }
    }
  }

  // By SQLite alone, for DuckDB does not know its functions. Nothing says how long a view takes:
  // one that does not end soon is read as it is declared, what has no type as text.
  SqliteShape look_at_view(SqliteFile& sqlite, const std::string& name) {
    SqliteShape shape;
    shape.direct = false;
    for (const auto& [column, declared] : sqlite.columns(name)) {
      const std::string type = duckdb_type_of_declared(declared);
      shape.columns.push_back({column, type, type == "BLOB" ? "VARCHAR" : type});
    }
    SqliteShape fitted = shape;
    const bool seen = sqlite.looks_within_limit([&] {
      fit(sqlite, name, fitted, [&](const SqliteColumn& column) {
        return sqlite.first(name, column.name, refused_cells(column.declared)).first > 0;
      });
    });
    if (seen) return fitted;
    shape.endless = true;
    shape.notes.push_back(
        "this view takes long: its columns are read as they are declared, the others as text");
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
    std::string example = row > 0 ? fmt::format(": row {} holds {}", row, excerpt(cell)) : "";
    return fmt::format("column {} is declared {} and read as text{}", column.name, column.declared,
                       example);
  }

  // Text may be any bytes there.
  std::string checked(const std::string& table, const std::string& column) const {
    const std::string place = fmt::format("column {} of {}.{}", column, spec_.name, table);
    return fmt::format("gristmill_utf8({}, {})", quote_name(column), quote_text(place));
  }

  std::string checked_scan(const std::string& table, const SqliteShape& shape) const {
    std::string list;
    bool any = false;
    for (const SqliteColumn& column : shape.columns) {
      const bool text = column.type == "VARCHAR";
      any = any || text;
      add_selected(list, column.name, text ? checked(table, column.name) : quote_name(column.name));
    }
    return any ? fmt::format("(SELECT {} FROM {})", list, scan(table)) : scan(table);
  }

  // SQLite's own SELECT, all as text, and casts back for the columns that are what they say.
  std::string query(const std::string& table, const SqliteShape& shape) const {
    std::string inner, outer;
    for (const SqliteColumn& column : shape.columns) {
      std::string name = quote_name(column.name), comma = inner.empty() ? "" : ", ";
      inner += comma + as_text(column) + " AS " + name;
      add_selected(outer, column.name,
                   column.type == "VARCHAR" ? checked(table, column.name)
                   : column.type == "BLOB"  ? name
                                            : fmt::format("CAST({} AS {})", name, column.type));
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
