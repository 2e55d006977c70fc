// CSV files: one table a file, or one of all.
#include <fmt/format.h>

#include "base/text.h"
#include "source/csv_shape.h"

namespace gristmill {
namespace {

using nlohmann::json;

class CsvSource : public Source {
 public:
  explicit CsvSource(SourceRequest request)
      : spec_(std::move(request.spec)),
        kind_(request.kind),
        files_(std::move(request.files)),
        options_(request.params, "source " + spec_.name) {}

  std::vector<SourceTable> open(SqlSession&) override {
    std::vector<CsvShape> shapes = shapes_of();
    check_types(shapes);
    std::vector<SourceTable> tables;
    if (!files_.as.empty()) {
      tables.push_back(table(files_.as, files_.files, merged_shape(files_.files, shapes)));
      return tables;
    }
    std::vector<std::string> names = table_names(files_, kind_.suffixes);
    for (size_t i = 0; i < names.size(); ++i) {
      tables.push_back(table(names[i], {files_.files[i]}, std::move(shapes[i])));
    }
    return tables;
  }

 private:
  std::vector<CsvShape> shapes_of() const {
    const std::string fact = "csv shape 7 " + options_.text;
    std::optional<ThreadPool> pool;
    std::vector<CsvShape> shapes;
    for (const fs::path& file : files_.files) {
      shapes.push_back(found_in<CsvShape>(spec_.digests, {file}, fact, [&] {
        if (!pool) pool.emplace();
        return look_at_csv(file, options_, *pool);
      }));
    }
    return shapes;
  }

  // A file of a glob need not have a column that another has.
  void check_types(const std::vector<CsvShape>& shapes) const {
    for (const auto& [name, type] : options_.types) {
      std::vector<std::string> names;
      bool found = false;
      for (const CsvShape& shape : shapes) {
        found = found || shape.columns.find(name) >= 0;
        for (std::string& column : shape.columns.names()) names.push_back(std::move(column));
      }
      if (found) continue;
      throw Error(Code::not_found,
                  fmt::format("`types` names a column that is not there: \"{}\"", name),
                  {.file = files_.files[0].string()}, did_you_mean(name, names));
    }
  }

  void set_types(CsvShape& shape) const {
    for (const auto& [name, type] : options_.types) {
      const int found = shape.columns.find(name);
      if (found < 0) continue;
      shape.columns.replace(size_t(found), {name, type, true});
      std::erase_if(shape.notes,
                    [&, &name = name](const auto& note) { return note.first == name; });
    }
  }

  static void refuse_filename(const Schema& columns, const fs::path& file) {
    for (const std::string& name : columns.names()) {
      if (lower(name) != "filename") continue;
      throw Error(Code::invalid,
                  fmt::format("its column {} has the name of the one that `as` adds", name),
                  {.file = file.string(), .line = 1}, "rename it, or leave `as` out");
    }
  }

  SourceTable table(const std::string& name, const std::vector<fs::path>& files,
                    CsvShape shape) const {
    set_types(shape);
    const bool is_many = !files_.as.empty();
    if (is_many) refuse_filename(shape.columns, files[0]);
    const CsvScan scan{.files = files,
                       .delimiter = shape.delimiter,
                       .decimal = options_.decimal,
                       .header = options_.header,
                       .encoding = options_.encoding,
                       .nulls = options_.nulls,
                       .columns = shape.columns,
                       .filename = is_many,
                       .rows = shape.rows};
    SourceTable out;
    out.schema = spec_.name;
    out.name = name;
    out.files = files;
    for (auto& [column, note] : shape.notes) out.notes.push_back(std::move(note));
    out.relation = is_many ? with_short_names(scan.sql(), spec_.base) : scan.sql();
    out.single_file_order = files.size() == 1;
    out.columns = scan.schema();
    return out;
  }

  SourceSpec spec_;
  const SourceKind& kind_;
  SourceFiles files_;
  CsvReading options_;
};

RegisterSource csv({
    .name = "csv",
    .text = "CSV files, plain or packed by gzip or zstd; one table a file, or one of all with `as`",
    .example = "data/*.csv",
    .suffixes = {".csv", ".csv.gz", ".csv.zst", ".tsv", ".tsv.gz", ".tsv.zst"},
    .schemes = {},
    .params = csv_params(),
    .make = [](SourceRequest request) { return std::make_unique<CsvSource>(std::move(request)); },
});

}  // namespace
}  // namespace gristmill
