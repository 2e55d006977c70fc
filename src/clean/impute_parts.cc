#include "clean/impute_parts.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "clean/cells.h"

namespace gristmill {
namespace {

constexpr int64_t parts_most = 1000;

void add_names(std::vector<std::string> more, std::vector<std::string>& names) {
  for (std::string& name : more) {
    if (std::find(names.begin(), names.end(), name) == names.end())
      names.push_back(std::move(name));
  }
}

}  // namespace

Schema ImputeParts::bind(const Schema& in) {
  Schema out = in;
  changes_.clear();
  for (const auto& part : parts_) {
    const Schema after = part->bind(in);
    std::vector<size_t>& changes = changes_.emplace_back();
    for (const std::string& name : part->writes()) {
      const int at = in.find(name);
      if (at < 0) continue;
      changes.push_back(size_t(at));
      out.replace(size_t(at), after[size_t(at)]);
    }
    for (size_t i = in.size(); i < after.size(); ++i) out.add(after[i]);
  }
  return out;
}

std::vector<std::string> ImputeParts::reads() const {
  std::vector<std::string> names;
  for (const auto& part : parts_) add_names(part->reads(), names);
  return names;
}

std::vector<std::string> ImputeParts::writes() const {
  std::vector<std::string> names;
  for (const auto& part : parts_) add_names(part->writes(), names);
  return names;
}

std::vector<std::string> ImputeParts::reads_for(const std::string& column) const {
  std::vector<std::string> names;
  for (const auto& part : parts_) {
    const std::vector<std::string> writes = part->writes();
    if (std::find(writes.begin(), writes.end(), column) != writes.end())
      add_names(part->reads_for(column), names);
  }
  return names;
}

void ImputeParts::restrict_to(const std::set<std::string>& columns) {
  for (const auto& part : parts_) part->restrict_to(columns);
}

void ImputeParts::apply(Batch& rows, Scratch& scratch, RuleReport* report,
                        int64_t first_row) const {
  Touches touches(report, rows, first_row, scratch);
  if (report != nullptr && report->choices.empty()) report->choices = choices_;
  const Batch before = rows;
  auto* hits = scratch.values<uint64_t>(words_of_bits(rows.rows));
  for (size_t p = 0; p < parts_.size(); ++p) {
    Batch own = before;
    parts_[p]->apply(own, scratch, nullptr, first_row);
    for (const size_t at : changes_[p]) {
      rows.columns[at] = own.columns[at];
      if (report == nullptr || !find_missing(before.columns[at], hits)) continue;
      for (int64_t word = 0; word < words_of_bits(rows.rows); ++word)
        hits[word] &= present_word(own.columns[at], word);
      touches.add((*before.schema)[at].name, hits, before.columns[at], own.columns[at]);
    }
    rows.columns.insert(rows.columns.end(), own.columns.begin() + int64_t(before.columns.size()),
                        own.columns.end());
  }
}

State ImputeParts::save() const {
  State state;
  state.json = {{"parts", parts_.size()}, {"choices", RuleReport::choices_json(choices_)}};
  for (size_t p = 0; p < parts_.size(); ++p)
    state.put_state(fmt::format("part{}", p), parts_[p]->save());
  return state;
}

std::unique_ptr<Rule> ImputeParts::load(const State& state,
                                        std::unique_ptr<Rule> (*load_part)(const State&)) {
  return read_state("rule impute", [&] {
    const auto count = state.at<int64_t>("parts");
    if (count < 0 || count > parts_most)
      throw Error(Code::corrupt, "a saved impute has an odd count of parts");
    std::vector<std::unique_ptr<Rule>> parts;
    for (int64_t p = 0; p < count; ++p)
      parts.push_back(load_part(state.get_state(fmt::format("part{}", p))));
    auto choices = RuleReport::choices_from_json(state.at<nlohmann::json>("choices"));
    return std::make_unique<ImputeParts>(std::move(parts), std::move(choices));
  });
}

}  // namespace gristmill
