// A request's body → the answer's body.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <LightGBM/c_api.h>

#include "encoder.h"

// The model, shared by all threads.
class Booster {
 public:
  explicit Booster(const std::string& path);
  ~Booster();
  BoosterHandle handle() const { return handle_; }

 private:
  BoosterHandle handle_ = nullptr;
};

// One a thread: what it needs is kept warm.
class Handler {
 public:
  Handler(const Booster& booster, const Encoder& encoder);
  ~Handler();
  Handler(const Handler&) = delete;

  // Fills `answer`; returns the HTTP status.
  unsigned predict(std::string_view body, std::string& answer);

 private:
  void run_model(size_t rows);

  const Booster& booster_;
  const Encoder& encoder_;
  FastConfigHandle single_row_ = nullptr;
  boost::json::stream_parser parser_;
  std::vector<unsigned char> memory_;
  std::vector<double> features_, probabilities_;
};
