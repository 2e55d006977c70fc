// CSV files: one table a file, or one of all.
#include <algorithm>

#include <fmt/format.h>

#include "base/thread_pool.h"
#include "source/csv_header.h"
#include "source/files.h"

namespace gristmill {
namespace {

using nlohmann::json;

// How a file is read, once known: nothing is sniffed twice.
struct CsvShape {
  char delimiter = ',';
  std::vector<std::string> names, types;  // types as SQL
  std::vector<std::string> notes;

  json to_json() const {
    return {{"delimiter", std::string(1, delimiter)},
            {"names", names},
            {"types", types},
            {"notes", notes}};
  }
  static CsvShape from_json(const json& in) {
    return {in.at("delimiter").get<std::string>().at(0),
            in.at("names").get<std::vector<std::string>>(),
            in.at("types").get<std::vector<std::string>>(),
            in.at("notes").get<std::vector<std::string>>()};
  }
};

// A type by our name, or as people say it.
std::string sql_type(const std::string& name, const std::string& owner) {
  static const std::vector<std::pair<std::string, std::string>> types = {
      {"text", "VARCHAR"},        {"string", "VARCHAR"},
      {"integer", "BIGINT"},      {"int64", "BIGINT"},
      {"number", "DOUBLE"},       {"float64", "DOUBLE"},
      {"boolean", "BOOLEAN"},     {"date", "DATE"},
      {"timestamp", "TIMESTAMP"}, {"timestamptz", "TIMESTAMP WITH TIME ZONE"}};
  std::vector<std::string> names;
  for (const auto& [known, sql] : types) {
    if (known == name) return sql;
    names.push_back(known);
  }
  throw Error(Code::invalid, fmt::format("unknown type \"{}\" in {}", name, owner), {},
              did_you_mean(name, names));
}

const std::vector<ParamDoc>& csv_params() {
  static const std::vector<ParamDoc> docs = {
      {"nulls", "array", "texts that mean a missing value", json::array({"", "NA"}), {}, {}, {}},
      {"delimiter", "string", "what separates cells; found out when absent", nullptr, {}, {}, {}},
      {"header", "boolean", "whether the first line names the columns", nullptr, {}, {}, {}},
      {"types",
       "object",
       "types by column: text, integer, number, boolean, date, timestamp",
       nullptr,
       {},
       {},
       {}},
  };
  return docs;
}

struct CsvReading {
  std::vector<std::string> nulls;
  char delimiter = 0;
  bool header = true, header_given = false;
  std::map<std::string, std::string> types;  // SQL
  std::string text;                          // all of them: part of the name of remembered shapes

  CsvReading(const Params& params, const std::string& owner) {
    for (const json& value : params["nulls"]) {
      if (!value.is_string()) throw Error(Code::invalid, "`nulls` of " + owner + " must be texts");
      nulls.push_back(value.get<std::string>());
    }
    if (params.has("delimiter")) {
      std::string given = params.text("delimiter");
      if (given == "\\t" || given == "tab") given = "\t";
      if (given.size() != 1) {
        throw Error(Code::invalid, "`delimiter` of " + owner + " must be one character");
      }
      delimiter = given[0];
    }
    header_given = params.has("header");
    if (header_given) header = params.boolean("header");
    if (params.has("types")) {
      for (const auto& [name, type] : params["types"].items()) {
        if (!type.is_string()) throw Error(Code::invalid, "`types` of " + owner + " must be names");
        types[name] = sql_type(type.get<std::string>(), owner);
      }
    }
    text = json{nulls, std::string(1, delimiter), header, header_given, types}.dump();
  }

