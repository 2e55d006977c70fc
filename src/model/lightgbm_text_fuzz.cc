// Any bytes as a LightGBM model: an Error, or a model that predicts. Run: bin/lightgbm_text_fuzz
#include "base/error.h"
#include "model/trees.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gristmill;
  static const FeatureLayout layout(
      {{.name = "x", .kind = TensorKind::block, .names = {"a", "b"}, .source = "x"},
       {.name = "c",
        .kind = TensorKind::code,
        .names = std::vector<std::string>(7),
        .source = "c"}});
  try {
    auto model = read_lightgbm(std::string_view(reinterpret_cast<const char*>(data), size), layout);
    float floats[] = {0.5f, -1, 3, 0, 1, 2, 1e30f, -1e-36f, -2, 4};
    int32_t codes[] = {0, 1, 6, 100, -1};
    std::vector<double> out(size_t(5 * model->outputs()));
    model->predict({5, floats, 2, codes, 1}, out.data());
    if (auto explainer = model->make_explainer(layout)) {
      out.resize(size_t(5 * model->outputs() * explainer->features()));
      explainer->explain({5, floats, 2, codes, 1}, out.data());
    }
    Models::instance().get("boosted-trees", "model").load(model->save(), layout);
  } catch (const Error& error) {
    if (error.code() == Code::internal) __builtin_trap();
  }
  return 0;
}
