#include "feature/level_column.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "base/error.h"
#include "feature/encoder.h"
#include "feature/source_column.h"

namespace gristmill {
namespace {

bool level_before(Type type, std::string_view a, std::string_view b) {
  return type == Type::string ? a < b : number_of_level(a) < number_of_level(b);
}

}  // namespace

bool has_levels(Type type) {
  return type == Type::string || type == Type::int64 || type == Type::boolean;
}

void require_level_type(const Field& field, std::string_view kind) {
  require_type(field, kind, {Type::string, Type::int64, Type::boolean},
               is_time(field.type) ? "choose `datetime`" : "choose `number`");
}

int64_t number_of_level(std::string_view level) {
  int64_t number;
  std::memcpy(&number, level.data(), sizeof(number));
  return number;
}

std::string name_of_level(Type type, std::string_view level) {
  if (type == Type::string) return std::string(level);
  const int64_t number = number_of_level(level);
  if (type == Type::boolean) return number != 0 ? "true" : "false";
  return std::to_string(number);
}

void count_levels(const Column& column, LevelCounts& counts) {
  for_levels(
      column, [&](int64_t, auto level) { counts.add(level); }, [&](int64_t) { counts.add_null(); });
}

std::string nothing_in(Type type, const LevelCounts& counts) {
  if (counts.admitted() + counts.left_over() == 0) return all_missing;
  if (counts.distinct() == 1 && counts.left_over() == 0 && counts.nulls() == 0)
    return fmt::format("constant: all its values are {}",
                       name_of_level(type, counts.levels()[0].value));
  return {};
}

int64_t least_count(int64_t rows) { return std::clamp<int64_t>(rows / 1000, 2, 250); }

std::vector<std::string> frequent_levels(Type type, const LevelCounts& counts, int64_t least,
                                         int64_t most) {
  std::vector<LevelCounts::Level> all = counts.levels();
  std::erase_if(all, [least](const auto& level) { return level.count < least; });
  auto before = [type](const auto& a, const auto& b) {
    return a.count != b.count ? a.count > b.count : level_before(type, a.value, b.value);
  };
  const size_t kept = std::min(all.size(), size_t(most));
  std::partial_sort(all.begin(), all.begin() + int64_t(kept), all.end(), before);
  std::vector<std::string> levels;
  for (size_t i = 0; i < kept; ++i) levels.emplace_back(all[i].value);
  return levels;
}

std::vector<std::string> load_levels(const State& state, Type type, const std::string& kind,
                                     int64_t most) {
  if (!has_levels(type))
    throw Error(Code::corrupt,
                fmt::format("an encoder `{}` over a column that has no levels", kind));
  const std::vector<std::string_view> views = state.get_strings("levels");
  if (int64_t(views.size()) > most)
    throw Error(Code::corrupt, fmt::format("an encoder `{}` with too many levels", kind));
  for (std::string_view level : views)
    if ((type != Type::string && level.size() != 8) || level.size() > LevelCounts::max_length)
      throw Error(Code::corrupt,
                  fmt::format("a level of an encoder `{}` has the wrong size", kind));
  return {views.begin(), views.end()};
}

}  // namespace gristmill
