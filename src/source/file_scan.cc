#include "source/file_scan.h"

#include <map>

#include <fmt/format.h>

#include "base/text.h"
#include "source/files.h"

namespace gristmill {
namespace {

using nlohmann::json;

class FileRows : public BatchReader {
 public:
  FileRows(const FileScan& scan, const std::vector<size_t>& wanted)
      : scan_(scan),
        reader_(FileReaders::instance().get(scan.reader, "reader of files", Code::internal)) {
    const Schema all = scan.schema();
    for (const size_t column : wanted) {
      schema_.add(all[column]);
      const bool in_file = column < scan.columns.size();
      // Where it comes from: the reader's columns, or the name of the file.
      from_.push_back(in_file ? int(in_file_.size()) : -1);
      if (in_file) in_file_.push_back(column);
    }
  }

  const Schema& schema() const override { return schema_; }

  bool next(Batch& batch) override {
    for (; file_ < scan_.files.size(); ++file_) {
      const fs::path& file = scan_.files[file_];
      try {
        if (rows_ == nullptr) {
          rows_ = reader_.open(file, scan_, in_file_);
          check_columns();
        }
        if (rows_->next(read_)) {
          fill(batch, file);
          return true;
        }
      } catch (const Error& error) {
        throw in_file(error, file);
      }
      rows_.reset();
    }
    return false;
  }

 private:
  // Another file may lie there now; what reads the rows goes by the types of the first.
  void check_columns() const {
    for (size_t i = 0; i < in_file_.size(); ++i) {
      if (rows_->schema()[i].type != scan_.columns[in_file_[i]].type)
        throw Error(Code::conflict, "the file changed after it was opened");
    }
  }

  void fill(Batch& batch, const fs::path& file) {
    batch = {.schema = &schema_, .rows = read_.rows, .columns = {}};
    for (const int from : from_) {
      if (from < 0) {
        name_.clear();
        for (int64_t row = 0; row < read_.rows; ++row)
          name_.append(std::string_view(file.native()));
      }
      batch.columns.push_back(from < 0 ? name_.view() : read_.columns[size_t(from)]);
    }
  }

  const FileScan& scan_;
  const FileReader& reader_;
  Schema schema_;
  std::vector<size_t> in_file_;  // wanted columns of the file
  std::vector<int> from_;
  size_t file_ = 0;
  std::unique_ptr<BatchReader> rows_;
  Batch read_;
  ColumnBuffer name_{Type::string};
};

// SQL does not tell names apart by case.
void refuse_like_names(const FileScan& scan) {
  std::map<std::string, std::string> seen;
  if (scan.filename) seen["filename"] = "filename";
  for (const std::string& name : scan.columns.names()) {
    const auto [before, is_new] = seen.emplace(lower(name), name);
    if (is_new) continue;
    throw Error(Code::invalid,
                fmt::format("its columns \"{}\" and \"{}\" have one name: SQL ignores case",
                            before->second, name),
                {.file = scan.files[0].string()},
                scan.filename && lower(name) == "filename"
                    ? "`as` adds a column `filename`; leave it out, or rename the other"
                    : "rename one of them in the file");
  }
}

}  // namespace

Schema FileScan::schema() const {
  Schema schema = columns;
  if (filename) schema.add({"filename", Type::string, true});
  return schema;
}

std::string FileScan::sql() const {
  std::string list;
  for (const fs::path& file : files) list += (list.empty() ? "" : ", ") + quote_text(file.string());
  const json all = {{"reader", reader},
                    {"options", options},
                    {"columns", columns.json()},
                    {"filename", filename}};
  return fmt::format("gristmill_file([{}], {})", list, quote_text(all.dump()));
}

FileScan FileScan::from_options(const std::string& text) {
  const json all = json::parse(text);
  return {.reader = all.at("reader").get<std::string>(),
          .files = {},
          .options = all.at("options"),
          .columns = Schema::from_json(all.at("columns")),
          .filename = all.at("filename").get<bool>()};
}

std::unique_ptr<BatchReader> read_files(const FileScan& scan, const std::vector<size_t>& wanted) {
  return std::make_unique<FileRows>(scan, wanted);
}

SourceTable scanned_table(const SourceSpec& spec, const std::string& name, const FileScan& scan) {
  refuse_like_names(scan);
  SourceTable out;
  out.schema = spec.name;
  out.name = name;
  out.relation = scan.filename ? with_short_names(scan.sql(), spec.base) : scan.sql();
  out.files = scan.files;
  out.single_file_order = scan.files.size() == 1;
  out.columns = scan.schema();
  return out;
}

std::vector<SourceTable> scanned_files(const SourceSpec& spec, const SourceKind& kind,
                                       const SourceFiles& files, const std::string& reader,
                                       const std::function<Schema(const fs::path&)>& columns_of) {
  const auto table = [&](const std::string& name, const std::vector<fs::path>& some) {
    FileScan scan{.reader = reader,
                  .files = some,
                  .columns = columns_of(some[0]),
                  .filename = !files.as.empty()};
    for (size_t i = 1; i < some.size(); ++i) {
      if (columns_of(some[i]) == scan.columns) continue;
      throw Error(Code::invalid, fmt::format("its columns are not those of {}", some[0].string()),
                  {.file = some[i].string()},
                  "one table of all files needs the same columns, of the same types");
    }
    return scanned_table(spec, name, scan);
  };
  if (!files.as.empty()) return {table(files.as, files.files)};
  std::vector<SourceTable> tables;
  const std::vector<std::string> names = table_names(files, kind.suffixes);
  for (size_t i = 0; i < names.size(); ++i) tables.push_back(table(names[i], {files.files[i]}));
  return tables;
}

}  // namespace gristmill
