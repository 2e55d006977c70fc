// Answers → the JSON that /predict sends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bundle/predictor.h"
#include "serve/explained_model.h"

namespace gristmill {

// What explains the answers of a request, where it asks for that.
struct Explanation {
  const ExplainedModel& model;
  const Explanations& rows;
};

// {"model", "version", "id", "predictions": [{"id", key columns that were given, "prediction",
// "interval": [low, high] | "probability" | "probabilities": {class: p}, "explanation"}],
// "ignored": [unknown names]}. Key columns that are named like one of these members stand together
// under "key". Immutable; what does not change is rendered once.
class AnswerWriter {
 public:
  explicit AnswerWriter(const Bundle& bundle);

  // Replaces `out`. `id`: of the request; a prediction's is `id`-row. `explanation`: null when none
  // is asked for.
  void write(std::string_view id, const Batch& rows, const Answers& answers,
             const Explanation* explanation, const std::vector<std::string>& ignored,
             std::string& out) const;

  static bool is_reserved(std::string_view key_column);

 private:
  struct KeyColumn {
    size_t index;        // in the signature
    std::string member;  // `"name":`
  };

  void write_row(std::string_view id, const Batch& rows, const Answers& answers,
                 const Explanation* explanation, int64_t row, std::string& out) const;
  void write_reserved_keys(const Batch& rows, int64_t row, std::string& out) const;
  void write_answer(const Answers& answers, int64_t row, std::string& out) const;
  void write_interval(double value, std::string& out) const;

  std::string head_;  // up to the request's id
  std::vector<KeyColumn> keys_, reserved_keys_;
  std::optional<PredictionInterval> interval_;
  std::vector<std::string> labels_;       // each class as JSON; empty: regression
  std::vector<std::string> probability_;  // `"class":` of each, with three classes or more
};

// Fresh ids of one thread: 16 hexadecimal digits, different across threads and processes.
class RequestIds {
 public:
  RequestIds();
  std::string_view next();  // valid until the next call

 private:
  uint64_t counter_;
  char text_[16];
};

}  // namespace gristmill
