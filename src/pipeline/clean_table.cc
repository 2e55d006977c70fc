#include "pipeline/clean_table.h"

#include <algorithm>
#include <deque>
#include <set>

#include <fmt/format.h>

namespace gristmill {
namespace {

struct Step {
  const RuleSpec* spec;
  RuleStage stage;
  std::unique_ptr<Rule> rule;
  RuleReport report;
  Schema after;
};

// A table's rows with its rules applied, as a stream.
class CleanReader : public BatchReader {
 public:
  CleanReader(const CleanRequest& request, const RuleMaker& maker,
              std::unique_ptr<BatchReader> rows)
      : request_(request), rows_(std::move(rows)), schema_(rows_->schema()) {
    for (const RuleSpec& spec : request.rules)
      add(spec, Rules::instance().get(spec.kind, "rule"), maker);
  }

  const Schema& schema() const override { return schema_; }

  bool next(Batch& batch) override {
    while (rows_->next(batch)) {
      run(batch);
      first_row_ += input_rows_;
      if (batch.rows > 0) return true;
    }
    return false;
  }

  nlohmann::json facts() const {
    nlohmann::json rules = nlohmann::json::array();
    for (const Step& step : steps_) {
      rules.push_back({{"kind", step.spec->kind},
                       {"params", step.spec->params},
                       {"report", step.report.json()}});
    }
    return {{"rules", rules},
            {"rows_in", {{request_.name, first_row_}}},
            {"broken", broken_},
            {"dropped", dropped_}};
  }

 private:
  void add(const RuleSpec& spec, const RuleKind& kind, const RuleMaker& maker) {
    if (kind.fitted) {
      throw Error(Code::invalid,
                  fmt::format("rule {} of {} must see training rows before it can run, but {} is "
                              "read before rows are split",
                              spec.kind, request_.name, request_.name),
                  spec.where, "move the rule to the table that the prediction is made from");
    }
    Step step{&spec, kind.stage, maker.make(spec, schema_)->freeze(), {}, {}};
    const Schema after = step.rule->bind(schema_);
    if (kind.stage == RuleStage::cells) schema_ = after;
    step.after = schema_;
    steps_.push_back(std::move(step));
  }

  void run(Batch& batch) {
    input_rows_ = batch.rows;
    scratch_.clear();
    scratch_.errors.clear();
    buffers_ = 0;
    for (Step& step : steps_) {
      if (step.stage == RuleStage::filter) {
        leave_out(batch, step.rule->keep(batch, scratch_, &step.report, first_row_));
      } else {
        step.rule->apply(batch, scratch_, &step.report, first_row_);
        batch.schema = &step.after;
        leave_out(batch, nullptr);
      }
    }
  }

  // Rows that `keep` names stay (null: all), but those with an error. They leave together, for both
  // count rows as they stand.
  void leave_out(Batch& batch, const uint8_t* keep) {
    std::set<int64_t> broken;
    std::vector<uint8_t> stay;
    if (!scratch_.errors.empty()) {
      stay.assign(size_t((batch.rows + 7) / 8), 0xff);
      if (keep != nullptr) std::copy_n(keep, stay.size(), stay.begin());
      for (const RowError& error : scratch_.errors) {
        broken.insert(error.row);
        clear_bit(stay.data(), error.row);
      }
      scratch_.errors.clear();
      keep = stay.data();
    }
    if (keep == nullptr) return;
    const int64_t left = compact(batch, keep);
    broken_ += int64_t(broken.size());
    dropped_ += left - int64_t(broken.size());
  }

  // How many rows left.
  int64_t compact(Batch& batch, const uint8_t* keep) {
    if (buffers_ == compacted_.size()) compacted_.emplace_back();
    BatchBuffer& out = compacted_[buffers_++];
    const Schema* schema = batch.schema;
    out.reset(*schema);
    const int64_t before = batch.rows;
    out.append_selected(batch, keep);
    batch = out.view();
    batch.schema = schema;
    return before - batch.rows;
  }

  const CleanRequest& request_;
  std::unique_ptr<BatchReader> rows_;
  Schema schema_;
  std::vector<Step> steps_;
  Scratch scratch_;
  std::deque<BatchBuffer> compacted_;
  size_t buffers_ = 0;
  int64_t first_row_ = 0, input_rows_ = 0, dropped_ = 0, broken_ = 0;
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
  return CleanReader(request, maker, std::make_unique<NoRows>(before)).schema();
}

Executor::Made clean_table(const CleanRequest& request, const TableHandle& before,
                           const RuleMaker& maker, Executor& executor) {
  Engine& engine = executor.workspace().engine();
  CleanReader rows(request, maker, engine.query("SELECT * FROM " + before.relation));
  const std::string loaded = "cleaned " + request.name;
  executor.progress().begin(fmt::format("{}: cleaning", request.name), 0, "rows");
  engine.load(loaded, rows);
  executor.progress().end();
  const TableVersion version = write_version(engine, executor.workspace().store(),
                                             {.sql = "SELECT * FROM " + quote_name(loaded),
                                              .key = request.key,
                                              .keep_order = request.key.empty(),
                                              .table = request.name},
                                             executor.progress());
  engine.execute("DROP TABLE " + quote_name(loaded));
  nlohmann::json facts = rows.facts();
  if (version.rows == 0)
    throw Error(Code::invalid, fmt::format("the rules of {} leave no row", request.name),
                request.rules[0].where);
  facts["rows"] = version.rows;
  facts["digest"] = version.digest.hex();
  return {executor.workspace().store().put_manifest(version.manifest()), facts};
}

}  // namespace gristmill
