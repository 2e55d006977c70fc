#include "explore/propose.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace gristmill {
namespace {

// Text as a YAML scalar; quoted whenever a plain one could be read otherwise.
std::string yaml_text(const std::string& text) {
  static constexpr std::string_view safe =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_./-0123456789";
  const bool plain = !text.empty() && text.find_first_not_of(safe) == std::string::npos &&
                     isalpha(static_cast<unsigned char>(text[0])) && text != "true" &&
                     text != "false" && text != "null";
  if (plain) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\x{:02x}", int(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// A word that SQL and YAML read as it stands.
bool is_plain_name(const std::string& name) {
  return !name.empty() && !isdigit(static_cast<unsigned char>(name[0])) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return isalnum(static_cast<unsigned char>(c)) || c == '_'; });
}

// A column as an expression reads it.
std::string expression_name(const ColumnProfile& column) {
  const std::string& name = column.field.name;
  return is_plain_name(name) && !column.keyword ? name : quote_name(name);
}

// An expression that has no commas and no texts: as it stands where all its names are plain.
std::string yaml_expression(const std::string& text) {
  return isalpha(static_cast<unsigned char>(text[0])) && text.find('"') == std::string::npos
             ? text
             : yaml_text(text);
}

// What follows `#` ends with the line.
std::string comment(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return text;
}

std::string column_comment(const ColumnProfile& column, int64_t rows) {
  std::string text = fmt::format("{} {}", column.field.name, name_of(column.field.type));
  if (column.nulls > 0 && rows > 0)
    text += fmt::format(", {:.0f} % missing", 100.0 * double(column.nulls) / double(rows));
  if (column.field.type == Type::string) {
    // More than some hundred are an estimate.
    text += fmt::format(", {}{} values", column.distinct > 300 ? "about " : "", column.distinct);
  } else if (!column.least.empty()) {
    text += fmt::format(", {} … {}", column.least, column.greatest);
  }
  return comment(text);
}

// Nearly each value another: numbers with a fraction are measured, all else names something.
bool names_rows(const ColumnProfile& column, int64_t rows) {
  return column.distinct * 20 > (rows - column.nulls) * 19 && column.field.type != Type::float64;
}

bool is_key(const ColumnProfile& column, int64_t rows) {
  return column.nulls == 0 && rows > 1 && names_rows(column, rows);
}

bool is_id(const std::string& name) {
  const std::string small = lower(name);
  return small == "id" || small.ends_with("_id") || small.ends_with(" id");
}

bool is_finite(const std::string& number) {
  return std::none_of(number.begin(), number.end(),
                      [](char c) { return c == 'n' || c == 'N'; });  // inf, nan
}

// How good a first target a column makes; 0: none.
int target_score(const ColumnProfile& column, int64_t rows) {
  const bool mostly_missing = column.nulls * 2 > rows;
  if (column.distinct < 2 || mostly_missing || is_id(column.field.name)) return 0;
  if (column.distinct > 2 && names_rows(column, rows)) return 0;
  if (column.field.type == Type::boolean) return 5;
  if (column.field.type == Type::string)
    return column.distinct == 2 ? 4 : (column.distinct <= 10 ? 2 : 0);
  if (!is_number(column.field.type)) return 0;
  if (column.distinct == 2) return is_finite(column.greatest) ? 4 : 0;
  return column.field.type == Type::float64 ? 3 : 1;
}

std::string rules_text(const std::vector<TableProfile>& tables) {
  std::string out;
  for (const TableProfile& table : tables) {
    std::string rules;
    for (const ColumnProfile& column : table.columns) {
      if (column.odd_values.empty()) continue;
      std::vector<std::string> values;
      for (const std::string& value : column.odd_values) values.push_back(yaml_text(value));
      rules += fmt::format(
          "    - missing: {{values: [{}], columns: [{}]}}   # {} is text for these values only\n",
          fmt::join(values, ", "), yaml_text(column.field.name), comment(column.field.name));
      rules +=
          fmt::format("    - derive:\n        {}: {}\n", yaml_text(column.field.name),
                      yaml_expression(fmt::format("CAST({} AS DOUBLE)", expression_name(column))));
    }
    if (!rules.empty()) out += fmt::format("  {}:\n{}", yaml_text(table.name), rules);
  }
  return out.empty()
             ? ""
             : "\nclean:                        # rules by table, run in the order written\n" + out;
}

std::string target_text(const ColumnProfile& column) {
  const std::string name = expression_name(column);
  if (is_number(column.field.type) && column.distinct == 2)
    return fmt::format("{} = {}", name, column.greatest);
  return name;
}

std::string predict_text(const std::vector<TableProfile>& tables) {
  const TableProfile* largest = nullptr;
  for (const TableProfile& table : tables) {
    if (largest == nullptr || table.rows > largest->rows) largest = &table;
  }
  std::string out = "\npredict:\n";
  const ColumnProfile* target = nullptr;
  int best = 0;
  for (const ColumnProfile& column : largest->columns) {
    const int score = target_score(column, largest->rows);
    if (score >= best && score > 0) {
      best = score;
      target = &column;
    }
  }
  const bool nameable = target != nullptr && is_plain_name(target->field.name);
  out += fmt::format("  {}:                     # the model's name\n",
                     yaml_text(nameable ? target->field.name : "answer"));
  out += fmt::format("    from: {}\n", yaml_text(largest->name));
  for (const ColumnProfile& column : largest->columns) {
    if (&column == target || !is_key(column, largest->rows)) continue;
    out += fmt::format(
        "    # key: [{}]              # if it names a row: never a feature, carried into every "
        "answer\n",
        yaml_text(column.field.name));
    break;
  }
  if (target == nullptr) {
    out += "    target: \"\"               # write an expression here, for example: amount > 100\n";
  } else {
    out += fmt::format(
        "    target: {}        # a guess: write the column or expression that you want to "
        "predict\n",
        yaml_expression(target_text(*target)));
    if (target->field.type == Type::string && target->distinct == 2)
      out += fmt::format("    positive: {}\n", yaml_text(target->greatest));
  }
  out += "    # exclude: []             # columns that are known only afterwards\n";
  for (const ColumnProfile& column : largest->columns) {
    if (!is_time(column.field.type)) continue;
    out += fmt::format(
        "    # split: {{time: {}, validate: 15%, test: 15%}}   # train on the past, test on what "
        "came later\n",
        yaml_text(column.field.name));
    break;
  }
  out += "    model: [linear, boosted-trees]\n";
  return out;
}

}  // namespace

std::string propose_project(const std::string& project, const std::vector<ProposedSource>& sources,
                            const std::vector<TableProfile>& tables) {
  std::string out =
      fmt::format("project: {}\n\nsources:                      # where the data lies; read only\n",
                  yaml_text(project));
  for (const ProposedSource& source : sources)
    out += fmt::format("  {}: {}\n", yaml_text(source.name), yaml_text(source.given));
  out += "\n# What is in them:\n";
  for (const TableProfile& table : tables) {
    out += fmt::format("#   {}: {} rows\n", comment(table.name), table.rows);
    for (const ColumnProfile& column : table.columns)
      out += fmt::format("#     {}\n", column_comment(column, table.rows));
  }
  out += "\n# tables:                     # joined and shaped in SQL, for example:\n";
  const std::string first = comment(tables.front().name);
  out += fmt::format(
      "#   joined: SELECT a.*, b.size FROM {} a LEFT JOIN other.sizes b USING (id)\n", first);
  return out + rules_text(tables) + predict_text(tables);
}

}  // namespace gristmill