  std::string nulls_sql() const {
    std::string out;
    for (const std::string& null : nulls) out += (out.empty() ? "" : ", ") + sql_text(null);
    return "[" + out + "]";
  }
};

// The function call that reads files of this shape; `more` is appended to its arguments.
std::string read_csv_sql(const std::vector<fs::path>& files, const CsvShape& shape,
                         const CsvReading& reading, std::string_view more) {
  std::string columns;
  for (size_t i = 0; i < shape.names.size(); ++i) {
    columns += fmt::format("{}{}: {}", i > 0 ? ", " : "", sql_text(shape.names[i]),
                           sql_text(shape.types[i]));
  }
  // With the default buffer of 32 MB one core is idle on a file of that size.
  return fmt::format(
      "read_csv({}, columns={{{}}}, auto_detect=false, delim={}, quote='\"', escape='\"', "
      "header={}, nullstr={}, buffer_size=4194304{})",
      sql_list(files), columns, sql_text({&shape.delimiter, 1}), reading.header,
      reading.nulls_sql(), more);
}

// As text alone: says which line cannot be read, which the sniffer does not.
void check_lines(SqlSession& session, const fs::path& file, const CsvShape& shape,
                 const CsvReading& reading) {
  CsvShape text = shape;
  text.types.assign(shape.names.size(), "VARCHAR");
  session.rows("SELECT count(COLUMNS(*)) FROM " + read_csv_sql({file}, text, reading, ""));
}

// Dates are ISO 8601 or text: which of day and month comes first is never guessed.
CsvShape sniff(SqlSession& session, const fs::path& file, const CsvReading& reading) {
  CsvHeader header = read_csv_header(file, reading.delimiter);
  CsvShape shape;
  shape.delimiter = header.delimiter;
  if (reading.header) {
    shape.names = column_names(file, header, reading.header_given);
  } else {
    for (size_t i = 0; i < header.cells.size(); ++i) {
      shape.names.push_back(fmt::format("column{}", i));
    }
  }
  std::vector<std::vector<std::string>> rows;
  try {
    rows = session.rows(fmt::format(
        "SELECT to_json(columns), timestampformat FROM sniff_csv({}, delim={}, quote='\"', "
        "escape='\"', header={}, nullstr={}, dateformat='%Y-%m-%d')",
        sql_path(file), sql_text({&shape.delimiter, 1}), reading.header, reading.nulls_sql()));
  } catch (const Error& error) {
    if (error.code() == Code::invalid) check_lines(session, file, shape, reading);
    throw;
  }
  json columns = json::parse(rows.at(0).at(0));
  if (columns.size() != shape.names.size()) {
    check_lines(session, file, shape, reading);
    throw Error(Code::invalid,
                fmt::format("the first line has {} cells, the lines below have {}",
                            shape.names.size(), columns.size()),
                {.file = file.string(), .line = 2});
  }
  const std::string& format = rows[0][1];
  for (size_t i = 0; i < columns.size(); ++i) {
    std::string type = columns[i].at("type").get<std::string>();
    if (type.starts_with("TIMESTAMP") && !format.empty() && !format.starts_with("%Y-%m-%d")) {
      shape.notes.push_back(fmt::format(
          "column {} looks like times written as {} and is read as text", shape.names[i], format));
      type = "VARCHAR";
    }
    if (type == "TIME") type = "VARCHAR";
    shape.types.push_back(type);
  }
  return shape;
}

// The type that holds both.
std::string widened(const std::string& a, const std::string& b) {
  if (a == b) return a;
  bool numbers = (a == "BIGINT" || a == "DOUBLE") && (b == "BIGINT" || b == "DOUBLE");
  bool times = (a == "DATE" || a == "TIMESTAMP") && (b == "DATE" || b == "TIMESTAMP");
  return numbers ? "DOUBLE" : times ? "TIMESTAMP" : "VARCHAR";
}

CsvShape merged(const SourceFiles& files, const std::vector<CsvShape>& shapes) {
  CsvShape all = shapes[0];
  for (size_t i = 1; i < shapes.size(); ++i) {
    if (shapes[i].names != all.names || shapes[i].delimiter != all.delimiter) {
      throw Error(
          Code::invalid,
          fmt::format("its columns are not those of {}: {} here, {} there", files.files[0].string(),
                      fmt::join(shapes[i].names, ", "), fmt::join(all.names, ", ")),
          {.file = files.files[i].string(), .line = 1},
          "one table of all files needs the same columns in the same order");
    }
    for (size_t c = 0; c < all.types.size(); ++c) {
      all.types[c] = widened(all.types[c], shapes[i].types[c]);
    }
  }
  return all;
}

class CsvSource : public Source {
 public:
  explicit CsvSource(const SourceSpec& spec)
      : spec_(spec),
        kind_(Sources::instance().get("csv", "kind of source")),
        files_(find_files(spec)),
        options_(source_params(spec, kind_), "source " + spec.name) {}

  std::vector<SourceTable> open(SqlSession& session) override {
    std::vector<CsvShape> shapes = shapes_of(session);
    std::vector<SourceTable> tables;
    if (!files_.as.empty()) {
      tables.push_back(table(session, files_.as, files_.files, merged(files_, shapes)));
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
        shapes[unknown[size_t(i)]] = sniff(session, file, options_);
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
    .make = [](const SourceSpec& spec) { return std::make_unique<CsvSource>(spec); },
});

}  // namespace
}  // namespace gristmill
