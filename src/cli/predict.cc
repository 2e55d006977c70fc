#include <unistd.h>
#include <cstdio>

#include <fmt/format.h>

#include "bundle/predictor.h"
#include "cli/console.h"
#include "cli/open_project.h"
#include "cli/row_files.h"
#include "cli/verb.h"

namespace gristmill {
namespace {

// Batch scoring: rows in input order, memory bounded by a batch.
class Scoring {
 public:
  Scoring(const Predictor& predictor, const Invocation& call) : predictor_(predictor), call_(call) {
    Expected expected = predictor.bundle().signature.expected();
    for (const std::string& column : kept_columns(expected))
      keep_.push_back(expected.schema.index_of(column, "--keep"));
    for (const size_t i : keep_) output_.add(expected.schema[i]);
    first_answer_ = output_.size();
    const Schema answers = predictor.output_schema();
    for (const Field& field : answers.fields()) {
      if (output_.find(field.name) >= 0) {
        throw Error(Code::invalid,
                    fmt::format("an input column is called {}, as the answer is", field.name), {},
                    "leave it out of --keep");
      }
      output_.add(field);
    }
  }

  void run(BatchReader& rows, BatchWriter& out) {
    Predictor::Workspace workspace;
    Answers answers;
    BatchBuffer buffer;
    Batch batch;
    call_.progress->begin("predicting", 0, "rows");
    while (rows.next(batch)) {
      check_interrupted();
      predictor_.predict(batch, workspace, answers);
      if (!answers.errors.empty()) {
        const RowError& error = answers.errors[0];
        throw Error(Code::invalid, error.message, {.field = error.field, .row = done_ + error.row},
                    "leave the row out, or mend it");
      }
      buffer.reset(output_);
      for (size_t k = 0; k < keep_.size(); ++k)
        buffer[k].append(batch.columns[keep_[k]], 0, batch.rows);
      predictor_.append_output(answers, buffer, first_answer_);
      out.write(buffer.view());
      done_ += batch.rows;
      call_.progress->advance(batch.rows);
    }
    out.finish();
    call_.progress->end();
  }

  const Schema& output() const { return output_; }
  int64_t rows() const { return done_; }

 private:
  std::vector<std::string> kept_columns(const Expected& expected) const {
    if (!call_.has("keep")) return predictor_.bundle().signature.key();
    const std::string given = call_.value("keep");
    if (given == "all") return expected.schema.names();
    std::vector<std::string> names;
    for (size_t at = 0; at <= given.size();) {
      const size_t comma = std::min(given.find(',', at), given.size());
      names.push_back(given.substr(at, comma - at));
      at = comma + 1;
    }
    return names;
  }

  const Predictor& predictor_;
  const Invocation& call_;
  std::vector<size_t> keep_;
  size_t first_answer_ = 0;
  Schema output_;
  int64_t done_ = 0;
};

void refuse_overwriting(const std::string& input, const std::string& output) {
  std::error_code absent;
  if (input == "-" || output == "-" || !fs::equivalent(input, output, absent)) return;
  throw Error(Code::usage, fmt::format("{} is the input: it would be overwritten", output), {},
              "give -o another name");
}

void predict(const Invocation& call) {
  refuse_overwriting(call.value("INPUT"), call.value("output", "-"));
  const Predictor predictor(Bundle::open(find_bundle(call, call.value("BUNDLE"))));
  const Signature& signature = predictor.bundle().signature;
  auto tell_unknown = [&](const std::vector<std::string>& names) {
    call.progress->note(fmt::format("columns that the model does not know are ignored: {}",
                                    fmt::join(names, ", ")));
  };
  Scoring scoring(predictor, call);
  const auto rows =
      open_rows(call.value("INPUT"), signature.expected(), signature.null_texts, tell_unknown);
  RowFileWriter out(call.value("output", "-"), scoring.output());
  scoring.run(*rows, out.writer());
  out.publish();
  call.progress->note(fmt::format("{} rows predicted", grouped(scoring.rows())));
}

const RegisterVerb registration({
    .name = "predict",
    .text = "Predict for the rows of a file with a bundle",
    .options = {{.name = "BUNDLE",
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
                 .text = "Columns to carry along, by commas, or `all`; the key when not given"}},
    .run = predict,
    .position = 4,
});

}  // namespace
}  // namespace gristmill
