#include "table/union_query.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "expr/op.h"
#include "table/sql_tree.h"
#include "table/union_columns.h"

namespace gristmill {
namespace {

using nlohmann::json;

UnionTable described(Engine& engine, const std::string& name) {
  const std::string select = "SELECT * FROM " + quoted_table_name(name);
  UnionTable table{name, engine.describe(select), {}, {}};
  for (const auto& row : engine.rows("SELECT column_type FROM (DESCRIBE " + select + ")"))
    table.sql_types.push_back(row.at(0));
  table.empty.resize(table.columns.size());
  return table;
}

// A file's column without a value is text for want of anything better: where others have another
// type, it is of theirs.
void find_empty_columns(Engine& engine, std::vector<UnionTable>& tables) {
  for (const UnionColumn& column : match_columns(tables)) {
    std::vector<std::pair<UnionTable*, size_t>> texts;
    bool mixed = false;
    for (size_t t = 0; t < tables.size(); ++t) {
      if (column.places[t] < 0) continue;
      const auto place = size_t(column.places[t]);
      if (tables[t].columns[place].type == Type::string)
        texts.emplace_back(&tables[t], place);
      else
        mixed = true;
    }
    if (!mixed) continue;
    for (const auto& [table, place] : texts) {
      const auto one = engine.rows(fmt::format("SELECT 1 FROM {} WHERE {} IS NOT NULL LIMIT 1",
                                               quoted_table_name(table->name),
                                               quote_name(table->columns[place].name)));
      table->empty[place] = one.empty();
    }
  }
}

bool is_nested(const std::string& sql_type) {
  return sql_type.ends_with("]") || sql_type.starts_with("STRUCT(") ||
         sql_type.starts_with("MAP(") || sql_type.starts_with("UNION(");
}

// "a, b, c and 9 more"
std::string listed(const std::vector<std::string>& all) {
  constexpr size_t most = 4;
  if (all.size() <= most) return fmt::format("{}", fmt::join(all, ", "));
  return fmt::format("{} and {} more", fmt::join(all.begin(), all.begin() + most - 1, ", "),
                     all.size() - most + 1);
}

class Writer {
 public:
  explicit Writer(const std::vector<UnionTable>& tables)
      : tables_(tables), columns_(match_columns(tables)) {}

  UnionQuery write(const std::string& origin) {
    UnionQuery out;
    for (const UnionColumn& column : columns_) {
      if (!origin.empty() && folded_name(column.name) == folded_name(origin))
        throw Error(Code::invalid,
                    fmt::format("`origin` names the column `{}`, which the tables have", origin));
    }
    for (const UnionColumn& column : columns_) refuse_fractions_as_text(column);
    for (size_t t = 0; t < tables_.size(); ++t) {
      if (t > 0) out.sql += "\nUNION ALL\n";
      out.sql += select(t, origin);
    }
    out.columns = json::array();
    for (const UnionColumn& column : columns_) tell(column, out);
    return out;
  }

 private:
  const Field* field_of(const UnionColumn& column, size_t table) const {
    const int place = column.places[table];
    return place < 0 ? nullptr : &tables_[table].columns[size_t(place)];
  }
  bool is_empty(const UnionColumn& column, size_t table) const {
    return tables_[table].empty[size_t(column.places[table])];
  }

  // A file may have written them with a decimal comma, or as 1.10: as text they would be other text
  // than the file's, and the rule `parse` would read another number.
  void refuse_fractions_as_text(const UnionColumn& column) const {
    if (column.type != Type::string) return;
    const std::string *number = nullptr, *text = nullptr;
    for (size_t t = 0; t < tables_.size(); ++t) {
      const Field* field = field_of(column, t);
      if (field == nullptr || is_empty(column, t)) continue;
      if (field->type == Type::float64) number = &tables_[t].name;
      if (field->type == Type::string) text = &tables_[t].name;
    }
    if (number == nullptr || text == nullptr) return;
    throw Error(Code::invalid,
                fmt::format("column {} is float64 in {} and text in {}: its numbers would not stay "
                            "as they are written",
                            column.name, *number, *text),
                {.field = column.name},
                fmt::format("read it as text there, too (`types: {{{}: text}}` of a CSV source), "
                            "or name what is missing in {} by `nulls`",
                            column.name, *text));
  }

