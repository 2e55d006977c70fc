// Parquet files: one table a file, or one of all.
#include <cstring>

#include "source/catalog.h"
#include "source/files.h"

namespace gristmill {
namespace {

// The format's frame: "PAR1", …, the footer, its length, "PAR1".
void check_frame(const fs::path& file) {
  auto refuse = [&](const std::string& why, const std::string& hint) {
    throw Error(Code::invalid, why, {.file = file.string()}, hint);
  };
  std::error_code failed;
  auto size = int64_t(fs::file_size(file, failed));
  if (failed) throw file_error(failed.value(), "read", file);
  if (size == 0) refuse("the file is empty", "");
  if (head_of(file, 4) != "PAR1") refuse("this is not a Parquet file", "");
  std::string tail = tail_of(file, 8);
  uint32_t footer = 0;
  if (tail.size() == 8) std::memcpy(&footer, tail.data(), 4);
  bool whole = size >= 12 && tail.substr(4) == "PAR1" && int64_t(footer) <= size - 12;
  if (!whole) refuse("this Parquet file is cut short", "copy it again from where it was made");
}

class ParquetSource : public Source {
 public:
  explicit ParquetSource(SourceRequest request)
      : spec_(std::move(request.spec)), kind_(request.kind), files_(std::move(request.files)) {}

  std::vector<SourceTable> open(SqlSession& session) override {
    for (const fs::path& file : files_.files) check_frame(file);
    std::vector<SourceTable> tables;
    if (!files_.as.empty()) {
      std::string read = parquet_relation(files_.files, ", filename=true, union_by_name=true");
      tables.push_back(table(session, files_.as, files_.files, with_short_names(read, spec_.base)));
      return tables;
    }
    std::vector<std::string> names = table_names(files_, kind_.suffixes);
    for (size_t i = 0; i < names.size(); ++i) {
      tables.push_back(
          table(session, names[i], {files_.files[i]}, parquet_relation({files_.files[i]})));
    }
    return tables;
  }

 private:
  SourceTable table(SqlSession& session, const std::string& name,
                    const std::vector<fs::path>& files, const std::string& relation) const {
    SourceTable out;
    out.schema = spec_.name;
    out.name = name;
    out.relation = relation;
    out.files = files;
    out.single_file_order = files.size() == 1;
    try {
      // DuckDB 1.5.5 reads the first bytes of such numbers as if they were all.
      for (const auto& row : session.rows("SELECT name FROM parquet_schema(" + quote_paths(files) +
                                          ") WHERE precision > 38 LIMIT 1"))
        throw Error(Code::invalid,
                    fmt::format("column {} is a decimal of more than 38 digits", row.at(0)), {},
                    "write it as text, or with fewer digits");
      describe_columns(session, out);
    } catch (const Error& error) {
      throw in_file(error, files[0]);
    }
    return out;
  }

  SourceSpec spec_;
  const SourceKind& kind_;
  SourceFiles files_;
};

RegisterSource parquet({
    .name = "parquet",
    .text = "Parquet files, one table a file, or one of all with `as`",
    .example = "{files: \"logs/**/*.parquet\", as: readings}",
    .suffixes = {".parquet", ".parq"},
    .schemes = {},
    .params = {},
    .make =
        [](SourceRequest request) { return std::make_unique<ParquetSource>(std::move(request)); },
});

}  // namespace
}  // namespace gristmill
