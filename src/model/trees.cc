#include "model/trees.h"

#include "model/background_shap.h"
#include "model/forest.h"
#include "model/lightgbm_text.h"
#include "model/tree_engine.h"
#include "model/tree_shap.h"

namespace gristmill {
namespace {

class Trees : public Model {
 public:
  Trees(Forest forest, const FeatureLayout& layout)
      : forest_(std::move(forest)), engine_(make_tree_engine(forest_, layout)) {}

  std::string kind() const override { return "boosted-trees"; }
  int64_t outputs() const override { return forest_.outputs; }
  void predict(const FeatureRows& rows, double* out) const override {
    engine_->sum(rows, out);
    apply_link(forest_.link, forest_.slope, rows.rows, forest_.outputs, out);
  }
  State save() const override { return forest_.save(); }
  std::vector<double> importance() const override { return forest_.importance; }
  std::unique_ptr<Explainer> make_explainer(const FeatureLayout& layout) const override {
    return forest_.leaf_count.empty() ? nullptr : make_tree_shap(forest_, layout);
  }
  std::unique_ptr<Explainer> make_explainer_against(const FeatureLayout& layout,
                                                    const FeatureRows& background) const override {
    return make_background_shap(forest_, layout, background);
  }

 private:
  Forest forest_;
  std::unique_ptr<TreeEngine> engine_;
};

const RegisterModel registration(ModelKind{
    "boosted-trees", [](const State& state, const FeatureLayout& layout) -> std::unique_ptr<Model> {
      return std::make_unique<Trees>(Forest::load(state, layout), layout);
    }});

}  // namespace

std::unique_ptr<Model> make_trees(Forest forest, const FeatureLayout& layout) {
  return std::make_unique<Trees>(std::move(forest), layout);
}

std::unique_ptr<Model> read_lightgbm(std::string_view text, const FeatureLayout& layout) {
  return make_trees(parse_lightgbm(text, layout), layout);
}

}  // namespace gristmill
