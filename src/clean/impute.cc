#include "clean/impute.h"

#include <algorithm>
#include <cstring>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "clean/cells.h"

namespace gristmill {
namespace {

const std::string owner = "rule impute";

std::string indicator_name(const std::string& column) { return column + "_missing"; }

// What a filled column depends on.
std::vector<std::string> columns_of(const Filling& filling) {
  std::vector<std::string> names = {filling.name};
  names.insert(names.end(), filling.by.begin(), filling.by.end());
  return names;
}

// What the k-th hit cell is filled with.
struct Values {
  const Constant& whole;
  const Column* groups;  // one cell a hit, null where its group is not known; or null: all `whole`

  bool known(int64_t k) const { return groups != nullptr && !groups->is_null(k); }
};

template <class From, class To>
void fill_numbers(const Column& column, const uint64_t* hits, To whole, const Values& values,
                  ColumnBuffer& out) {
  To* cells = out.resize<To>(column.length);
  const From* from = column.values<From>();
  for (int64_t i = 0; i < column.length; ++i) cells[i] = To(from[i]);
  for_hits(hits, column.length, [&, k = int64_t(0)](int64_t i) mutable {
    cells[i] = values.known(k) ? values.groups->values<To>()[k] : whole;
    ++k;
  });
}

Column filled_text(const Column& column, const uint64_t* hits, const Values& values,
                   Scratch& scratch) {
  Column all = column;  // between hits nothing is null
  all.validity = nullptr;
  return rewritten(all, hits, scratch, [&, k = int64_t(0)](int64_t, ColumnBuffer& out) mutable {
    out.append(values.known(k) ? values.groups->string(k) : std::string_view(values.whole.text));
    ++k;
  });
}

void fill_booleans(const Column& column, const uint64_t* hits, const Values& values,
                   ColumnBuffer& out) {
  auto* bits = out.resize<uint8_t>(column.length);
  if (column.length > 0) std::memcpy(bits, column.data, size_t(column.length + 7) / 8);
  for_hits(hits, column.length, [&, k = int64_t(0)](int64_t i) mutable {
    const bool value = values.known(k) ? values.groups->boolean(k) : values.whole.whole != 0;
    value ? set_bit(bits, i) : clear_bit(bits, i);
    ++k;
  });
}

Column filled(const Column& column, const uint64_t* hits, const Values& values, Scratch& scratch) {
  const Constant& fill = values.whole;
  if (fill.type == Type::string) return filled_text(column, hits, values, scratch);
  ColumnBuffer& out = scratch.column(fill.type);
  switch (fill.type) {
    case Type::float64:
      if (column.type == Type::int64)
        fill_numbers<int64_t, double>(column, hits, fill.number, values, out);
      else
        fill_numbers<double, double>(column, hits, fill.number, values, out);
      break;
    case Type::date:
      fill_numbers<int32_t, int32_t>(column, hits, int32_t(fill.whole), values, out);
      break;
    case Type::boolean:
      fill_booleans(column, hits, values, out);
      break;
    default:
      fill_numbers<int64_t, int64_t>(column, hits, fill.whole, values, out);
  }
  return out.view();
}

void check_groups(const Filling& filling) {
  const FrozenTable& groups = *filling.groups;
  if (filling.by.empty() || groups.keys().size() != filling.by.size() || groups.values() != 1 ||
      groups.value_type(0) != filling.fill.type)
    throw Error(Code::corrupt, "the saved groups of rule impute do not fit its columns");
}

}  // namespace

Schema Impute::bind(const Schema& in) {
  Schema out = in;
  index_.clear();
  by_index_.clear();
  for (const Filling& filling : fillings_) {
    auto& by = by_index_.emplace_back();
    for (size_t k = 0; k < filling.by.size(); ++k) {
      by.push_back(in.index_of(filling.by[k], owner));
      if (!comparable(in[by[k]].type, filling.groups->keys()[k].type))
        throw Error(Code::invalid, fmt::format("{}: {} is no longer {}", owner, filling.by[k],
                                               name_of(filling.groups->keys()[k].type)));
    }
    index_.push_back(bound_column(out, filling.name, filling.from, owner));
    if (filling.impute) out.replace(index_.back(), {filling.name, filling.fill.type, false});
  }
  for (const Filling& filling : fillings_) {
    if (!filling.indicator) continue;
    if (out.find(indicator_name(filling.name)) >= 0)
      throw Error(Code::invalid, fmt::format("{}: the indicator {} exists as a column already",
                                             owner, indicator_name(filling.name)));
    out.add({indicator_name(filling.name), Type::boolean, false});
  }
  return out;
}

std::vector<std::string> Impute::reads() const {
  std::vector<std::string> names;
  for (const Filling& filling : fillings_) {
    for (std::string& name : columns_of(filling)) {
      if (std::find(names.begin(), names.end(), name) == names.end())
        names.push_back(std::move(name));
    }
  }
  return names;
}

std::vector<std::string> Impute::writes() const {
  std::vector<std::string> names;
  for (const Filling& filling : fillings_) {
    if (filling.impute) names.push_back(filling.name);
    if (filling.indicator) names.push_back(indicator_name(filling.name));
  }
  return names;
}

std::vector<std::string> Impute::reads_for(const std::string& column) const {
  for (const Filling& filling : fillings_) {
    if (indicator_name(filling.name) == column) return {filling.name};
    if (filling.name == column) return columns_of(filling);
  }
  return {};
}

void Impute::restrict_to(const std::set<std::string>& columns) {
  for (Filling& filling : fillings_) {
    filling.impute = filling.impute && columns.count(filling.name) > 0;
    filling.indicator = filling.indicator && columns.count(indicator_name(filling.name)) > 0;
    if (filling.impute) continue;
    filling.by.clear();
    filling.groups.reset();
  }
  std::erase_if(fillings_, [](const Filling& f) { return !f.impute && !f.indicator; });
}

Column Impute::group_values(const Filling& filling, const std::vector<size_t>& by,
                            const Batch& rows, const uint64_t* hits, Scratch& scratch) {
  auto* cells = scratch.values<const Column*>(int64_t(by.size()));
  for (size_t k = 0; k < by.size(); ++k) cells[k] = &rows.columns[by[k]];
  auto* found = scratch.values<uint32_t>(rows.rows);
  int64_t count = 0;
  for_hits(hits, rows.rows,
           [&](int64_t i) { found[count++] = filling.groups->find({cells, by.size()}, i); });
  ColumnBuffer& values = scratch.column(filling.fill.type);
  filling.groups->gather(0, found, count, values);
  return values.view();
}

void Impute::apply(Batch& rows, Scratch& scratch, RuleReport* report, int64_t first_row) const {
  Touches touches(report, rows, first_row, scratch);
  for (size_t i = 0; i < fillings_.size(); ++i) {
    const Filling& filling = fillings_[i];
    Column& column = rows.columns[index_[i]];
    auto* hits = scratch.values<uint64_t>(words_of_bits(rows.rows));  // the indicator keeps it
    bool any = find_missing(column, hits);
    if (filling.impute && (any || filling.from != filling.fill.type)) {
      Column before = column;
      const bool grouped = any && filling.groups;
      Column groups;
      if (grouped) groups = group_values(filling, by_index_[i], rows, hits, scratch);
      column = filled(before, hits, {filling.fill, grouped ? &groups : nullptr}, scratch);
      touches.add(filling.name, hits, before, column);
    }
    if (!filling.indicator) continue;
    Column indicator;
    indicator.type = Type::boolean;
    indicator.length = rows.rows;
    indicator.data = hits;
    rows.columns.push_back(indicator);
  }
}

State Impute::save() const {
  State state;
  nlohmann::json columns = nlohmann::json::array();
  for (const Filling& filling : fillings_) {
    if (filling.groups)
      state.put_state(fmt::format("groups{}", columns.size()), filling.groups->state());
    columns.push_back({{"name", filling.name},
                       {"type", name_of(filling.from)},
                       {"type_after", name_of(filling.fill.type)},
                       {"fill", save_value(filling.fill)},
                       {"impute", filling.impute},
                       {"indicator", filling.indicator},
                       {"by", filling.by}});
  }
  state.json["columns"] = std::move(columns);
  return state;
}

std::unique_ptr<Rule> Impute::load(const State& state) {
  return read_state(owner, [&] {
    std::vector<Filling> fillings;
    for (const auto& saved : state.at<nlohmann::json>("columns")) {
      Filling filling;
      saved.at("name").get_to(filling.name);
      filling.from = parse_type(saved.at("type").get<std::string>());
      Type after = parse_type(saved.at("type_after").get<std::string>());
      if (after != filling.from && !(is_number(filling.from) && after == Type::float64))
        throw Error(Code::corrupt, "a saved impute changes its column's type");
      filling.fill = load_value(saved.at("fill"), after);
      saved.at("impute").get_to(filling.impute);
      saved.at("indicator").get_to(filling.indicator);
      if (saved.contains("by")) saved["by"].get_to(filling.by);
      if (!filling.by.empty()) {
        filling.groups.emplace(state.get_state(fmt::format("groups{}", fillings.size())));
        check_groups(filling);
      }
      fillings.push_back(std::move(filling));
    }
    return std::make_unique<Impute>(std::move(fillings));
  });
}

}  // namespace gristmill
