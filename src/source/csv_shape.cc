#include "source/csv_shape.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/progress.h"
#include "frame/csv_columns.h"
#include "source/csv_header.h"
#include "source/encoding.h"

namespace gristmill {
namespace {

using nlohmann::json;

// A type by our name, or as people say it.
Type type_named(const std::string& name, const std::string& owner) {
  static const std::vector<std::pair<std::string, Type>> types = {
      {"text", Type::string},         {"string", Type::string},
      {"integer", Type::int64},       {"int64", Type::int64},
      {"number", Type::float64},      {"float64", Type::float64},
      {"boolean", Type::boolean},     {"date", Type::date},
      {"timestamp", Type::timestamp}, {"timestamptz", Type::timestamptz}};
  std::vector<std::string> names;
  for (const auto& [known, type] : types) {
    if (known == name) return type;
    names.push_back(known);
  }
  throw Error(Code::invalid, fmt::format("unknown type \"{}\" in {}", name, owner), {},
              did_you_mean(name, names));
}

// Looks at all blocks of a scan, side by side.
class Look {
 public:
  Look(const CsvScan& scan, const CsvReading& reading)
      : blocks_(scan), scan_(scan), nulls_(reading.nulls), types_(scan.columns.size()) {}

  void run(ThreadPool& pool) {
    pool.for_each(pool.size(), [&](int64_t) { work(); });
    if (failed_) throw *failed_;
  }
  const std::vector<CsvType>& types() const { return types_; }
  int64_t rows() const { return rows_; }

 private:
  void work() {
    CsvCells cells(scan_.delimiter);
    CsvBlock block;
    std::vector<CsvType> types(scan_.columns.size());
    int64_t rows = 0;
    try {
      size_t file = 0;
      while (!stop_ && blocks_.next(block, file, cells)) {
        check_interrupted();
        cells.find(block);
        for (size_t c = 0; c < types.size(); ++c) {
          CsvType of_block;  // what it says must not hang on which thread saw which blocks
          of_block.observe(cells, c, nulls_, scan_.decimal);
          types[c].merge(of_block);
        }
        rows += cells.rows();
      }
    } catch (const Error& error) {
      fail(error);
    }
    std::lock_guard lock(mutex_);
    for (size_t c = 0; c < types.size(); ++c) types_[c].merge(types[c]);
    rows_ += rows;
  }

  // Of several errors the one that stands first in the file.
  void fail(const Error& error) {
    std::lock_guard lock(mutex_);
    stop_ = true;
    if (!failed_ || error.where().line < failed_->where().line) failed_ = error;
  }

