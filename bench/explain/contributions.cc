// contributions MODEL ROWS OUT FLOATS LEVELS...: the contributions of a LightGBM text model to each
// row, on one thread, into OUT as float64 [rows][features + base]. ROWS: float32, a row's numbers
// and behind them one code for each of LEVELS. Prints one JSON line.
#include <chrono>
#include <cstdlib>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file_system.h"
#include "model/lightgbm_text.h"
#include "model/tree_shap.h"

namespace gristmill {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

FeatureLayout layout_of(int64_t floats, const std::vector<int64_t>& levels) {
  std::vector<TensorSpec> specs;
  for (int64_t j = 0; j < floats; ++j) specs.push_back({"x", TensorKind::block, {"x"}, "x"});
  for (int64_t n : levels)
    specs.push_back({"c", TensorKind::code, std::vector<std::string>(size_t(n)), "c"});
  return FeatureLayout(std::move(specs));
}

void run(char** argv, int argc) {
  const std::string text = disk().read(argv[1]), bytes = disk().read(argv[2]);
  const int64_t floats = std::atoll(argv[4]);
  std::vector<int64_t> levels;
  for (int i = 5; i < argc; ++i) levels.push_back(std::atoll(argv[i]));
  const FeatureLayout layout = layout_of(floats, levels);
  const int64_t width = floats + layout.codes;
  std::vector<float> cells(bytes.size() / sizeof(float));
  std::copy_n(bytes.data(), bytes.size(), reinterpret_cast<char*>(cells.data()));
  const int64_t rows = int64_t(cells.size()) / width;
  std::vector<int32_t> codes;
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t c = floats; c < width; ++c) codes.push_back(int32_t(cells[i * width + c]));
  }
  const auto preparing = Clock::now();
  const auto explainer = make_tree_shap(parse_lightgbm(text, layout), layout);
  const double prepared = seconds_since(preparing);

  std::vector<double> out(size_t(rows * width));
  const FeatureRows features{rows, cells.data(), width, codes.data(), layout.codes};
  const auto start = Clock::now();
  explainer->explain(features, out.data());
  const double seconds = seconds_since(start);
  const auto alone = Clock::now();  // as requests of one row are
  for (int64_t i = 0; i < rows; ++i) {
    explainer->explain(
        {1, cells.data() + i * width, width, codes.data() + i * layout.codes, layout.codes},
        out.data() + i * width);
  }
  const double seconds_alone = seconds_since(alone);

  std::string written;
  for (int64_t i = 0; i < rows; ++i) {
    written.append(reinterpret_cast<const char*>(out.data() + i * width),
                   size_t(width) * sizeof(double));
    written.append(reinterpret_cast<const char*>(explainer->base().data()), sizeof(double));
  }
  disk().write_atomic(argv[3], written);
  fmt::print("{{\"prepare\": {:.6f}, \"seconds\": {:.6f}, \"alone\": {:.6f}, \"steps\": {}}}\n",
             prepared, seconds, seconds_alone, explainer->steps());
}

}  // namespace
}  // namespace gristmill

int main(int argc, char** argv) {
  try {
    gristmill::run(argv, argc);
    return 0;
  } catch (const gristmill::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
