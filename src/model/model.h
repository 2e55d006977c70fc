// A trained model when it predicts: no training code here.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/registry.h"
#include "base/state.h"
#include "model/explainer.h"
#include "tensor/dataset.h"
#include "tensor/tensor.h"

namespace gristmill {

class Model {
 public:
  virtual ~Model() = default;
  virtual std::string kind() const = 0;  // "linear", "boosted-trees", "baseline"
  virtual int64_t outputs() const = 0;   // 1 (regression, binary) or one a class
  // Fills out[i * outputs() + k]: the value (regression), the probability of the positive class
  // (binary), or of each class. A row's answer depends on that row alone. Thread-safe.
  virtual void predict(const FeatureRows& rows, double* out) const = 0;
  virtual State save() const = 0;
  // Importance of each feature spec, summing to 1, in the layout's order; empty when it has none.
  virtual std::vector<double> importance() const { return {}; }
  // `layout`: the one it was loaded with. Null where what was kept of the model does not suffice.
  // Code::exhausted: too large to explain.
  virtual std::unique_ptr<Explainer> make_explainer(const FeatureLayout& layout) const = 0;
  // The same against the rows of `background`, at least one: a feature that is not known has the
  // value that it has in one of them, whatever the row's other features are ("interventional").
  // Its base is their mean score.
  virtual std::unique_ptr<Explainer> make_explainer_against(
      const FeatureLayout& layout, const FeatureRows& background) const = 0;
};

// The version of a saved model's form: `version` of its state, 1 where it has none. Code::invalid
// when it is later than `known`.
int saved_model_version(const State& state, int known);

struct ModelKind {
  std::string name;
  std::function<std::unique_ptr<Model>(const State&, const FeatureLayout&)> load;  // Code::corrupt
};
using Models = Registry<ModelKind>;
using RegisterModel = Registration<ModelKind>;

}  // namespace gristmill
