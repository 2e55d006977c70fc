// One bundle behind HTTP.
#pragma once

#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "bundle/predictor.h"
#include "http/server.h"
#include "serve/answer_writer.h"

namespace gristmill {

class ServedModel {
 public:
  ServedModel(std::shared_ptr<const Bundle> bundle, int threads, ServeLimits limits);
  ~ServedModel();
  const Bundle& bundle() const { return predictor_.bundle(); }

  // A /predict request → its answer: 200; 400 for what is not JSON, a query that is none, or a
  // bundle that cannot explain; 413 for too many rows, 422 for rows that do not fit the signature
  // or cannot be computed. Does not throw. From the network threads only. Returns the rows
  // predicted.
  int64_t predict(const HttpRequest& request, HttpResponse& response);

 private:
  struct Memory;  // of one thread
  int64_t answer(Memory& memory, const HttpRequest& request, HttpResponse& response) const;
  // Made when it is first asked for: its tables are larger than the model.
  const ExplainedModel& explained() const;

  Predictor predictor_;
  AnswerWriter writer_;
  ServeLimits limits_;
  std::vector<std::unique_ptr<Memory>> memory_;
  mutable std::once_flag explained_once_;
  mutable std::unique_ptr<const ExplainedModel> explained_;
  mutable std::exception_ptr unexplained_;  // why there is none
};

}  // namespace gristmill
