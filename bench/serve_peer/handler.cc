#include "handler.h"

#include <charconv>

namespace json = boost::json;

namespace {

constexpr char single_thread[] = "num_threads=1";
constexpr size_t most_rows = 10'000;

void check(int result) {
  if (result != 0) throw std::runtime_error(LGBM_GetLastError());
}

void append(std::string& out, double value) {
  char digits[32];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

unsigned fail(std::string& answer, unsigned status, std::string_view message) {
  answer = "{\"error\":{\"message\":";
  answer += json::serialize(json::string(message));
  answer += "}}";
  return status;
}

}  // namespace

Booster::Booster(const std::string& path) {
  int iterations = 0;
  check(LGBM_BoosterCreateFromModelfile(path.c_str(), &iterations, &handle_));
}

Booster::~Booster() { LGBM_BoosterFree(handle_); }

Handler::Handler(const Booster& booster, const Encoder& encoder)
    : booster_(booster), encoder_(encoder), memory_(64 << 10) {
  check(LGBM_BoosterPredictForMatSingleRowFastInit(booster.handle(), C_API_PREDICT_NORMAL, 0, -1,
                                                   C_API_DTYPE_FLOAT64, column_count, single_thread,
                                                   &single_row_));
}

Handler::~Handler() { LGBM_FastConfigFree(single_row_); }

void Handler::run_model(size_t rows) {
  int64_t length = 0;
  probabilities_.resize(rows);
  if (rows == 1) {
    check(LGBM_BoosterPredictForMatSingleRowFast(single_row_, features_.data(), &length,
                                                 probabilities_.data()));
    return;
  }
  check(LGBM_BoosterPredictForMat(booster_.handle(), features_.data(), C_API_DTYPE_FLOAT64,
                                  int32_t(rows), column_count, 1, C_API_PREDICT_NORMAL, 0, -1,
                                  single_thread, &length, probabilities_.data()));
}

unsigned Handler::predict(std::string_view body, std::string& answer) {
  json::monotonic_resource resource(memory_.data(), memory_.size());
  json::value request;
  try {
    parser_.reset(&resource);
    parser_.write(body.data(), body.size());
    parser_.finish();
    request = parser_.release();
  } catch (const std::exception& error) {
    return fail(answer, 400, error.what());
  }
  const json::object* object = request.if_object();
  const json::value* member = object != nullptr ? object->if_contains("instances") : nullptr;
  const json::array* instances = member != nullptr ? member->if_array() : nullptr;
  if (instances == nullptr || instances->empty())
    return fail(answer, 400, "the body must be {\"instances\": [{column: value, …}, …]}");
  if (instances->size() > most_rows) return fail(answer, 413, "too many rows");

  size_t rows = instances->size();
  features_.resize(rows * column_count);
  try {
    double* out = features_.data();
    for (const json::value& row : *instances) {
      if (!row.is_object()) throw BadRow("a row must be an object");
      encoder_.encode(row.get_object(), out);
      out += column_count;
    }
  } catch (const BadRow& error) {
    return fail(answer, 422, error.what());
  }
  run_model(rows);

  answer = "{\"predictions\":[";
  for (size_t i = 0; i < rows; ++i) {
    if (i > 0) answer += ',';
    answer += probabilities_[i] >= 0.5 ? "{\"prediction\":true,\"probability\":"
                                       : "{\"prediction\":false,\"probability\":";
    append(answer, probabilities_[i]);
    answer += '}';
  }
  answer += "]}";
  return 200;
}
