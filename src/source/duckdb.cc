// DuckDB's own database files, attached read-only.
#include <fmt/format.h>

#include "source/catalog.h"
#include "source/files.h"

namespace gristmill {
namespace {

class DuckdbSource : public Source {
 public:
  explicit DuckdbSource(SourceRequest request)
      : spec_(std::move(request.spec)), files_(std::move(request.files)) {
    refuse_many(spec_, files_);
  }

  std::vector<SourceTable> open(SqlSession& session) override {
    const fs::path& file = files_.files[0];
    // The magic stands behind a checksum of 8 bytes.
    if (const std::string head = head_of(file, 12); head.size() < 12 || !head.ends_with("DUCK")) {
      throw Error(Code::invalid, "this is not a DuckDB database", {.file = file.string()});
    }
    std::string catalog = attached_name(file);
    try {
      session.execute(fmt::format("ATTACH IF NOT EXISTS {} AS {} (READ_ONLY)",
                                  quote_text(file.string()), quote_name(catalog)));
    } catch (const Error& error) {
      bool held = error.message().find("lock") != std::string::npos;
      Error told = in_file(error, file);
      throw held ? told.with_hint("another program has it open for writing; close it first") : told;
    }
    std::vector<SourceTable> tables;
    for (const auto& [schema, name] : tables_and_views(session, catalog)) {
      SourceTable table;
      table.schema = spec_.name;
      table.name = schema == "main" ? name : schema + "." + name;
      table.relation = quote_name(catalog) + "." + quote_name(schema) + "." + quote_name(name);
      table.files = with_log(file, ".wal");
      describe_columns(session, table);
      tables.push_back(std::move(table));
    }
    return tables;
  }

 private:
  SourceSpec spec_;
  SourceFiles files_;
};

RegisterSource duckdb({
    .name = "duckdb",
    .text = "A DuckDB database file, read-only",
    .example = "duckdb:data/sales.duckdb",
    .suffixes = {".duckdb", ".ddb"},
    .schemes = {"duckdb:"},
    .params = {},
    .make =
        [](SourceRequest request) { return std::make_unique<DuckdbSource>(std::move(request)); },
});

}  // namespace
}  // namespace gristmill