  std::string select(size_t table, const std::string& origin) const {
    std::string list;
    for (const UnionColumn& column : columns_)
      list += fmt::format("{}{} AS {}", list.empty() ? "" : ", ", cell(column, table),
                          quote_name(column.name));
    if (!origin.empty())
      list += fmt::format(", {} AS {}", quote_text(tables_[table].name), quote_name(origin));
    return fmt::format("SELECT {} FROM {}", list, quoted_table_name(tables_[table].name));
  }

  std::string cell(const UnionColumn& column, size_t table) const {
    const Field* field = field_of(column, table);
    const bool is_null = field == nullptr || is_empty(column, table);
    const std::string name = is_null ? "NULL" : quote_name(field->name);
    if (is_alike(column)) return name;
    const bool as_json = !is_null && column.type == Type::string &&
                         is_nested(tables_[table].sql_types[size_t(column.places[table])]);
    return fmt::format("CAST({} AS {})", as_json ? "to_json(" + name + ")" : name,
                       sql_name(column.type));
  }

  // Of one type, by DuckDB's name, wherever it has a value.
  bool is_alike(const UnionColumn& column) const {
    const std::string* first = nullptr;
    for (size_t t = 0; t < tables_.size(); ++t) {
      if (field_of(column, t) == nullptr || is_empty(column, t)) continue;
      const std::string& type = tables_[t].sql_types[size_t(column.places[t])];
      if (first != nullptr && *first != type) return false;
      first = &type;
    }
    return true;
  }

  void tell(const UnionColumn& column, UnionQuery& out) const {
    std::vector<std::string> missing, present, types, empty, written;
    json facts = {{"name", column.name}, {"type", name_of(column.type)}};
    for (size_t t = 0; t < tables_.size(); ++t) {
      const std::string& table = tables_[t].name;
      const Field* field = field_of(column, t);
      (field == nullptr ? missing : present).push_back(table);
      if (field == nullptr) continue;
      if (is_empty(column, t)) {
        empty.push_back(table);
      } else if (field->type != column.type) {
        types.push_back(fmt::format("{} in {}", name_of(field->type), table));
        facts["types"][table] = name_of(field->type);
      }
      if (field->name == column.name) continue;
      written.push_back(fmt::format("`{}` in {}", field->name, table));
      facts["written"][table] = field->name;
    }
    if (!missing.empty()) facts["missing_in"] = missing;
    if (!column.near.empty()) facts["maybe"] = column.near;
    if (facts.size() > 2) out.columns.push_back(std::move(facts));
    if (!column.near.empty())
      out.warnings.push_back(fmt::format("column {} is in {} alone, which has no {}: misspelled?",
                                         column.name, present[0], column.near));
    else if (missing.size() > present.size())
      out.notes.push_back(fmt::format("column {} is only in {}: null in the rows of the others",
                                      column.name, listed(present)));
    else if (!missing.empty())
      out.notes.push_back(fmt::format("column {} is missing in {}: null in its rows", column.name,
                                      listed(missing)));
    if (!empty.empty())
      out.notes.push_back(fmt::format("column {} has no value in {}", column.name, listed(empty)));
    if (!written.empty())
      out.notes.push_back(fmt::format("column {} is written {}", column.name, listed(written)));
    if (!types.empty())
      (column.type == Type::string ? out.warnings : out.notes)
          .push_back(fmt::format("column {} becomes {}: it is {}", column.name,
                                 name_of(column.type), listed(types)));
  }

  const std::vector<UnionTable>& tables_;
  const std::vector<UnionColumn> columns_;
};

}  // namespace

void UnionQuery::tell(json& facts) const {
  facts["union"] = columns;
  for (const std::string& note : notes) facts["notes"].push_back(note);
  for (const std::string& warning : warnings) facts["warnings"].push_back(warning);
}

UnionQuery union_query(Engine& engine, const std::vector<std::string>& names,
                       const std::string& origin) {
  std::vector<UnionTable> tables;
  for (const std::string& name : names) tables.push_back(described(engine, name));
  find_empty_columns(engine, tables);
  return Writer(tables).write(origin);
}

}  // namespace gristmill
