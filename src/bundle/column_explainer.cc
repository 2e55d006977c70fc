#include "bundle/column_explainer.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/error.h"

namespace gristmill {
namespace {

constexpr int64_t block_rows = 64;  // whose contributions by feature are held at once

// The column of the request that `made`, a column after the rules, is explained under.
std::string explained_as(const RuleChain& rules, const std::string& made) {
  const std::vector<std::string> sources = rules.sources_of({made});
  return sources.size() == 1 ? sources[0] : made;
}

}  // namespace

ColumnExplainer::ColumnExplainer(std::shared_ptr<const Bundle> bundle,
                                 const FeatureRows* background)
    : bundle_(std::move(bundle)) {
  const Model& model = *bundle_->model;
  const FeatureLayout& layout = bundle_->featurizer.layout();
  explainer_ = background == nullptr ? model.make_explainer(layout)
                                     : model.make_explainer_against(layout, *background);
  if (explainer_ == nullptr) {
    throw Error(
        Code::invalid,
        fmt::format("the bundle of {} cannot explain its predictions: it does not keep what "
                    "explanations need",
                    bundle_->name),
        {}, "make it anew with this version of Gristmill: `gristmill run`");
  }
  if (explainer_->features() > 0) find_columns();
}

void ColumnExplainer::find_columns() {
  const FeatureLayout& layout = bundle_->featurizer.layout();
  std::map<std::string, size_t> known;  // explained as → number, in the layout's order
  std::vector<size_t> number_of(size_t(layout.floats + layout.codes), 0);
  for (size_t s = 0; s < layout.specs.size(); ++s) {
    const TensorSpec& spec = layout.specs[s];
    const std::string name = explained_as(bundle_->rules, spec.source);
    const auto [found, is_new] = known.emplace(name, columns_.size());
    if (is_new) columns_.push_back(name);
    const int64_t first = layout.at[s] + (spec.kind == TensorKind::code ? layout.floats : 0);
    for (int64_t f = first; f < first + spec.width(); ++f) number_of[size_t(f)] = found->second;
  }
  const Schema& request = bundle_->rules.input();
  auto place = [&](const std::string& name) {
    const int index = request.find(name);
    return index < 0 ? int(request.size()) : index;
  };
  std::stable_sort(columns_.begin(), columns_.end(),
                   [&](const auto& a, const auto& b) { return place(a) < place(b); });
  std::vector<size_t> sorted(columns_.size());
  for (size_t c = 0; c < columns_.size(); ++c) sorted[known.at(columns_[c])] = c;
  for (size_t number : number_of) column_of_.push_back(sorted[number]);
}

void ColumnExplainer::explain(const FeatureRows& features, Explanations& out) const {
  const int64_t width = explainer_->features(), columns = int64_t(columns_.size());
  out.rows = features.rows;
  out.contributions.assign(size_t(features.rows * outputs() * columns), 0);
  if (width == 0) return;
  out.by_feature.resize(size_t(std::min(features.rows, block_rows) * outputs() * width));
  double* to = out.contributions.data();
  for (int64_t first = 0; first < features.rows; first += block_rows) {
    FeatureRows part = features;
    part.rows = std::min(block_rows, features.rows - first);
    if (part.floats != nullptr) part.floats += first * part.float_stride;
    if (part.codes != nullptr) part.codes += first * part.code_stride;
    explainer_->explain(part, out.by_feature.data());
    const double* from = out.by_feature.data();
    for (int64_t i = 0; i < part.rows * outputs(); ++i, from += width, to += columns) {
      for (int64_t f = 0; f < width; ++f) to[column_of_[size_t(f)]] += from[f];
    }
  }
}

Schema ColumnExplainer::output_schema() const {
  Schema schema;
  auto add = [&](const std::string& name) {
    if (schema.find(name) >= 0)
      throw Error(Code::invalid,
                  fmt::format("two columns of the explanation would be called {}", name));
    schema.add({name, Type::float64, true});
  };
  for (int64_t k = 0; k < outputs(); ++k) {
    const std::string of_class =
        outputs() > 1 ? "_" + bundle_->signature.classes[size_t(k)] : std::string();
    add("base" + of_class);
    for (const std::string& column : columns_) add("contribution_" + column + of_class);
  }
  return schema;
}

void ColumnExplainer::append_output(const Explanations& explanations, BatchBuffer& out,
                                    size_t first_column) const {
  const double* from = explanations.contributions.data();
  for (int64_t i = 0; i < explanations.rows; ++i) {
    size_t at = first_column;
    for (int64_t k = 0; k < outputs(); ++k) {
      out[at++].append(base()[size_t(k)]);
      for (size_t c = 0; c < columns_.size(); ++c) out[at++].append(*from++);
    }
  }
}

}  // namespace gristmill
