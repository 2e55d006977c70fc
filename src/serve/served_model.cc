#include "serve/served_model.h"

#include <malloc.h>

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/text.h"
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
  Explanations explanations;
  RequestIds ids;
  size_t made() const {
    return std::max(workspace.scratch.text_made(),
                    explanations.contributions.capacity() * sizeof(double));
  }
};

namespace {

// `explain=true` and nothing else.
bool wants_explanation(std::string_view query) {
  bool explain = false;
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), part.size() + 1));
    if (part.empty()) continue;
    const std::string_view name = part.substr(0, part.find('='));
    const std::string_view value = part.substr(std::min(part.size(), name.size() + 1));
    if (name != "explain")
      throw Error(Code::invalid, fmt::format("unknown parameter {}", excerpt(name)), {},
                  "/predict takes `explain=true`");
    if (value != "true" && value != "false")
      throw Error(Code::invalid, fmt::format("`explain` is true or false, not {}", excerpt(value)));
    explain = value == "true";
  }
  return explain;
}

}  // namespace

ServedModel::ServedModel(std::shared_ptr<const Bundle> bundle, int threads, ServeLimits limits)
    : predictor_(std::move(bundle)), writer_(predictor_.bundle()), limits_(limits) {
  const Expected expected = predictor_.bundle().signature.expected();
  for (int i = 0; i < threads; ++i) memory_.push_back(std::make_unique<Memory>(expected));
}

ServedModel::~ServedModel() = default;

int64_t ServedModel::predict(const HttpRequest& request, HttpResponse& response) {
  std::unique_ptr<Memory>& memory = memory_[size_t(request.thread)];
  int64_t rows = 0;
  try {
    rows = answer(*memory, request, response);
  } catch (const std::exception& failure) {
    answer_failure(response, failure);
  }
  if (request.body.size() > kept_bytes || memory->made() > kept_bytes) {
    memory = std::make_unique<Memory>(predictor_.bundle().signature.expected());
    ::malloc_trim(0);
  }
  return rows;
}

int64_t ServedModel::answer(Memory& memory, const HttpRequest& request,
                            HttpResponse& response) const {
  const ExplainedModel* explained = wants_explanation(request.query) ? &this->explained() : nullptr;
  const std::vector<std::string>& ignored =
      memory.decoder.decode(request.body, limits_.rows, memory.rows);
  Batch rows = memory.rows.view();
  if (explained != nullptr && rows.rows > explained->rows_max())
    throw Error(Code::exhausted,
                fmt::format("{} rows are too many to explain at once: at most {} of this model",
                            rows.rows, explained->rows_max()),
                {}, "send the rows in several requests");
  predictor_.predict(rows, memory.workspace, memory.answers);
  if (!memory.answers.errors.empty()) {
    const RowError& first = memory.answers.errors.front();
    Where where;
    where.row = first.row;
    where.field = first.field;
    throw Error(Code::invalid, first.message, std::move(where));
  }
  std::optional<Explanation> explanation;
  if (explained != nullptr) {
    explained->explainer().explain(memory.workspace.encoded, memory.explanations);
    explanation.emplace(*explained, memory.explanations);
  }
  writer_.write(memory.ids.next(), rows, memory.answers, explanation ? &*explanation : nullptr,
                ignored, response.body);
  return rows.rows;
}

const ExplainedModel& ServedModel::explained() const {
  std::call_once(explained_once_, [this] {
    try {
      explained_ = std::make_unique<ExplainedModel>(predictor_.shared_bundle(), limits_);
    } catch (const std::exception&) {
      unexplained_ = std::current_exception();
    }
  });
  if (unexplained_) std::rethrow_exception(unexplained_);
  return *explained_;
}

}  // namespace gristmill
