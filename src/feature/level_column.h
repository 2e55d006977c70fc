// What encoders of categories share: the levels of a column that is text, whole numbers or
// booleans.
//
// A level is bytes, as levels.h says: text as it is, all else as the 8 bytes of a whole number.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/state.h"
#include "feature/levels.h"
#include "frame/column.h"

namespace gristmill {

// Code::invalid, naming encoder `kind`, unless `field` has levels.
void require_level_type(const Field& field, std::string_view kind);
bool has_levels(Type type);

int64_t number_of_level(std::string_view level);  // of what is no text
// As people write it.
std::string name_of_level(Type type, std::string_view level);

// Calls use(i, level) for each row, in order: the level as text or as a whole number.
// null(i) where it is missing.
template <class Use, class Null>
void for_levels(const Column& column, Use use, Null null) {
  auto each = [&](auto level) {
    for (int64_t i = 0; i < column.length; ++i) {
      if (column.is_null(i)) {
        null(i);
      } else {
        use(i, level(i));
      }
    }
  };
  switch (column.type) {
    case Type::string:
      each([&](int64_t i) { return column.string(i); });
      break;
    case Type::boolean:
      each([&](int64_t i) { return int64_t(column.boolean(i)); });
      break;
    default:
      each([v = column.values<int64_t>()](int64_t i) { return v[i]; });
  }
}

// Calls use(i, code) for each row, codes as LevelTable has them.
template <class Use>
void for_codes(const Column& column, const LevelTable& table, Use use) {
  for_levels(
      column, [&](int64_t i, auto level) { use(i, table.code(level)); },
      [&](int64_t i) { use(i, int32_t(0)); });
}

void count_levels(const Column& column, LevelCounts& counts);

// Why a column with these values carries nothing: all missing, or one value only; else "".
std::string nothing_in(Type type, const LevelCounts& counts);

// How often a value must occur in `rows` rows not to count as rare, when nobody says.
int64_t least_count(int64_t rows);
// Levels that occur at least `least` times, at most `most`: by falling count, then by rising value.
std::vector<std::string> frequent_levels(Type type, const LevelCounts& counts, int64_t least,
                                         int64_t most);

// Strings `levels` of a saved encoder `kind` over a column of `type`. Code::corrupt for a type that
// has no levels, more than `most`, or one of the wrong size.
std::vector<std::string> load_levels(const State& state, Type type, const std::string& kind,
                                     int64_t most);

}  // namespace gristmill
