#include "source/json_shape.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/progress.h"
#include "base/text.h"
#include "source/lines.h"
#include "source/unpacked.h"

namespace gristmill {
namespace {

using nlohmann::json;

// Every field of every object is a column, however rare.
constexpr std::string_view look_options =
    "records='true', union_by_name=true, sample_size=-1, field_appearance_threshold=0, "
    "map_inference_threshold=-1";

// Regular expressions of RE2.
constexpr std::string_view time_pattern = R"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*)";
constexpr std::string_view zoned_pattern = R"(.*\d\d:\d\d.*(Z|z|[+-]\d\d(:?\d\d)?))";

std::string read_json(const std::vector<fs::path>& files, std::string_view options) {
  return fmt::format("read_json({}, hive_partitioning=false, {})", quote_paths(files), options);
}

// How deep objects and arrays stand in one another, whatever else is wrong with the text.
class JsonDepth {
 public:
  void read(std::string_view text) {
    for (const char c : text) {
      if (in_text_) {
        in_text_ = escaped_ || c != '"';
        escaped_ = !escaped_ && c == '\\';
      } else if (c == '"') {
        in_text_ = true;
      } else if (c == '{' || c == '[') {
        deepest_ = std::max(deepest_, ++depth_);
      } else if (c == '}' || c == ']') {
        --depth_;
      }
    }
  }
  int64_t deepest() const { return deepest_; }

