#include "pipeline/preview.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "frame/cell.h"
#include "pipeline/preview_steps.h"

namespace gristmill {
namespace {

using Bits = std::vector<uint8_t>;

bool is_missing(const Column& column, int64_t i) {
  return column.is_null(i) ||
         (column.type == Type::float64 && std::isnan(column.values<double>()[i]));
}

bool same_bytes(const Column& a, const Column& b) {
  return a.type == b.type && a.data == b.data && a.validity == b.validity && a.offsets == b.offsets;
}

// Whether people would read another cell: 5 and 5.0 are the same.
bool differs(const Column& a, const Column& b, int64_t i, std::string& a_text,
             std::string& b_text) {
  if (is_missing(a, i) || is_missing(b, i)) return is_missing(a, i) != is_missing(b, i);
  a_text.clear();
  b_text.clear();
  append_text(a, i, a_text);
  append_text(b, i, b_text);
  return a_text != b_text;
}

// A column that a rule changed or added, and the rows in which it did.
struct Touched {
  size_t rule;
  std::string column;
  bool added;
  Column before, after;
  Bits rows;
};

struct Leaving {
  PreviewRow::Fate fate;
  PreviewCell cell;
};

class Previewer {
 public:
  Previewer(const PreviewRequest& request, const std::set<int>& wanted, const Schema& schema,
            const std::vector<RuleStep>& steps, Preview& out)
      : request_(request), steps_(steps), out_(out) {
    for (const RuleStep& step : steps_) {
      const bool shown = wanted.count(step.spec.number) > 0;
      rule_of_.push_back(shown ? int(rule_index(step.spec)) : -1);
      if (shown && (step.stage != RuleStage::cells || changes_columns(step))) only_adds_ = false;
    }
    for (const std::string& name : out_.key) key_.push_back(schema.index_of(name, "the key"));
  }

  void run(const Batch& raw) {
    scratch_.clear();
    scratch_.errors.clear();
    touched_.clear();
    leaving_.clear();
    rows_.begin(raw, out_.rows);
    for (size_t i = 0; i < steps_.size(); ++i) {
      const Batch before = rows_.rows;
      run_step(steps_[i], rows_, scratch_, nullptr,
               {[&](const RowError& error) { leave_broken(i, before, error); },
                [&](int64_t row) { leave_dropped(i, row); }});
      if (rule_of_[i] >= 0 && steps_[i].stage == RuleStage::cells) compare(i, before, rows_.rows);
    }
    show(raw);
    out_.rows += raw.rows;
  }

 private:
  static bool changes_columns(const RuleStep& step) {
    const std::vector<std::string> writes = step.rule->writes();
    return std::any_of(writes.begin(), writes.end(),
                       [&](const auto& name) { return step.before.find(name) >= 0; });
  }

  // The conditions of one `drop` share an entry.
  size_t rule_index(const RuleSpec& spec) {
    for (size_t r = 0; r < out_.rules.size(); ++r) {
      if (out_.rules[r].number == spec.number) return r;
    }
    out_.rules.push_back({spec.number, spec.kind});
    return out_.rules.size() - 1;
  }

  void compare(size_t step, const Batch& before, const Batch& after) {
    const auto rule = size_t(rule_of_[step]);
    Bits any(rows_.stays.size(), 0);
    for (size_t c = 0; c < after.columns.size(); ++c) {
      const Field& field = (*after.schema)[c];
      const int was = before.schema->find(field.name);
      if (was >= 0 && same_bytes(before.columns[size_t(was)], after.columns[c])) continue;
      // Under another name.
      if (was < 0 && c < before.columns.size() && same_bytes(before.columns[c], after.columns[c]))
        continue;
      Touched touched{rule,
                      field.name,
                      was < 0,
                      was < 0 ? Column{} : before.columns[size_t(was)],
                      after.columns[c],
                      Bits(rows_.stays.size(), 0)};
      if (mark(touched, any)) touched_.push_back(std::move(touched));
    }
    for (const uint8_t byte : any) out_.rules[rule].rows += __builtin_popcount(byte);
  }

