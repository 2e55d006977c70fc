#include "serve/served_model.h"

#include <malloc.h>

#include "frame/readers.h"

namespace gristmill {

// After a request of more than this, its memory is given back.
constexpr size_t kept_bytes = size_t(4) << 20;
constexpr size_t made_text_max = size_t(64) << 20;

struct ServedModel::Memory {
  explicit Memory(const Expected& expected) : decoder(expected), rows(expected.schema) {
    workspace.scratch.limit_text(made_text_max);
  }
  JsonDecoder decoder;
  BatchBuffer rows;
  Predictor::Workspace workspace;
  Answers answers;
  RequestIds ids;
};

ServedModel::ServedModel(std::shared_ptr<const Bundle> bundle, int threads, ServeLimits limits)
    : predictor_(std::move(bundle)), writer_(predictor_.bundle()), limits_(limits) {
  const Expected expected = predictor_.bundle().signature.expected();
  for (int i = 0; i < threads; ++i) memory_.push_back(std::make_unique<Memory>(expected));
}

ServedModel::~ServedModel() = default;

int64_t ServedModel::predict(int thread, std::string_view body, HttpResponse& response) {
  std::unique_ptr<Memory>& memory = memory_[size_t(thread)];
  int64_t rows = 0;
  try {
    rows = answer(*memory, body, response);
  } catch (const std::exception& failure) {
    answer_failure(response, failure);
  }
  if (body.size() > kept_bytes || memory->workspace.scratch.text_made() > kept_bytes) {
    memory = std::make_unique<Memory>(predictor_.bundle().signature.expected());
    ::malloc_trim(0);
  }
  return rows;
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