 private:
  bool in_text_ = false, escaped_ = false;
  int64_t depth_ = 0, deepest_ = 0;
};

// DuckDB takes what it can unpack of a file that is cut short, and says nothing; what is nested too
// deep for its stack ends the program.
void check_file(const fs::path& file) {
  constexpr int64_t depth_max = 512;
  const ReadBytes read = read_unpacked(file);
  JsonDepth depth;
  std::vector<char> bytes(size_t(1) << 20);
  while (const size_t got = read(bytes.data(), bytes.size())) {
    check_interrupted();
    depth.read({bytes.data(), got});
    if (depth.deepest() > depth_max)
      throw Error(Code::exhausted, fmt::format("it is nested deeper than {}", depth_max),
                  {.file = file.string()});
  }
}

// The first line that is no object, as an error that says so; of a file that is one document, what
// the parser says of it all. nullopt: every line is one.
std::optional<Error> refused_line(const fs::path& file, const Error& said) {
  Lines lines(file);
  std::string line;
  for (bool any = false; lines.next(line);) {
    const std::string_view text = trimmed(line);
    if (text.empty()) continue;
    // An array, or an object over several lines: no line of it stands alone.
    if (!any && (text.front() == '[' || text == "{")) return said;
    any = true;
    const json value = json::parse(text, nullptr, false);
    if (value.is_object()) continue;
    const std::string_view what = value.is_discarded() ? "is not JSON" : "is no object of JSON";
    return Error(Code::invalid, fmt::format("{} {}", excerpt(text), what),
                 {.line = int(lines.number())}, "each line is an object: {\"column\": value, …}");
  }
  if (lines.number() == 0) return Error(Code::invalid, "the file is empty");
  return std::nullopt;
}

Error place_of_error(const Error& said, const std::vector<fs::path>& files) {
  for (const fs::path& file : files) {
    try {
      if (const std::optional<Error> refused = refused_line(file, said))
        return in_file(*refused, file);
    } catch (const Error& error) {
      return in_file(error, file);
    }
  }
  return in_file(said, files[0]);
}

std::string& type_of(JsonShape& shape, const std::string& name) {
  return std::find_if(shape.columns.begin(), shape.columns.end(),
                      [&](const auto& one) { return one.first == name; })
      ->second;
}

// DuckDB does not see of whole numbers that they fit into 64 bits, and takes wider ones for
// float64, which does not hold them: a column of them is text. Beside fractions they are rounded.
void keep_whole_numbers(SqlSession& session, const std::vector<fs::path>& files, JsonShape& shape) {
  JsonShape numbers;
  std::string counts;
  for (const auto& [name, type] : shape.columns) {
    if (type != "HUGEINT" && type != "UBIGINT" && type != "DOUBLE") continue;
    numbers.columns.emplace_back(name, "VARCHAR");
    counts += fmt::format(
        "{0}count({1}), count(*) FILTER ({1} SIMILAR TO '-?[0-9]+'), count(TRY_CAST({1} AS "
        "BIGINT)), count(*) FILTER ({1} SIMILAR TO '-?[0-9]{{16,}}' AND "
        "coalesce(abs(TRY_CAST({1} AS HUGEINT)) > 9007199254740992, true))",
        counts.empty() ? "" : ", ", quote_name(name));
  }
  if (numbers.columns.empty()) return;
  const std::vector<std::string> row = session.rows(
      fmt::format("SELECT {} FROM {}", counts, json_relation(files, numbers, false)))[0];
  for (size_t i = 0; i < numbers.columns.size(); ++i) {
    const std::string &name = numbers.columns[i].first, &all = row[4 * i], &whole = row[4 * i + 1],
                      &fit = row[4 * i + 2], &rounded = row[4 * i + 3];
    std::string& type = type_of(shape, name);
    if (whole == all) {
      type = fit == all ? "BIGINT" : "VARCHAR";
      if (fit != all)
        shape.notes.push_back(
            fmt::format("column {} is read as text: it holds whole numbers beyond int64", name));
    } else if (rounded != "0") {
      shape.notes.push_back(
          fmt::format("column {} is read as float64, which rounds whole numbers beyond 2^53: {} of "
                      "its {} values",
                      name, rounded, all));
    }
  }
}

// A time that names its offset is a moment; DuckDB would drop the offset, or read text where there
// are several. All values are looked at: the first thousand may hold none.
void tell_zones(SqlSession& session, const std::vector<fs::path>& files, JsonShape& shape) {
  JsonShape times;
  std::string counts;
  for (const auto& [name, type] : shape.columns) {
    if (type != "TIMESTAMP" && type != "VARCHAR") continue;
    times.columns.emplace_back(name, "VARCHAR");
    counts += fmt::format(
        "{0}count({1}), count(*) FILTER ({1} SIMILAR TO '{2}'), count(TRY_CAST(CASE WHEN {1} "
        "SIMILAR TO '{2}' THEN {1} END AS TIMESTAMPTZ)), count(*) FILTER ({1} SIMILAR TO '{3}')",
        counts.empty() ? "" : ", ", quote_name(name), time_pattern, zoned_pattern);
  }
  if (times.columns.empty()) return;
  const std::vector<std::string> row =
      session.rows(fmt::format("SELECT {} FROM {}", counts, json_relation(files, times, false)))[0];
  for (size_t i = 0; i < times.columns.size(); ++i) {
    const std::string& name = times.columns[i].first;
    const std::string &all = row[4 * i], &written = row[4 * i + 1], &valid = row[4 * i + 2],
                      &zoned = row[4 * i + 3];
    if (all == "0" || written != all || valid != all) continue;
    std::string& type = type_of(shape, name);
    // DuckDB takes times of several forms, as some with a fraction and some without, for text.
    type = zoned == all ? "TIMESTAMPTZ" : zoned == "0" ? "TIMESTAMP" : "VARCHAR";
    if (type == "VARCHAR")
      shape.notes.push_back(
          fmt::format("column {} is read as text: {} of its {} times name their "
                      "offset",
                      name, zoned, all));
  }
}

bool has_values(SqlSession& session, const std::vector<fs::path>& files, const std::string& name) {
  const JsonShape one{.columns = {{name, "JSON"}}, .notes = {}};
  return session.rows(fmt::format("SELECT count({}) FROM {}", quote_name(name),
                                  json_relation(files, one, false)))[0][0] != "0";
}

// DuckDB calls a field "A" beside "a" "A_1", and then does not find it.
void refuse_like_names(SqlSession& session, const std::vector<fs::path>& files,
                       const JsonShape& shape) {
  for (const auto& [name, unused] : shape.columns) {
    const size_t mark = name.rfind('_');
    if (mark == std::string::npos || name.find_first_not_of("0123456789", mark + 1) != name.npos)
      continue;
    const std::string stem = name.substr(0, mark);
    const bool is_like = std::any_of(
        shape.columns.begin(), shape.columns.end(), [&, &name = name](const auto& other) {
          return other.first != name && other.first != stem && lower(other.first) == lower(stem);
        });
    if (!is_like || has_values(session, files, name)) continue;
    throw Error(Code::invalid,
                fmt::format("its fields \"{}\" and one that differs in case alone cannot both be "
                            "columns",
                            stem),
                {.file = files[0].string()}, "rename one of them in the file");
  }
}

}  // namespace

nlohmann::json JsonShape::json() const { return {{"columns", columns}, {"notes", notes}}; }

JsonShape JsonShape::from_json(const nlohmann::json& in) {
  return {in.at("columns").get<std::vector<std::pair<std::string, std::string>>>(),
          in.at("notes").get<std::vector<std::string>>()};
}

JsonShape look_at_json(SqlSession& session, const std::vector<fs::path>& files) {
  JsonShape shape;
  for (const fs::path& file : files) check_file(file);
  try {
    for (const std::vector<std::string>& row :
         session.rows("SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM " +
                      read_json(files, look_options) + ")"))
      shape.columns.emplace_back(row.at(0), row.at(1));
  } catch (const Error& error) {
    if (error.code() == Code::interrupted) throw;
    throw place_of_error(error, files);
  }
  refuse_like_names(session, files, shape);
  for (auto& [name, type] : shape.columns) {
    if (type != "JSON") continue;
    type = "VARCHAR";
    shape.notes.push_back(
        fmt::format("column {} is read as text: it holds values of several kinds", name));
  }
  keep_whole_numbers(session, files, shape);
  tell_zones(session, files, shape);
  return shape;
}

std::string json_relation(const std::vector<fs::path>& files, const JsonShape& shape,
                          bool filename) {
  std::string columns;
  for (const auto& [name, type] : shape.columns)
    columns +=
        fmt::format("{}{}: {}", columns.empty() ? "" : ", ", quote_text(name), quote_text(type));
  return read_json(files, fmt::format("records='true', columns={{{}}}{}", columns,
                                      filename ? ", filename=true" : ""));
}

}  // namespace gristmill
