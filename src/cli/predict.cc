#include <algorithm>
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "bundle/predictor.h"
#include "cli/background.h"
#include "cli/console.h"
#include "cli/open_project.h"
#include "cli/row_files.h"
#include "cli/row_input.h"
#include "cli/verb.h"
#include "pipeline/rule_steps.h"

namespace gristmill {
namespace {

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t at = 0; at <= text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    parts.push_back(text.substr(at, comma - at));
    at = comma + 1;
  }
  return parts;
}

// What is read: the columns that the model needs, and after them what is carried along besides.
struct Wanted {
  std::vector<std::string> keep;
  Expected expected;
};

Wanted find_wanted(const Invocation& call, const Signature& signature, RowInput& input) {
  Wanted wanted{signature.key(), signature.expected()};
  if (!call.has("keep")) return wanted;
  const bool all = call.value("keep") == "all";
  if (!all) {
    for (std::string& name : split_at_commas(call.value("keep"))) {
      if (std::find(wanted.keep.begin(), wanted.keep.end(), name) == wanted.keep.end())
        wanted.keep.push_back(std::move(name));
    }
  }
  Schema& schema = wanted.expected.schema;
  const bool known = std::all_of(wanted.keep.begin(), wanted.keep.end(),
                                 [&](const auto& name) { return schema.find(name) >= 0; });
  if (!all && known) return wanted;
  const Schema columns = input.columns();
  if (all) wanted.keep = columns.names();
  for (const std::string& name : wanted.keep) {
    if (schema.find(name) >= 0) continue;
    schema.add(columns[columns.index_of(name, "--keep")]);
  }
  return wanted;
}

constexpr int64_t cells_max = 4 << 20;      // of the answers held at once
constexpr int64_t steps_max = 100'000'000;  // of explaining at once: about a second

// Batch scoring: rows in input order, memory bounded by a batch.
class Scoring {
 public:
  // `explainer`: null when answers are not explained.
  Scoring(const Predictor& predictor, const ColumnExplainer* explainer, const Wanted& wanted,
          Progress& progress)
      : predictor_(predictor),
        explainer_(explainer),
        progress_(progress),
        needed_(predictor.bundle().signature.expected().schema),
        reports_(predictor.bundle().rules.steps().size()) {
    const auto& steps = predictor.bundle().rules.steps();
    const bool tells = std::any_of(steps.begin(), steps.end(),
                                   [](const auto& step) { return step.kind == "parse"; });
    if (tells) workspace_.reports = &reports_;  // it costs time
    const Schema& schema = wanted.expected.schema;
    for (const std::string& column : wanted.keep)
      keep_.push_back(schema.index_of(column, "--keep"));
    for (const size_t i : keep_) output_.add(schema[i]);
    first_answer_ = output_.size();
    add_answers(predictor.output_schema());
    first_explanation_ = output_.size();
    if (explainer != nullptr) add_answers(explainer->output_schema());
  }

  void run(BatchReader& rows, BatchWriter& out) {
    Batch batch;
    // Whole bytes of the bits of nulls.
    const int64_t by_cells = cells_max / int64_t(output_.size());
    const int64_t by_steps = explainer_ ? steps_max / explainer_->steps() : by_cells;
    const int64_t part_rows = std::max<int64_t>(1, std::min(by_cells, by_steps) / 8) * 8;
    progress_.begin("predicting", 0, "rows");
    while (rows.next(batch)) {
      for (int64_t begin = 0; begin < batch.rows; begin += part_rows)
        score(slice(batch, begin, std::min(part_rows, batch.rows - begin)), out);
    }
    out.finish();
    progress_.end();
  }

  const Schema& output() const { return output_; }
  int64_t rows() const { return done_; }

  // What `parse` could not read counts as missing, and should not go by unseen.
  void tell_unread() const {
    for (size_t i = 0; i < reports_.size(); ++i) {
      const RuleReport& report = reports_[i];
      if (predictor_.bundle().rules.steps()[i].kind != "parse" || report.cells_unmatched == 0)
        continue;
      progress_.note(
          fmt::format("warning: {} cells are of no form that `parse` reads and count as "
                      "missing{}",
                      grouped(report.cells_unmatched), lost_example(report)));
    }
  }

 private:
  void score(const Batch& batch, BatchWriter& out) {
    check_interrupted();
    Batch needed = batch;
    needed.schema = &needed_;
    needed.columns.resize(needed_.size());
    workspace_.first_row = done_;
    predictor_.predict(needed, workspace_, answers_);
    if (!answers_.errors.empty()) {
      const RowError& error = answers_.errors[0];
      throw Error(Code::invalid, error.message, {.field = error.field, .row = done_ + error.row},
                  "leave the row out, or mend it");
    }
    buffer_.reset(output_);
    for (size_t k = 0; k < keep_.size(); ++k)
      buffer_[k].append(batch.columns[keep_[k]], 0, batch.rows);
    predictor_.append_output(answers_, buffer_, first_answer_);
    if (explainer_ != nullptr) {
      explainer_->explain(workspace_.encoded, explanations_);
      explainer_->append_output(explanations_, buffer_, first_explanation_);
    }
    out.write(buffer_.view());
    done_ += batch.rows;
    progress_.advance(batch.rows);
  }

