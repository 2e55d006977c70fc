#include "serve/served_model.h"

#include "frame/readers.h"

namespace gristmill {

struct ServedModel::Memory {
  explicit Memory(const Expected& expected) : decoder(expected), rows(expected.schema) {}
  JsonDecoder decoder;
  BatchBuffer rows;
  Predictor::Workspace workspace;
  Answers answers;
  RequestIds ids;
};

ServedModel::ServedModel(std::shared_ptr<const Bundle> bundle, int threads, ServeLimits limits)
    : predictor_(std::move(bundle)), writer_(predictor_.bundle()), limits_(limits) {
  Expected expected = predictor_.bundle().signature.expected();
  for (int i = 0; i < threads; ++i) memory_.push_back(std::make_unique<Memory>(expected));
}

ServedModel::~ServedModel() = default;

int64_t ServedModel::predict(int thread, std::string_view body, HttpResponse& response) {
  try {
    return answer(*memory_[size_t(thread)], body, response);
  } catch (const std::exception& failure) {
    answer_failure(response, failure);
  }
  return 0;
}

int64_t ServedModel::answer(Memory& memory, std::string_view body, HttpResponse& response) const {
  const std::vector<std::string>& ignored = memory.decoder.decode(body, limits_.rows, memory.rows);
  Batch rows = memory.rows.view();
  predictor_.predict(rows, memory.workspace, memory.answers);
  if (!memory.answers.errors.empty()) {
    const RowError& first = memory.answers.errors.front();
    Where where;
    where.row = first.row;
    where.field = first.field;
    throw Error(Code::invalid, first.message, std::move(where));
  }
  writer_.write(memory.ids.next(), rows, memory.answers, ignored, response.body);
  return rows.rows;
}

}  // namespace gristmill
