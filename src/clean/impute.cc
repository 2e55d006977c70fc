#include "clean/impute.h"

#include <cstring>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "clean/cells.h"

namespace gristmill {
namespace {

const std::string owner = "rule impute";

std::string indicator_name(const std::string& column) { return column + "_missing"; }

template <class From, class To>
void fill_numbers(const Column& column, const uint64_t* hits, To fill, ColumnBuffer& out) {
  To* cells = out.resize<To>(column.length);
  const From* from = column.values<From>();
  for (int64_t i = 0; i < column.length; ++i) cells[i] = To(from[i]);
  for_hits(hits, column.length, [&](int64_t i) { cells[i] = fill; });
}

Column filled(const Column& column, const uint64_t* hits, const Constant& fill, Scratch& scratch) {
  ColumnBuffer& out = scratch.column(fill.type);
  switch (fill.type) {
    case Type::float64:
      if (column.type == Type::int64)
        fill_numbers<int64_t, double>(column, hits, fill.number, out);
      else
        fill_numbers<double, double>(column, hits, fill.number, out);
      break;
    case Type::date:
      fill_numbers<int32_t, int32_t>(column, hits, int32_t(fill.whole), out);
      break;
    case Type::boolean: {
      auto* bits = out.resize<uint8_t>(column.length);
      if (column.length > 0) std::memcpy(bits, column.data, size_t(column.length + 7) / 8);
      for_hits(hits, column.length,
               [&](int64_t i) { fill.whole ? set_bit(bits, i) : clear_bit(bits, i); });
      break;
    }
    case Type::string: {
      int64_t done = 0;
      for_hits(hits, column.length, [&](int64_t i) {
        Column run = column;
        run.validity = nullptr;  // between hits nothing is null
        out.append(run, done, i - done);
        out.append(std::string_view(fill.text));
        done = i + 1;
      });
      Column run = column;
      run.validity = nullptr;
      out.append(run, done, column.length - done);
      break;
    }
    default:
      fill_numbers<int64_t, int64_t>(column, hits, fill.whole, out);
  }
  return out.view();
}

}  // namespace

Schema Impute::bind(const Schema& in) {
  Schema out = in;
  index_.clear();
  for (const Filling& filling : fillings_) {
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
  for (const Filling& filling : fillings_) names.push_back(filling.name);
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
    if (filling.name == column || indicator_name(filling.name) == column) return {filling.name};
  }
  return {};
}

void Impute::restrict_to(const std::set<std::string>& columns) {
  for (Filling& filling : fillings_) {
    filling.impute = filling.impute && columns.count(filling.name) > 0;
    filling.indicator = filling.indicator && columns.count(indicator_name(filling.name)) > 0;
  }
  std::erase_if(fillings_, [](const Filling& f) { return !f.impute && !f.indicator; });
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
      column = filled(before, hits, filling.fill, scratch);
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
  for (const Filling& filling : fillings_)
    columns.push_back({{"name", filling.name},
                       {"type", name_of(filling.from)},
                       {"type_after", name_of(filling.fill.type)},
                       {"fill", save_value(filling.fill)},
                       {"impute", filling.impute},
                       {"indicator", filling.indicator}});
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
      fillings.push_back(std::move(filling));
    }
    return std::make_unique<Impute>(std::move(fillings));
  });
}

}  // namespace gristmill