  void add_answers(const Schema& answers) {
    for (const Field& field : answers.fields()) {
      if (output_.find(field.name) >= 0) {
        throw Error(Code::invalid,
                    fmt::format("an input column is called {}, as the answer is", field.name), {},
                    "leave it out of --keep");
      }
      output_.add(field);
    }
  }

  const Predictor& predictor_;
  const ColumnExplainer* explainer_;
  Progress& progress_;
  Schema needed_;
  std::vector<size_t> keep_;
  size_t first_answer_ = 0, first_explanation_ = 0;
  Schema output_;
  int64_t done_ = 0;
  std::vector<RuleReport> reports_;
  Predictor::Workspace workspace_;
  Answers answers_;
  Explanations explanations_;
  BatchBuffer buffer_;
};

char given_decimal(const Invocation& call) {
  const std::string given = call.value("decimal", ".");
  if (given == "." || given == ",") return given[0];
  throw Error(Code::usage, fmt::format("--decimal takes a comma or a dot, not \"{}\"", given));
}

// Null when answers are not explained.
std::unique_ptr<ColumnExplainer> make_explainer(const Invocation& call, const Predictor& predictor,
                                                char decimal) {
  if (!call.has("background")) {
    if (!call.has("explain")) return nullptr;
    return std::make_unique<ColumnExplainer>(predictor.shared_bundle());
  }
  const std::string background = call.value("background");
  if (!call.has("explain"))
    throw Error(Code::usage, "--background is what --explain explains against", {},
                "add --explain");
  if (background == "-" && call.value("INPUT") == "-")
    throw Error(Code::usage, "standard input cannot be both the input and the background");
  refuse_overwriting(background, call.value("output", "-"));
  return explain_against(predictor, background, decimal, *call.progress);
}

void predict(const Invocation& call) {
  const char decimal = given_decimal(call);
  refuse_overwriting(call.value("INPUT"), call.value("output", "-"));
  const auto bundle = Bundle::open(find_bundle(call, call.value("BUNDLE")));
  const Predictor predictor(bundle);
  const std::unique_ptr<ColumnExplainer> explainer = make_explainer(call, predictor, decimal);
  const Signature& signature = predictor.bundle().signature;
  auto tell_unknown = [&](const std::vector<std::string>& names) {
    call.progress->note(fmt::format("columns that the model does not know are ignored: {}",
                                    fmt::join(names, ", ")));
  };
  RowInput input(call.value("INPUT"));
  const Wanted wanted = find_wanted(call, signature, input);
  Scoring scoring(predictor, explainer.get(), wanted, *call.progress);
  const auto rows = input.read(wanted.expected, signature.null_texts, decimal, tell_unknown);
  RowFileWriter out(call.value("output", "-"), scoring.output());
  scoring.run(*rows, out.writer());
  out.publish();
  scoring.tell_unread();
  call.progress->note(fmt::format("{} rows predicted", grouped(scoring.rows())));
}

const RegisterVerb registration({
    .name = "predict",
    .text = "Predict for the rows of a file with a bundle",
    .options =
        {{.name = "BUNDLE",
          .text = "A bundle's path, or the name of a prediction of the project",
          .required = true},
         {.name = "INPUT",
          .text = "CSV, Parquet, Arrow IPC or JSON lines, by its suffix; `-` reads CSV, "
                  "JSON lines or Arrow from standard input",
          .required = true},
         {.name = "-o,--output",
          .value = "FILE",
          .text = "CSV, Parquet, Arrow IPC or JSON lines, by its suffix; CSV on standard "
                  "output when not given"},
         {.name = "--keep",
          .value = "COLUMNS",
          .text = "Columns of the input to carry along beside the key, by commas, or `all`"},
         {.name = "--explain",
          .text = "Add to each row `base` and `contribution_COLUMN`, which sum to the score: "
                  "the value, the log-odds, or each class's score before the softmax"},
         {.name = "--background",
          .value = "FILE",
          .text = "Rows, as INPUT has them, that --explain tells the answers from rather than from "
                  "the training rows: `base` is their mean score; of more than 256, a sample"},
         {.name = "--decimal",
          .value = "CHAR",
          .text = "What stands before a number's fraction in CSV: `,` or `.`; a dot when not "
                  "given"}},
    .run = predict,
    .position = 4,
});

}  // namespace
}  // namespace gristmill
