// One bundle behind HTTP.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bundle/predictor.h"
#include "http/server.h"
#include "serve/answer_writer.h"

namespace gristmill {

struct ServeLimits {
  int64_t rows = 10'000;  // of one request
};

class ServedModel {
 public:
  ServedModel(std::shared_ptr<const Bundle> bundle, int threads, ServeLimits limits);
  ~ServedModel();
  const Bundle& bundle() const { return predictor_.bundle(); }

  // The body of a /predict request → its answer: 200; 400 for what is not JSON, 413 for too many
  // rows, 422 for rows that do not fit the signature or cannot be computed. Does not throw. Only
  // from network thread `thread`. Returns the rows predicted.
  int64_t predict(int thread, std::string_view body, HttpResponse& response);

 private:
  struct Memory;  // of one thread
  int64_t answer(Memory& memory, std::string_view body, HttpResponse& response) const;

  Predictor predictor_;
  AnswerWriter writer_;
  ServeLimits limits_;
  std::vector<std::unique_ptr<Memory>> memory_;
};

}  // namespace gristmill
