#include "table/union_columns.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "expr/utf8.h"

namespace gristmill {
namespace {

std::string lower_name(const std::string& name) {
  std::string out;
  expr_internal::append_lower(name, out);
  return out;
}

Type wider(Type a, Type b) {
  if (a == b) return a;
  if (is_number(a) && is_number(b)) return Type::float64;
  if (a == Type::boolean && is_number(b)) return b;
  if (b == Type::boolean && is_number(a)) return a;
  if (is_time(a) && is_time(b)) return std::max(a, b);  // the wider stands later
  return Type::string;
}

// A column as one table spells it.
struct Spelling {
  size_t table;
  int place;
  const std::string* name;
};

Error doubtful(const std::vector<UnionTable>& tables, const Spelling& one, const Spelling& other,
               const Spelling& either) {
  return Error(
      Code::invalid,
      fmt::format("columns `{}` and `{}` of {} may both be `{}` of {}", *one.name, *other.name,
                  tables[one.table].name, *either.name, tables[either.table].name),
      {}, "make a table of one of them, in SQL, that leaves no doubt: SELECT … AS …");
}

// Whether a name of this group is two columns of one table: then it goes by its spelling.
bool goes_by_spelling(const std::vector<UnionTable>& tables, const std::vector<Spelling>& group) {
  bool two = false;
  for (size_t i = 1; i < group.size(); ++i) {
    if (group[i].table != group[i - 1].table) continue;
    two = true;
    std::set<std::string> own;
    for (const Spelling& spelling : group) {
      if (spelling.table == group[i].table) own.insert(lower_name(*spelling.name));
    }
    for (const Spelling& spelling : group) {
      if (own.count(lower_name(*spelling.name)) == 0)
        throw doubtful(tables, group[i - 1], group[i], spelling);
    }
  }
  return two;
}

void check_common(const std::vector<UnionTable>& tables, const std::vector<UnionColumn>& columns) {
  for (size_t t = 0; t < tables.size() && tables.size() > 1; ++t) {
    const bool shares = std::any_of(columns.begin(), columns.end(), [&](const UnionColumn& column) {
      return column.places[t] >= 0 && std::count(column.places.begin(), column.places.end(), -1) <
                                          std::ptrdiff_t(tables.size()) - 1;
    });
    if (shares) continue;
    const UnionTable& other = tables[t == 0 ? 1 : 0];
    throw Error(Code::invalid,
                fmt::format("{} has no column in common with {}", tables[t].name,
                            tables.size() == 2 ? other.name : "the other tables"),
                {},
                fmt::format("it has {}; {} has {}", fmt::join(tables[t].columns.names(), ", "),
                            other.name, fmt::join(other.columns.names(), ", ")));
  }
}

// Columns without a value are of any type.
Type unified_type(const std::vector<UnionTable>& tables, const UnionColumn& column) {
  std::optional<Type> type;
  for (const bool empty : {false, true}) {
    for (size_t t = 0; t < tables.size(); ++t) {
      const int place = column.places[t];
      if (place < 0 || tables[t].empty[size_t(place)] != empty) continue;
      const Type own = tables[t].columns[size_t(place)].type;
      type = type ? wider(*type, own) : own;
    }
    if (type) break;
  }
  return *type;
}

std::string without_digits(const std::string& name) {
  std::string out;
  std::copy_if(name.begin(), name.end(), std::back_inserter(out),
               [](char c) { return !is_digit(c); });
  return out;
}

// What one table alone has may be what that table alone lacks, misspelled. Numbered columns are
// near each other and mean what they say.
void find_misspelled(std::vector<UnionColumn>& columns, size_t tables) {
  if (tables < 2) return;
  for (size_t i = columns.size(); i-- > 0;) {
    UnionColumn& column = columns[i];
    const auto& places = column.places;
    if (std::count(places.begin(), places.end(), -1) != std::ptrdiff_t(tables) - 1) continue;
    const size_t table =
        size_t(std::find_if(places.begin(), places.end(), [](int place) { return place >= 0; }) -
               places.begin());
    std::vector<std::string> lacking;
    for (const UnionColumn& other : columns) {
      // Of two that are near each other, one is told.
      if (other.places[table] < 0 && other.near != column.name &&
          without_digits(other.name) != without_digits(column.name))
        lacking.push_back(other.name);
    }
    column.near = nearest(column.name, lacking);
  }
}

}  // namespace

std::string folded_name(const std::string& name) {
  std::string out = lower_name(name);
  std::erase_if(out, [](char c) { return c == ' ' || c == '-' || c == '_' || c == '.'; });
  return out.empty() ? name : out;
}

std::vector<UnionColumn> match_columns(const std::vector<UnionTable>& tables) {
  std::map<std::string, std::vector<Spelling>> groups;
  for (size_t t = 0; t < tables.size(); ++t) {
    for (size_t place = 0; place < tables[t].columns.size(); ++place) {
      const std::string& name = tables[t].columns[place].name;
      groups[folded_name(name)].push_back({t, int(place), &name});
    }
  }
  std::set<std::string> by_spelling;
  for (const auto& [folded, group] : groups) {
    if (goes_by_spelling(tables, group)) by_spelling.insert(folded);
  }
  std::vector<UnionColumn> columns;
  std::map<std::string, size_t> known;
  for (size_t t = 0; t < tables.size(); ++t) {
    for (size_t place = 0; place < tables[t].columns.size(); ++place) {
      const std::string& name = tables[t].columns[place].name;
      std::string key = folded_name(name);
      if (by_spelling.count(key) > 0) key = lower_name(name);
      const auto [found, is_new] = known.emplace(key, columns.size());
      if (is_new) columns.push_back({name, Type::string, std::vector<int>(tables.size(), -1), {}});
      columns[found->second].places[t] = int(place);
    }
  }
  check_common(tables, columns);
  for (UnionColumn& column : columns) column.type = unified_type(tables, column);
  find_misspelled(columns, tables.size());
  return columns;
}

}  // namespace gristmill