  CsvScanBlocks blocks_;
  const CsvScan& scan_;
  NullTexts nulls_;
  std::mutex mutex_;
  std::atomic<bool> stop_ = false;
  std::optional<Error> failed_;
  std::vector<CsvType> types_;
  int64_t rows_ = 0;
};

}  // namespace

nlohmann::json CsvShape::json() const {
  return {{"delimiter", std::string(1, delimiter)},
          {"columns", columns.json()},
          {"has_values", has_values},
          {"long_integers", long_integers},
          {"rows", rows},
          {"notes", notes}};
}

CsvShape CsvShape::from_json(const nlohmann::json& in) {
  return {in.at("delimiter").get<std::string>().at(0),
          Schema::from_json(in.at("columns")),
          in.at("has_values").get<std::vector<bool>>(),
          in.at("long_integers").get<std::vector<bool>>(),
          in.at("rows").get<int64_t>(),
          in.at("notes").get<std::vector<std::pair<std::string, std::string>>>()};
}

const std::vector<ParamDoc>& csv_params() {
  static const std::vector<ParamDoc> docs = {
      {"nulls", "array", "texts that mean a missing value", json(default_nulls), {}, {}, {}},
      {"delimiter", "string", "what separates cells; found out when absent", nullptr, {}, {}, {}},
      {"decimal",
       "string",
       "what stands before a number's fraction: in files with a comma, 1234,5 is a number and "
       "1234.5 "
       "none",
       ".",
       {},
       {},
       {".", ","}},
      {"encoding",
       "string",
       "the text's encoding as iconv names it, such as latin1 or windows-1252; UTF-8 when absent, "
       "or UTF-16 where its mark stands first",
       nullptr,
       {},
       {},
       {}},
      {"header", "boolean", "whether the first line names the columns", nullptr, {}, {}, {}},
      {"types",
       "object",
       "types by column: text, integer, number, boolean, date, timestamp, timestamptz",
       nullptr,
       {},
       {},
       {}},
  };
  return docs;
}

CsvReading::CsvReading(const Params& params, const std::string& owner) {
  for (const json& value : params["nulls"]) {
    if (!value.is_string()) throw Error(Code::invalid, "`nulls` of " + owner + " must be texts");
    nulls.push_back(value.get<std::string>());
  }
  if (params.has("delimiter")) {
    const std::string given = params.text("delimiter");
    const bool is_tab = given == "\\t" || given == "tab";
    if (!is_tab && given.size() != 1) {
      throw Error(Code::invalid, "`delimiter` of " + owner + " must be one character");
    }
    delimiter = is_tab ? '\t' : given[0];
  }
  decimal = params.text("decimal")[0];
  header_given = params.has("header");
  if (header_given) header = params.boolean("header");
  if (params.has("types")) {
    for (const auto& [name, type] : params["types"].items()) {
      if (!type.is_string()) throw Error(Code::invalid, "`types` of " + owner + " must be names");
      types[name] = type_named(type.get<std::string>(), owner);
    }
  }
  if (params.has("encoding")) {
    encoding = params.text("encoding");
    check_encoding(encoding);
  }
  text = json{nulls,    std::string(1, delimiter), header, header_given,
              encoding, std::string(1, decimal)}
             .dump();
}

CsvShape look_at_csv(const fs::path& file, const CsvReading& reading, ThreadPool& pool) {
  const CsvHeader header = read_csv_header(file, reading.encoding, reading.delimiter);
  std::vector<std::string> names;
  if (reading.header) {
    names = column_names(file, header, reading.header_given);
  } else {
    for (size_t i = 0; i < header.cells.size(); ++i) names.push_back(fmt::format("column{}", i));
  }
  CsvScan scan{.files = {file},
               .delimiter = header.delimiter,
               .decimal = reading.decimal,
               .header = reading.header,
               .encoding = reading.encoding};
  std::vector<Field> fields;
  for (const std::string& name : names) fields.push_back({name, Type::string, true});
  scan.columns = Schema(fields);
  Look look(scan, reading);
  try {
    look.run(pool);
  } catch (const Error& error) {
    throw in_scan(error, file);
  }
  CsvShape shape{.delimiter = header.delimiter, .rows = look.rows()};
  for (size_t c = 0; c < fields.size(); ++c) {
    const CsvType& type = look.types()[c];
    fields[c].type = type.type();
    shape.has_values.push_back(type.has_values());
    shape.long_integers.push_back(type.has_long_integers());
    const std::string note = type.note(names[c]);
    if (!note.empty()) shape.notes.emplace_back(names[c], note);
  }
  shape.columns = Schema(std::move(fields));
  return shape;
}

CsvShape merged_shape(const std::vector<fs::path>& files, const std::vector<CsvShape>& shapes) {
  CsvShape all = shapes[0];
  for (size_t i = 1; i < shapes.size(); ++i) {
    const CsvShape& one = shapes[i];
    if (one.delimiter != all.delimiter) {
      throw Error(Code::invalid,
                  fmt::format("its cells are separated by \"{}\", those of {} by \"{}\"",
                              one.delimiter, files[0].string(), all.delimiter),
                  {.file = files[i].string(), .line = 1},
                  "one table of all files needs the same delimiter");
    }
    if (one.columns.names() != all.columns.names()) {
      throw Error(
          Code::invalid,
          fmt::format("its columns are not those of {}: {} here, {} there", files[0].string(),
                      fmt::join(one.columns.names(), ", "), fmt::join(all.columns.names(), ", ")),
          {.file = files[i].string(), .line = 1},
          "one table of all files needs the same columns in the same order");
    }
    for (size_t c = 0; c < all.columns.size(); ++c) {
      if (!one.has_values[c]) continue;
      all.long_integers[c] = all.long_integers[c] || one.long_integers[c];
      Field field = all.columns[c];
      field.type = all.has_values[c]
                       ? widened(field.type, one.columns[c].type, all.long_integers[c])
                       : one.columns[c].type;
      all.columns.replace(c, field);
      all.has_values[c] = true;
    }
    all.rows += one.rows;
    for (const auto& note : one.notes) {
      if (std::find(all.notes.begin(), all.notes.end(), note) == all.notes.end())
        all.notes.push_back(note);
    }
  }
  return all;
}

}  // namespace gristmill