  // True when there is any row. Cells that are added count for nothing but themselves.
  bool mark(Touched& touched, Bits& any) {
    bool found = false;
    for (int64_t i = 0; i < touched.after.length; ++i) {
      if (!get_bit(rows_.stays.data(), i)) continue;
      if (touched.added ? is_missing(touched.after, i)
                        : !differs(touched.before, touched.after, i, text_[0], text_[1]))
        continue;
      found = true;
      set_bit(touched.rows.data(), i);
      if (touched.added && !only_adds_) {
        ++out_.rules[touched.rule].added;
        continue;
      }
      set_bit(any.data(), i);
      ++out_.rules[touched.rule].cells;
    }
    return found;
  }

  void leave(size_t step, int64_t row, PreviewRow::Fate fate, PreviewCell cell) {
    if (rule_of_[step] < 0) return;
    cell.rule = size_t(rule_of_[step]);
    PreviewedRule& counts = out_.rules[cell.rule];
    ++(fate == PreviewRow::Fate::dropped ? counts.dropped : counts.broken);
    leaving_.emplace(row, Leaving{fate, std::move(cell)});
  }

  void leave_broken(size_t step, const Batch& before, const RowError& error) {
    const int column = before.schema->find(error.field);
    leave(step, error.row, PreviewRow::Fate::broken,
          {0, error.field,
           column < 0 ? nlohmann::json() : cell_json(before.columns[size_t(column)], error.row),
           "broken: " + error.message});
  }

  void leave_dropped(size_t step, int64_t row) {
    const RuleSpec& spec = steps_[step].spec;
    const std::string how = spec.params.is_string()      ? spec.params.get<std::string>()
                            : spec.params.contains("by") ? "the same " + spec.params.at("by").dump()
                                                         : spec.params.dump();
    leave(step, row, PreviewRow::Fate::dropped, {0, "", nullptr, "dropped: " + how});
  }

  void show(const Batch& raw) {
    Bits seen(rows_.stays.size(), 0);
    for (const Touched& touched : touched_) {
      if (touched.added && !only_adds_) continue;
      for (size_t b = 0; b < seen.size(); ++b) seen[b] |= touched.rows[b];
    }
    for (const auto& [row, unused] : leaving_) set_bit(seen.data(), row);
    for_each_bit(seen.data(), raw.rows, [&](int64_t i) {
      const auto left = leaving_.find(i);
      const auto fate = left == leaving_.end() ? PreviewRow::Fate::changed : left->second.fate;
      ++(fate == PreviewRow::Fate::changed   ? out_.changed
         : fate == PreviewRow::Fate::dropped ? out_.dropped
                                             : out_.broken);
      if (int64_t(out_.shown.size()) < request_.limit) out_.shown.push_back(row_of(raw, i, fate));
    });
  }

  PreviewRow row_of(const Batch& raw, int64_t i, PreviewRow::Fate fate) const {
    PreviewRow row{out_.rows + i + 1, nlohmann::json::array(), fate, {}};
    for (const size_t column : key_) row.key.push_back(cell_json(raw.columns[column], i));
    for (const Touched& touched : touched_) {
      if (!get_bit(touched.rows.data(), i)) continue;
      row.cells.push_back({touched.rule, touched.column,
                           touched.added ? nlohmann::json() : cell_json(touched.before, i),
                           cell_json(touched.after, i)});
    }
    if (const auto left = leaving_.find(i); left != leaving_.end())
      row.cells.push_back(left->second.cell);
    return row;
  }

