#include "source/csv_shape.h"

#include <algorithm>

#include <fmt/format.h>

#include "source/csv_header.h"

namespace gristmill {
namespace {

using nlohmann::json;

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

// The number of values of each column, read as text alone. An error says which line cannot be read,
// which the sniffer's does not.
std::vector<std::string> count_values(SqlSession& session, const fs::path& file, CsvShape shape,
                                      const CsvReading& reading) {
  shape.types.assign(shape.names.size(), "VARCHAR");
  return session.rows("SELECT count(COLUMNS(*)) FROM " + read_csv_sql({file}, shape, reading, ""))
      .at(0);
}

// The type that holds both.
std::string widened(const std::string& a, const std::string& b) {
  if (a == b) return a;
  bool numbers = (a == "BIGINT" || a == "DOUBLE") && (b == "BIGINT" || b == "DOUBLE");
  bool times = (a == "DATE" || a == "TIMESTAMP") && (b == "DATE" || b == "TIMESTAMP");
  return numbers ? "DOUBLE" : times ? "TIMESTAMP" : "VARCHAR";
}

// The columns that hold no value: their type says nothing.
std::vector<bool> without_values(SqlSession& session, const fs::path& file, const CsvShape& shape,
                                 const CsvReading& reading, FileDigests* digests) {
  const std::string fact = "csv empty columns 1 " + reading.text;
  std::optional<std::string> known;
  if (digests != nullptr) known = digests->fact(file, fact);
  if (!known) {
    known = "";
    for (const std::string& count : count_values(session, file, shape, reading))
      *known += count == "0" ? '1' : '0';
    if (digests != nullptr) digests->remember(file, fact, *known);
  }
  std::vector<bool> out;
  for (char c : *known) out.push_back(c == '1');
  return out;
}

// The types that hold the values of all files.
std::vector<std::string> widened(SqlSession& session, const SourceFiles& files,
                                 const std::vector<CsvShape>& shapes, const CsvReading& reading,
                                 FileDigests* digests) {
  std::vector<std::string> types = shapes[0].types;
  bool differ = false;
  for (const CsvShape& shape : shapes) differ = differ || shape.types != types;
  if (!differ) return types;
  std::vector<bool> found(types.size(), false);
  for (size_t i = 0; i < shapes.size(); ++i) {
    const bool may_be_empty = std::count(shapes[i].types.begin(), shapes[i].types.end(), "VARCHAR");
    std::vector<bool> empty(types.size(), false);
    if (may_be_empty) empty = without_values(session, files.files[i], shapes[i], reading, digests);
    for (size_t c = 0; c < types.size(); ++c) {
      if (empty[c]) continue;
      types[c] = found[c] ? widened(types[c], shapes[i].types[c]) : shapes[i].types[c];
      found[c] = true;
    }
  }
  return types;
}

}  // namespace

json CsvShape::to_json() const {
  return {{"delimiter", std::string(1, delimiter)},
          {"names", names},
          {"types", types},
          {"notes", notes}};
}

CsvShape CsvShape::from_json(const json& in) {
  return {in.at("delimiter").get<std::string>().at(0),
          in.at("names").get<std::vector<std::string>>(),
          in.at("types").get<std::vector<std::string>>(),
          in.at("notes").get<std::vector<std::string>>()};
}

const std::vector<ParamDoc>& csv_params() {
  static const std::vector<ParamDoc> docs = {
      {"nulls", "array", "texts that mean a missing value", json(default_nulls), {}, {}, {}},
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

CsvReading::CsvReading(const Params& params, const std::string& owner) {
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

std::string CsvReading::nulls_sql() const {
  std::string out;
  for (const std::string& null : nulls) out += (out.empty() ? "" : ", ") + quote_text(null);
  return "[" + out + "]";
}

std::string read_csv_sql(const std::vector<fs::path>& files, const CsvShape& shape,
                         const CsvReading& reading, std::string_view more) {
  std::string columns;
  for (size_t i = 0; i < shape.names.size(); ++i) {
    columns += fmt::format("{}{}: {}", i > 0 ? ", " : "", quote_text(shape.names[i]),
                           quote_text(shape.types[i]));
  }
  // With the default buffer of 32 MB one core is idle on a file of that size.
  return fmt::format(
      "read_csv({}, columns={{{}}}, auto_detect=false, delim={}, quote='\"', escape='\"', "
      "header={}, nullstr={}, buffer_size=4194304{})",
      quote_paths(files), columns, quote_text({&shape.delimiter, 1}), reading.header,
      reading.nulls_sql(), more);
}

CsvShape sniff_csv(SqlSession& session, const fs::path& file, const CsvReading& reading) {
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
        quote_path(file), quote_text({&shape.delimiter, 1}), reading.header, reading.nulls_sql()));
  } catch (const Error& error) {
    if (error.code() == Code::invalid) count_values(session, file, shape, reading);
    throw;
  }
  json columns = json::parse(rows.at(0).at(0));
  if (columns.size() != shape.names.size()) {
    count_values(session, file, shape, reading);
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

CsvShape merged_shape(SqlSession& session, const SourceFiles& files,
                      const std::vector<CsvShape>& shapes, const CsvReading& reading,
                      FileDigests* digests) {
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
    for (const std::string& note : shapes[i].notes) {
      if (std::find(all.notes.begin(), all.notes.end(), note) == all.notes.end())
        all.notes.push_back(note);
    }
  }
  all.types = widened(session, files, shapes, reading, digests);
  return all;
}

}  // namespace gristmill
