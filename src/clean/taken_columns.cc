#include "clean/taken_columns.h"

#include <fmt/format.h>

#include "base/error.h"
#include "clean/value.h"

namespace gristmill {

TakenColumns::TakenColumns(std::string owner, std::string table, std::vector<std::string> names,
                           FrozenTable frozen)
    : owner_(std::move(owner)),
      table_(std::move(table)),
      names_(std::move(names)),
      frozen_(std::move(frozen)) {
  if (frozen_.values() != names_.size())
    throw Error(Code::corrupt,
                fmt::format("the saved table of {} has other columns than the rule", owner_));
}

void TakenColumns::add_to(Schema& schema, const std::string& by) const {
  for (size_t i = 0; i < names_.size(); ++i) {
    if (schema.find(names_[i]) >= 0)
      throw Error(Code::invalid,
                  fmt::format("{}: {} of {} is a column already", owner_, names_[i], table_), {},
                  fmt::format("give it another name: take: {{{}_of_{}: …}}", names_[i], by));
    schema.add({names_[i], frozen_.value_type(i), true});
  }
}

void TakenColumns::restrict_to(const std::set<std::string>& columns) {
  std::vector<size_t> kept;
  std::vector<std::string> names;
  for (size_t i = 0; i < names_.size(); ++i) {
    if (columns.count(names_[i]) == 0) continue;
    kept.push_back(i);
    names.push_back(names_[i]);
  }
  if (kept.size() == names_.size()) return;
  frozen_ = frozen_.with_values(kept);
  names_ = std::move(names);
}

void TakenColumns::append(const uint32_t* found, Batch& rows, Scratch& scratch,
                          RuleReport* report) const {
  for (size_t i = 0; i < names_.size(); ++i) {
    ColumnBuffer& out = scratch.column(frozen_.value_type(i));
    frozen_.gather(i, found, rows.rows, out, scratch);
    rows.columns.push_back(out.view());
    if (report != nullptr) report->cells_touched += rows.rows - rows.columns.back().null_count();
  }
}

std::vector<std::pair<std::string, std::string>> parse_pairs(const nlohmann::json& given,
                                                             const std::string& param,
                                                             const std::string& owner) {
  std::vector<std::pair<std::string, std::string>> names;
  auto text = [&](const nlohmann::json& value) {
    if (value.is_string()) return value.get<std::string>();
    throw Error(Code::invalid, fmt::format("{}: `{}` must hold names of columns, not {}", owner,
                                           param, shown(value)));
  };
  if (given.is_object()) {
    for (const auto& [name, other] : given.items()) names.emplace_back(name, text(other));
  } else {
    for (const auto& value : given.is_array() ? given : nlohmann::json::array({given}))
      names.emplace_back(text(value), text(value));
  }
  if (names.empty()) throw Error(Code::invalid, fmt::format("{}: `{}` is empty", owner, param));
  return names;
}

TakeParams parse_take(const nlohmann::json& given, const std::string& owner) {
  TakeParams take;
  for (auto& [here, there] : parse_pairs(given, "take", owner)) {
    take.here.push_back(std::move(here));
    take.there.push_back(std::move(there));
  }
  return take;
}

}  // namespace gristmill
