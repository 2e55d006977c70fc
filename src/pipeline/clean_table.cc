#include "pipeline/clean_table.h"

#include <algorithm>

#include <fmt/format.h>

#include "pipeline/quarantine.h"
#include "pipeline/rule_steps.h"

namespace gristmill {
namespace {

// A table's rows with its rules applied, as a stream.
class CleanReader : public BatchReader {
 public:
  CleanReader(const CleanRequest& request, const RuleMaker& maker, const OpenRows& open)
      : request_(request), rows_(open()), quarantine_(rows_->schema()) {
    Schema schema = rows_->schema();
    for (const RuleSpec& spec : request.rules) {
      steps_.push_back(make_step(spec, request.name, maker, schema, steps_, open));
      schema = steps_.back().after;
    }
    schema_ = std::move(schema);
    reports_.resize(steps_.size());
    left_out_.resize(steps_.size());
  }

  const Schema& schema() const override { return schema_; }

  bool next(Batch& batch) override {
    while (rows_->next(batch)) {
      run(batch);
      first_row_ += raw_.rows;
      rows_left_ += batch.rows;
      if (batch.rows > 0) return true;
    }
    return false;
  }

  // Throws where nothing is left, after the last row.
  void finish() const {
    if (rows_left_ == 0) throw no_row_left();
  }

  nlohmann::json facts() const {
    nlohmann::json rules = nlohmann::json::array();
    auto add = [&](const RuleSpec& spec, const RuleReport& report) {
      rules.push_back({{"rule", spec.number},
                       {"kind", spec.kind},
                       {"params", spec.params},
                       {"report", report.json()}});
    };
    std::vector<std::string> warnings = quarantine_.warnings(specs(), first_row_, request_.name);
    for (size_t i = 0; i < steps_.size(); ++i) {
      const RuleSpec& spec = steps_[i].spec;
      add(spec, reports_[i]);
      std::string warning = unread_warning(spec.kind, spec.number, reports_[i], request_.name);
      if (!warning.empty()) warnings.push_back(std::move(warning));
    }
    return {{"rules", rules},
            {"rows_in", {{request_.name, first_row_}}},
            {"broken", quarantine_.rows()},
            {"dropped", first_row_ - rows_left_ - quarantine_.rows()},
            {"quarantine", quarantine_.facts(specs())},
            {"warnings", warnings}};
  }

  const Quarantine& quarantine() const { return quarantine_; }
  // By the step of the quarantine's errors.
  std::vector<RuleSpec> specs() const {
    std::vector<RuleSpec> out;
    for (const RuleStep& step : steps_) out.push_back(step.spec);
    return out;
  }

 private:
  // At the rule that left out most rows.
  Error no_row_left() const {
    const std::string message = fmt::format("the rules of {} leave no row", request_.name);
    if (first_row_ == 0)
      return {Code::invalid, message, request_.rules[0].where, "it had none before them"};
    const std::vector<RuleSpec> rules = specs();
    const size_t worst =
        size_t(std::max_element(left_out_.begin(), left_out_.end()) - left_out_.begin());
    std::string hint = fmt::format("rule {} {} leaves out {} of {} rows", rules[worst].number,
                                   rules[worst].kind, left_out_[worst], first_row_);
    for (const Blame& blame : quarantine_.blames(rules)) {
      if (blame.rule == &rules[worst])
        hint = fmt::format("{} breaks {} of {} rows, for example {}", blame.text(), blame.rows,
                           first_row_, blame.example());
    }
    return {Code::invalid, message, rules[worst].where, hint};
  }

  void run(Batch& batch) {
    raw_ = batch;
    scratch_.clear();
    scratch_.errors.clear();
    in_steps_.begin(batch, first_row_);
    for (size_t i = 0; i < steps_.size(); ++i) {
      run_step(steps_[i], in_steps_, scratch_, &reports_[i],
               {[&](const RowError& error) {
                  RowError at = error;
                  at.step = int(i);
                  quarantine_.add(raw_, first_row_, at);
                  ++left_out_[i];
                },
                [&](int64_t) { ++left_out_[i]; }});
    }
    batch = in_steps_.compact(compacted_, positions_);
  }

  const CleanRequest& request_;
  std::unique_ptr<BatchReader> rows_;
  Schema schema_;
  std::vector<RuleStep> steps_;
  std::vector<RuleReport> reports_;  // of each step
  std::vector<int64_t> left_out_;    // rows, by each step
  Scratch scratch_;
  Batch raw_;  // the batch as it came
  RowsInSteps in_steps_;
  BatchBuffer compacted_;
  std::vector<int64_t> positions_;
  Quarantine quarantine_;
  int64_t first_row_ = 0, rows_left_ = 0;
};

class NoRows : public BatchReader {
 public:
  explicit NoRows(Schema schema) : schema_(std::move(schema)) {}
  const Schema& schema() const override { return schema_; }
  bool next(Batch&) override { return false; }

 private:
  Schema schema_;
};

}  // namespace

Schema bind_clean(const CleanRequest& request, const Schema& before, const RuleMaker& maker) {
  return CleanReader(request, maker, [&] { return std::make_unique<NoRows>(before); }).schema();
}

Executor::Made clean_table(const CleanRequest& request, const TableHandle& before,
                           const RuleMaker& maker, Executor& executor) {
  Engine& engine = executor.workspace().engine();
  CleanReader rows(request, maker,
                   [&] { return engine.query("SELECT * FROM " + before.relation); });
  executor.progress().begin(fmt::format("{}: cleaning", request.name), 0, "rows");
  const LoadedTable loaded(engine, "cleaned " + request.name, rows);
  executor.progress().end();
  rows.finish();
  const TableVersion version = write_version(engine, executor.workspace().store(),
                                             {.sql = "SELECT * FROM " + loaded.relation(),
                                              .key = request.key,
                                              .keep_order = request.key.empty(),
                                              .table = request.name},
                                             executor.progress());
  nlohmann::json facts = rows.facts();
  facts["rows"] = version.rows;
  facts["digest"] = version.digest.hex();
  Store& store = executor.workspace().store();
  Manifest manifest = version.manifest();
  if (rows.quarantine().rows() > 0)
    manifest.layers.push_back(rows.quarantine().write(rows.specs(), engine, store));
  return {store.put_manifest(manifest), facts};
}

}  // namespace gristmill
