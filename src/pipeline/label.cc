#include "pipeline/label.h"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "frame/cell.h"
#include "frame/civil.h"

namespace gristmill {
namespace {

bool meet(const std::set<std::string>& some, const std::vector<std::string>& others) {
  return std::any_of(others.begin(), others.end(),
                     [&](const auto& name) { return some.count(name) > 0; });
}

// All that may be a name of a column in what a rule is given.
void add_words(const nlohmann::json& given, std::set<std::string>& words) {
  auto add = [&](const std::string& text) {
    words.insert(text);
    std::string word;
    for (const char c : text + " ") {
      if (std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c < 0) {
        word += c;
      } else if (!word.empty()) {
        words.insert(std::exchange(word, {}));
      }
    }
  };
  if (given.is_string()) add(given.get_ref<const std::string&>());
  if (!given.is_structured()) return;
  for (const auto& [key, value] : given.items()) {
    if (given.is_object()) add(key);
    add_words(value, words);
  }
}

// The names of the key, and all that may be names in the target and in what derives its columns.
void add_key_and_target(const PredictSpec& spec, const std::vector<RuleSpec>& rules,
                        std::set<std::string>& names) {
  std::set<std::string> words(spec.key.begin(), spec.key.end());
  add_words(spec.target, words);
  for (auto rule = rules.rbegin(); rule != rules.rend(); ++rule) {
    if (rule->kind != "derive") continue;
    for (const auto& part :
         rule->params.is_array() ? rule->params : nlohmann::json::array({rule->params})) {
      if (!part.is_object()) continue;
      for (const auto& [name, text] : part.items()) {
        if (words.count(name) > 0) add_words(text, words);
      }
    }
  }
  for (const std::string& word : words) names.insert(lower(word));
}

void set_all(std::vector<uint8_t>& bitmap, int64_t rows) {
  bitmap.assign(size_t((rows + 7) / 8), 0xff);
  if (rows % 8 != 0) bitmap.back() = uint8_t((1 << (rows % 8)) - 1);
}

int64_t count_bits(const std::vector<uint8_t>& bitmap) {
  return std::accumulate(bitmap.begin(), bitmap.end(), int64_t(0),
                         [](int64_t sum, uint8_t byte) { return sum + __builtin_popcount(byte); });
}

// Instants in microseconds; dates at midnight.
int64_t instant(const Column& column, int64_t i) {
  if (column.type == Type::date) return micros_of_days(column.values<int32_t>()[i]);
  return column.values<int64_t>()[i];
}

// Under another name, what must never be a feature would be one.
void refuse_renamed_key(const PredictSpec& spec, const RuleSpec& rule) {
  if (rule.kind != "rename" || !rule.params.is_object()) return;
  for (const std::string& name : spec.key) {
    if (!rule.params.contains(name)) continue;
    throw Error(Code::invalid,
                fmt::format("rule rename: {} is part of the key of {}", name, spec.name),
                rule.where, "a column of the key keeps the name that requests carry");
  }
}

}  // namespace

std::vector<std::string> touched_by(const RuleFit& fit) {
  std::vector<std::string> names = fit.reads();
  // A fitted rule writes what it reads, and columns of its own.
  if (!fit.needs_rows()) {
    for (std::string& name : fit.freeze()->writes()) names.push_back(std::move(name));
  }
  return names;
}

LabelStage::LabelStage(const PredictSpec& spec, const std::vector<RuleSpec>& rules,
                       const Schema& table, const RuleMaker& maker)
    : spec_(spec), table_(table), maker_(maker), chain_(table, {}) {
  add_key_and_target(spec, rules, maker_.outside_classes);
  // What a fitted rule touches, or one after it that depends on it.
  std::set<std::string> pending;
  for (const RuleSpec& rule : rules) {
    const RuleKind& kind = Rules::instance().get(rule.kind, "rule");
    refuse_renamed_key(spec, rule);
    if (kind.stage == RuleStage::check) continue;
    std::unique_ptr<RuleFit> fit;
    try {
      fit = maker_.make(rule, chain_.output());
    } catch (const Error& error) {
      // A column that a later rule makes is not known here yet.
      if (pending.empty() || error.code() != Code::not_found || kind.stage != RuleStage::cells)
        throw;
      add_words(rule.params, pending);
      later_.push_back(rule);
      continue;
    }
    if (kind.stage == RuleStage::filter) {
      add_filter(rule, std::move(fit));
      continue;
    }
    const std::vector<std::string> touched = touched_by(*fit);
    if (kind.is_fitted(rule.params) || meet(pending, touched)) {
      pending.insert(touched.begin(), touched.end());
      later_.push_back(rule);
      continue;
    }
    chain_.append(rule.kind, fit->freeze());
    cell_specs_.push_back(rule);
  }
  for (const auto& filter : filters_) {
    if (filter != nullptr) filter->bind(chain_.output());
  }
  bind_target();
  for (const std::string& name : spec_.key) key_columns_.push_back(index_of(table_, name, "key"));
  if (key_columns_.empty()) {
    key_columns_.resize(table_.size());
    std::iota(key_columns_.begin(), key_columns_.end(), 0);
  }
  find_split_column();
}

void LabelStage::bind_target() {
  auto bind = [&](const std::string& text, const std::string& member) {
    return told_at(spec_.place(member), [&] {
      return std::make_unique<Expr>(maker_.bind_expression(text, chain_.output()));
    });
  };
  target_ = bind(spec_.target, "target");
  if (is_time(target_->type())) {
    throw Error(Code::invalid,
                fmt::format("the target of {} is a {}", spec_.name, name_of(target_->type())),
                spec_.place("target"), "predict a number, for example a span in days");
  }
  if (!spec_.weight.empty()) {
    weight_ = bind(spec_.weight, "weight");
    if (!is_number(weight_->type())) {
      throw Error(Code::invalid, fmt::format("the weight of {} is not a number", spec_.name),
                  spec_.place("weight"));
    }
  }
}

size_t LabelStage::index_of(const Schema& schema, const std::string& column,
                            const std::string& member) const {
  return told_at(spec_.place(member), [&] { return schema.index_of(column, "`" + member + "`"); });
}

void LabelStage::find_split_column() {
  if (!spec_.time.empty()) index_of(chain_.output(), spec_.time, "time");
  if (spec_.split.by == SplitSpec::By::random) return;
  split_column_ = int(index_of(chain_.output(), spec_.split.column, "split"));
  const Field& field = chain_.output()[size_t(split_column_)];
  if (spec_.split.by == SplitSpec::By::time && !is_time(field.type)) {
    throw Error(Code::invalid,
                fmt::format("`split` goes by time, but {} is {}", field.name, name_of(field.type)),
                spec_.place("split"),
                "read the column as a date or a timestamp, for example in the table's SQL");
  }
}

std::vector<RuleSpec> LabelStage::steps() const {
  std::vector<RuleSpec> all = cell_specs_;
  all.insert(all.end(), filter_specs_.begin(), filter_specs_.end());
  all.insert(all.end(), later_.begin(), later_.end());
  return all;
}

std::vector<std::pair<std::string, std::string>> LabelStage::forbidden(
    const RuleChain& full) const {
  std::vector<std::pair<std::string, std::string>> columns;
  std::set<std::string> leaking;
  for (const std::string& name : target_->columns()) {
    leaking.insert(name);
    // A derived target: what it is made from knows the answer too.
    for (const std::string& source : chain_.sources_of({name})) leaking.insert(source);
  }
  const std::set<std::string> reached = full.reached_from(leaking);
  for (const Field& field : full.output().fields()) {
    if (leaking.count(field.name) > 0) {
      columns.emplace_back(field.name, "the target is computed from it");
    } else if (reached.count(field.name) > 0) {
      columns.emplace_back(field.name, "it is computed from what the target reads");
    }
  }
  for (const std::string& name : spec_.key) columns.emplace_back(name, "part of the key");
  if (weight_) {
    for (const std::string& name : weight_->columns())
      columns.emplace_back(name, "the weight reads it");
  }
  if (spec_.split.by == SplitSpec::By::group)
    columns.emplace_back(spec_.split.column, "the split groups by it");
  for (const std::string& name : spec_.exclude) columns.emplace_back(name, "excluded");
  return columns;
}

void LabelStage::set_classes(const TargetClasses& classes) {
  classes_ = classes;
  class_numbers_.clear();
  for (size_t i = 0; i < classes.classes.size(); ++i) class_numbers_[classes.classes[i]] = int(i);
}

void LabelStage::run(const Batch& raw, int64_t first_row, LabelledChunk& out) const {
  out.scratch.clear();
  out.scratch.errors.clear();
  out.reports.assign(chain_.steps().size() + filters_.size(), RuleReport{});
  out.broken.clear();
  out.rows = raw;
  set_all(out.kept, raw.rows);
  chain_.apply(out.rows, out.scratch, &out.reports, first_row);
  leave_out_broken(0, out);
  run_filters(first_row, out);
  if (filter_to_fit() != nullptr) return;
  out.dropped = raw.rows - int64_t(out.broken.size()) - count_bits(out.kept);
  fill_target(out);
  check_targets(first_row, out);
  if (weight_) fill_weight(out, first_row);
}

void LabelStage::fill_target(LabelledChunk& out) const {
  out.no_target = 0;
  const size_t errors_before = out.scratch.errors.size();
  const Column target = target_->evaluate(out.rows, out.scratch);
  leave_out_broken(errors_before, out);
  out.labelled = out.kept;
  out.target.assign(size_t(out.rows.rows), 0);
  for (int64_t i = 0; i < out.rows.rows; ++i) {
    bool known = !target.is_null(i);
    if (known && target.type == Type::float64) known = std::isfinite(target.values<double>()[i]);
    if (!known) {
      out.no_target += get_bit(out.kept.data(), i);
      clear_bit(out.labelled.data(), i);
      continue;
    }
    switch (target.type) {
      case Type::boolean:
        out.target[i] = target.boolean(i);
        break;
      case Type::int64:
        out.target[i] = double(target.values<int64_t>()[i]);
        break;
      case Type::float64:
        out.target[i] = target.values<double>()[i];
        break;
      default: {
        auto found = class_numbers_.find(target.string(i));
        out.target[i] = found == class_numbers_.end() ? -1 : found->second;
      }
    }
  }
  out.target_column = target;
}

// Scores are sums of squares: what they cannot hold is told before it is learned from.
void LabelStage::check_targets(int64_t first_row, const LabelledChunk& out) const {
  constexpr double largest = 1e100;
  if (target_->type() != Type::float64) return;
  for (int64_t i = 0; i < out.rows.rows; ++i) {
    if (!get_bit(out.labelled.data(), i) || std::abs(out.target[size_t(i)]) <= largest) continue;
    throw Error(
        Code::invalid,
        fmt::format("the target of {} is {:.3g}: numbers beyond 1e100 cannot be squared and "
                    "summed",
                    spec_.name, out.target[size_t(i)]),
        {.table = spec_.from, .row = first_row + i},
        "drop such rows by the rule `range`, or divide the target")
        .at(spec_.place("target"));
  }
}

void LabelStage::fill_weight(LabelledChunk& out, int64_t first_row) const {
  const Column weight = weight_->evaluate(out.rows, out.scratch);
  out.weight.assign(size_t(out.rows.rows), 1);
  for (int64_t i = 0; i < out.rows.rows; ++i) {
    if (!get_bit(out.labelled.data(), i)) continue;
    const double value = weight.is_null(i)            ? -1
                         : weight.type == Type::int64 ? double(weight.values<int64_t>()[i])
                                                      : weight.values<double>()[i];
    constexpr double largest = 1e30;  // that sums of products of weights stay finite
    if (!(value >= 0 && value <= largest)) {
      throw Error(Code::invalid,
                  fmt::format("the weight of {} is missing, negative or above 1e30", spec_.name),
                  {.table = spec_.from, .row = first_row + i},
                  "drop such rows, or write coalesce(…, 0)")
          .at(spec_.place("weight"));
    }
    out.weight[i] = value;
  }
}

void LabelStage::fill_keys(const Batch& raw, LabelledChunk& out) const {
  row_keys(raw, key_columns_, out.key);
}

// A row without a group is one by itself.
void LabelStage::split_alone(const Batch& raw, const Column& group,
                             std::vector<uint64_t>& value) const {
  std::vector<uint64_t> own;
  row_keys(raw, key_columns_, own);
  for (int64_t i = 0; i < raw.rows; ++i) {
    if (group.is_null(i)) value[size_t(i)] = own[size_t(i)];
  }
}

void LabelStage::fill_split_values(const Batch& raw, int64_t first_row, LabelledChunk& out) const {
  if (spec_.split.by == SplitSpec::By::random) return row_keys(raw, key_columns_, out.split_value);
  const Column& column = out.rows.columns[size_t(split_column_)];
  out.split_value.assign(size_t(raw.rows), 0);
  if (spec_.split.by == SplitSpec::By::group) {
    const size_t index = size_t(split_column_);
    row_keys(out.rows, {&index, 1}, out.split_value);
    if (column.validity != nullptr) split_alone(raw, column, out.split_value);
    return;
  }
  for (int64_t i = 0; i < raw.rows; ++i) {
    if (!get_bit(out.labelled.data(), i)) continue;
    if (column.is_null(i)) {
      throw Error(Code::invalid,
                  fmt::format("{} is missing, and the split goes by it", spec_.split.column),
                  {.table = spec_.from, .field = spec_.split.column, .row = first_row + i},
                  fmt::format("drop such rows: `- drop: {} IS NULL`", spec_.split.column));
    }
    out.split_value[i] = uint64_t(instant(column, i));
  }
}

}  // namespace gristmill
