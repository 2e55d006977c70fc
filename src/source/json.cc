// JSON files: lines of objects, or an array of them; one table a file, or one of all.
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "source/json_shape.h"

namespace gristmill {
namespace {

class JsonSource : public Source {
 public:
  explicit JsonSource(SourceRequest request)
      : spec_(std::move(request.spec)), kind_(request.kind), files_(std::move(request.files)) {}

  std::vector<SourceTable> open(SqlSession& session) override {
    if (!files_.as.empty()) return {table(session, files_.as, files_.files)};
    std::vector<SourceTable> tables;
    const std::vector<std::string> names = table_names(files_, kind_.suffixes);
    for (size_t i = 0; i < names.size(); ++i)
      tables.push_back(table(session, names[i], {files_.files[i]}));
    return tables;
  }

 private:
  JsonShape shape_of(SqlSession& session, const std::vector<fs::path>& files) const {
    return found_in<JsonShape>(spec_.digests, files, "json shape 4",
                               [&] { return look_at_json(session, files); });
  }

  SourceTable table(SqlSession& session, const std::string& name,
                    const std::vector<fs::path>& files) const {
    const JsonShape shape = shape_of(session, files);
    const bool is_many = !files_.as.empty();
    const std::string read = json_relation(files, shape, is_many);
    SourceTable out;
    out.schema = spec_.name;
    out.name = name;
    out.relation = is_many ? with_short_names(read, spec_.base) : read;
    out.files = files;
    out.single_file_order = files.size() == 1;
    out.columns = session.describe("SELECT * FROM " + out.relation);
    out.notes = shape.notes;
    return out;
  }

  SourceSpec spec_;
  const SourceKind& kind_;
  SourceFiles files_;
};

RegisterSource registration({
    .name = "json",
    .text = "JSON files: an object a line, or an array of objects; one table a file, or one of all "
            "with `as`. Objects and lists inside are taken apart by SQL: `address.city`, "
            "`unnest(items)`",
    .example = "{files: \"events/*.jsonl\", as: events}",
    .suffixes = {".jsonl", ".ndjson", ".json", ".jsonl.gz", ".ndjson.gz", ".json.gz", ".jsonl.zst",
                 ".ndjson.zst", ".json.zst"},
    .schemes = {},
    .params = {},
    .make = [](SourceRequest request) { return std::make_unique<JsonSource>(std::move(request)); },
});

}  // namespace
}  // namespace gristmill
