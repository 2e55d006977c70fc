// CSV files: one table a file, or one of all.
#include <algorithm>

#include <fmt/format.h>

#include "base/thread_pool.h"
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

  std::vector<SourceTable> open(SqlSession& session) override {
    std::vector<CsvShape> shapes = shapes_of(session);
    std::vector<SourceTable> tables;
    if (!files_.as.empty()) {
      tables.push_back(table(session, files_.as, files_.files,
                             merged_shape(session, files_, shapes, options_, spec_.digests)));
      return tables;
    }
    std::vector<std::string> names = table_names(files_, kind_.suffixes);
    for (size_t i = 0; i < names.size(); ++i) {
      tables.push_back(table(session, names[i], {files_.files[i]}, shapes[i]));
    }
    return tables;
  }

 private:
  std::vector<CsvShape> shapes_of(SqlSession& session) {
    const std::string fact = "csv shape 2 " + options_.text;
    std::vector<CsvShape> shapes(files_.files.size());
    std::vector<size_t> unknown;
    for (size_t i = 0; i < shapes.size(); ++i) {
      std::optional<std::string> known;
      if (spec_.digests != nullptr) known = spec_.digests->fact(files_.files[i], fact);
      if (known) {
        shapes[i] = CsvShape::from_json(json::parse(*known));
      } else {
        unknown.push_back(i);
      }
    }
    auto look = [&](int64_t i) {
      const fs::path& file = files_.files[unknown[size_t(i)]];
      try {
        shapes[unknown[size_t(i)]] = sniff_csv(session, file, options_);
      } catch (const Error& error) {
        throw in_file(error, file);
      }
    };
    // Side by side: one core is idle while a small file is looked at.
    if (unknown.size() == 1) {
      look(0);
    } else if (!unknown.empty()) {
      ThreadPool(int(std::min<size_t>(unknown.size(), 8))).for_each(int64_t(unknown.size()), look);
    }
    for (size_t i : unknown) {
      if (spec_.digests == nullptr) break;
      spec_.digests->remember(files_.files[i], fact, shapes[i].to_json().dump());
    }
    return shapes;
  }

  SourceTable table(SqlSession& session, const std::string& name,
                    const std::vector<fs::path>& files, CsvShape shape) const {
    for (const auto& [column, type] : options_.types) {
      auto found = std::find(shape.names.begin(), shape.names.end(), column);
      if (found == shape.names.end()) {
        // Another file of the glob may have it.
        if (files_.as.empty() && files_.files.size() > 1) continue;
        throw Error(Code::not_found,
                    fmt::format("`types` names a column that is not there: \"{}\"", column),
                    {.file = files[0].string()}, did_you_mean(column, shape.names));
      }
      shape.types[size_t(found - shape.names.begin())] = type;
    }
    SourceTable out;
    out.schema = spec_.name;
    out.name = name;
    out.files = files;
    out.notes = shape.notes;
    out.relation = relation(files, shape);
    out.single_file_order = files.size() == 1;
    out.columns = session.describe("SELECT * FROM " + out.relation);
    return out;
  }

  std::string relation(const std::vector<fs::path>& files, const CsvShape& shape) const {
    if (files_.as.empty()) return read_csv_sql(files, shape, options_, "");
    return with_short_names(read_csv_sql(files, shape, options_, ", filename=true"), spec_.base);
  }

  SourceSpec spec_;
  const SourceKind& kind_;
  SourceFiles files_;
  CsvReading options_;
};

RegisterSource csv({
    .name = "csv",
    .text = "CSV files, one table a file, or one of all with `as`",
    .example = "data/*.csv",
    .suffixes = {".csv", ".csv.gz", ".tsv", ".tsv.gz"},
    .schemes = {},
    .params = csv_params(),
    .make = [](SourceRequest request) { return std::make_unique<CsvSource>(std::move(request)); },
});

}  // namespace
}  // namespace gristmill