  const PreviewRequest& request_;
  const std::vector<RuleStep>& steps_;
  Preview& out_;
  std::vector<int> rule_of_;  // of each step: its entry in Preview::rules, or -1
  bool only_adds_ = true;
  std::vector<size_t> key_;
  Scratch scratch_;
  std::vector<Touched> touched_;
  std::map<int64_t, Leaving> leaving_;
  RowsInSteps rows_;
  std::string text_[2];
};

nlohmann::json json_or_null(const std::string& text) {
  return text.empty() ? nlohmann::json() : nlohmann::json(text);
}

// The numbers of the rules that are asked for.
std::set<int> wanted_rules(const std::vector<RuleSpec>& rules, const PreviewRequest& request) {
  std::set<int> wanted;
  std::vector<std::string> kinds;
  for (const RuleSpec& rule : rules) {
    const bool check = Rules::instance().get(rule.kind, "rule").stage == RuleStage::check;
    const bool named = request.rule == rule.kind || request.rule == std::to_string(rule.number);
    if (named && check)
      throw Error(Code::invalid,
                  fmt::format("rule {} of {} changes nothing", rule.kind, request.table),
                  rule.where, "`gristmill run` says where the table is not as expected");
    if (!check && (named || request.rule.empty())) wanted.insert(rule.number);
    kinds.push_back(rule.kind);
  }
  if (!wanted.empty()) return wanted;
  if (request.rule.empty() && !rules.empty())
    throw Error(Code::invalid, fmt::format("the rules of {} change nothing", request.table),
                rules[0].where);
  if (rules.empty())
    throw Error(Code::not_found, fmt::format("table {} has no rules", request.table), {},
                fmt::format("write them under `clean: {{{}: […]}}`", request.table));
  std::vector<std::string> listed;
  for (size_t i = 0; i < kinds.size(); ++i) listed.push_back(fmt::format("{} {}", i + 1, kinds[i]));
  throw Error(Code::not_found,
              fmt::format("table {} has no rule \"{}\"", request.table, request.rule), {},
              fmt::format("its rules are {}", fmt::join(listed, ", ")));
}

}  // namespace

std::string_view name_of(PreviewRow::Fate fate) {
  return fate == PreviewRow::Fate::changed   ? "changed"
         : fate == PreviewRow::Fate::dropped ? "dropped"
                                             : "broken";
}

Preview preview_rules(const Project& project, const PreviewRequest& request, Tables& tables,
                      Executor& executor) {
  if (project.tables.count(request.table) == 0) tables.before_rules(request.table);  // or no table
  const std::set<int> wanted = wanted_rules(project.rules_of(request.table), request);
  const bool predicted = std::any_of(project.predicts.begin(), project.predicts.end(),
                                     [&](const auto& one) { return one.from == request.table; });
  const TableHandle before =
      predicted ? tables.stored(request.table) : tables.before_rules(request.table);
  const RuleSteps made = make_rule_steps(project, request.table, {wanted.begin(), wanted.end()},
                                         before, tables, executor);
  Preview preview{.table = request.table, .fitted_on = made.fitted_on};
  if (before.version) preview.key = before.version->key;
  const auto rows = open_table(before, executor.workspace());
  Previewer previewer(request, wanted, before.schema, made.steps, preview);
  executor.progress().begin(request.table + ": previewing", 0, "rows");
  Batch batch;
  while (rows->next(batch)) {
    check_interrupted();
    previewer.run(batch);
    executor.progress().advance(batch.rows);
  }
  executor.progress().end();
  return preview;
}

nlohmann::json Preview::json() const {
  nlohmann::json by_rule = nlohmann::json::array(), list = nlohmann::json::array();
  for (const PreviewedRule& rule : rules) {
    by_rule.push_back({{"rule", rule.number},
                       {"kind", rule.kind},
                       {"rows", rule.rows},
                       {"cells", rule.cells},
                       {"added", rule.added},
                       {"dropped", rule.dropped},
                       {"broken", rule.broken}});
  }
  for (const PreviewRow& row : shown) {
    nlohmann::json cells = nlohmann::json::array(), names = nlohmann::json::object();
    for (size_t k = 0; k < key.size(); ++k) names[key[k]] = row.key[k];
    for (const PreviewCell& cell : row.cells) {
      cells.push_back({{"rule", rules[cell.rule].number},
                       {"kind", rules[cell.rule].kind},
                       {"column", json_or_null(cell.column)},
                       {"before", cell.before},
                       {"after", cell.after}});
    }
    list.push_back(
        {{"row", row.row}, {"key", names}, {"fate", name_of(row.fate)}, {"cells", cells}});
  }
  return {{"table", table},     {"rows", rows},     {"changed", changed},
          {"dropped", dropped}, {"broken", broken}, {"fitted_on", json_or_null(fitted_on)},
          {"rules", by_rule},   {"shown", list}};
}

}  // namespace gristmill
