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

// What a filled column depends on.
std::vector<std::string> columns_of(const Filling& filling) {
  std::vector<std::string> names = {filling.name};
  names.insert(names.end(), filling.by.begin(), filling.by.end());
  if (!filling.time.empty()) names.push_back(filling.time);
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

// What tells the groups of a filling apart.
const std::vector<Column>& group_keys(const Filling& filling) {
  return filling.history ? filling.history->keys() : filling.groups->keys();
}

void check_groups(const Filling& filling) {
  const FrozenTable& groups = *filling.groups;
  if (filling.by.empty() || groups.keys().size() != filling.by.size() || groups.values() != 1 ||
      groups.value_type(0) != filling.fill.type)
    throw Error(Code::corrupt, "the saved groups of rule impute do not fit its columns");
}

void check_history(const Filling& filling) {
  const History& history = *filling.history;
  if (history.type() != filling.fill.type || history.grouped() == filling.by.empty() ||
      (history.grouped() && history.keys().size() != filling.by.size()))
    throw Error(Code::corrupt, "the saved history of rule impute does not fit its columns");
}

// The hits that hold a value now.
const uint64_t* filled_hits(const Column& column, const uint64_t* hits, Scratch& scratch) {
  auto* some = scratch.values<uint64_t>(words_of_bits(column.length));
  for (int64_t word = 0; word < words_of_bits(column.length); ++word)
    some[word] = hits[word] & present_word(column, word);
  return some;
}

// With `values`, one a hit; what is null there stays missing.
Column filled_forward(const Column& column, const uint64_t* hits, const Column& values,
                      Scratch& scratch) {
  return rewritten(column, hits, scratch, [&, k = int64_t(0)](int64_t, ColumnBuffer& out) mutable {
    out.append(values, k++, 1);
  });
}

}  // namespace

void add_indicator(const std::string& column, Schema& schema) {
  const std::string name = indicator_name(column);
  if (schema.find(name) >= 0)
    throw Error(Code::invalid,
                fmt::format("{}: the indicator {} exists as a column already", owner, name));
  schema.add({name, Type::boolean, false});
}

Schema Impute::bind(const Schema& in) {
  Schema out = in;
  places_.clear();
  for (const Filling& filling : fillings_) {
    Place& place = places_.emplace_back();
    for (size_t k = 0; k < filling.by.size(); ++k) {
      const Type type = group_keys(filling)[k].type;
      place.by.push_back(in.index_of(filling.by[k], owner));
      if (!comparable(in[place.by[k]].type, type))
        throw Error(Code::invalid,
                    fmt::format("{}: {} is no longer {}", owner, filling.by[k], name_of(type)));
    }
    if (filling.history) place.time = bound_column(in, filling.time, filling.time_type, owner);
    place.column = bound_column(out, filling.name, filling.from, owner);
    if (filling.impute)
      out.replace(place.column, {filling.name, filling.fill.type, filling.history.has_value()});
  }
  for (const Filling& filling : fillings_) {
    if (!filling.indicator) continue;
    add_indicator(filling.name, out);
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
    filling.time.clear();
    filling.history.reset();
  }
  std::erase_if(fillings_, [](const Filling& f) { return !f.impute && !f.indicator; });
}

Column Impute::known_values(const Filling& filling, const Place& place, const Batch& rows,
                            const uint64_t* hits, Scratch& scratch) {
  auto* cells = scratch.values<const Column*>(int64_t(place.by.size()));
  for (size_t k = 0; k < place.by.size(); ++k) cells[k] = &rows.columns[place.by[k]];
  const std::span<const Column* const> by(cells, place.by.size());
  auto* found = scratch.values<uint32_t>(rows.rows);
  int64_t count = 0;
  ColumnBuffer& values = scratch.column(filling.fill.type);
  if (!filling.history) {
    for_hits(hits, rows.rows, [&](int64_t i) { found[count++] = filling.groups->find(by, i); });
    filling.groups->gather(0, found, count, values, scratch);
    return values.view();
  }
  const Column& time = rows.columns[place.time];
  for_hits(hits, rows.rows, [&](int64_t i) {
    found[count++] = time.is_null(i) ? FrozenTable::no_row
                                     : filling.history->last_before(instant_of(time, i), by, i);
  });
  filling.history->gather(found, count, values, scratch);
  return values.view();
}

void Impute::apply(Batch& rows, Scratch& scratch, RuleReport* report, int64_t first_row) const {
  Touches touches(report, rows, first_row, scratch);
  for (size_t i = 0; i < fillings_.size(); ++i) {
    const Filling& filling = fillings_[i];
    Column& column = rows.columns[places_[i].column];
    auto* hits = scratch.values<uint64_t>(words_of_bits(rows.rows));  // the indicator keeps it
    bool any = find_missing(column, hits);
    if (filling.impute && (any || filling.from != filling.fill.type)) {
      Column before = column;
      const bool some = any && (filling.groups || filling.history);
      Column known;
      if (some) known = known_values(filling, places_[i], rows, hits, scratch);
      column = filling.history
                   ? filled_forward(before, hits, known, scratch)
                   : filled(before, hits, {filling.fill, some ? &known : nullptr}, scratch);
      touches.add(filling.name, filling.history ? filled_hits(column, hits, scratch) : hits, before,
                  column);
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
    if (filling.history)
      state.put_state(fmt::format("history{}", columns.size()), filling.history->state());
    columns.push_back({{"name", filling.name},
                       {"type", name_of(filling.from)},
                       {"type_after", name_of(filling.fill.type)},
                       {"fill", save_value(filling.fill)},
                       {"impute", filling.impute},
                       {"indicator", filling.indicator},
                       {"by", filling.by}});
    if (!filling.history) continue;
    columns.back()["time"] = filling.time;
    columns.back()["time_type"] = name_of(filling.time_type);
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
      const bool forward = saved.contains("time");
      if (forward && after != filling.from)
        throw Error(Code::corrupt, "a saved impute changes its column's type");
      if (forward)
        filling.fill.type = after;
      else
        filling.fill = load_value(saved.at("fill"), after);
      saved.at("impute").get_to(filling.impute);
      saved.at("indicator").get_to(filling.indicator);
      if (saved.contains("by")) saved["by"].get_to(filling.by);
      if (forward) {
        saved["time"].get_to(filling.time);
        filling.time_type = parse_type(saved.at("time_type").get<std::string>());
        if (filling.time_type == Type::string || filling.time_type == Type::boolean ||
            filling.time_type == Type::float64)
          throw Error(Code::corrupt, "a saved impute goes by a time that is none");
        filling.history.emplace(state.get_state(fmt::format("history{}", fillings.size())));
        check_history(filling);
      } else if (!filling.by.empty()) {
        filling.groups.emplace(state.get_state(fmt::format("groups{}", fillings.size())));
        check_groups(filling);
      }
      fillings.push_back(std::move(filling));
    }
    return std::make_unique<Impute>(std::move(fillings));
  });
}

}  // namespace gristmill
