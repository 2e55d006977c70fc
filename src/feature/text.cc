#include "feature/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace gristmill {

std::vector<TensorSpec> TextEncoder::outputs() const {
  const std::string& name = plan_.column.name();
  TensorSpec spec{name, TensorKind::block, {}, name};
  if (plan_.directions.width > 0) {
    for (int64_t k = 1; k <= plan_.directions.width; ++k)
      spec.names.push_back(fmt::format("{}~svd{:02}", name, k));
  } else {
    for (const std::string& term : plan_.weights.terms())
      spec.names.push_back(fmt::format("{}~\"{}\"", name, term));
  }
  if (plan_.indicator) spec.names.push_back(name + "_missing");
  return {spec};
}

void TextEncoder::encode(const Batch& rows, const FeatureRows& out, const int64_t* at,
                         Scratch& scratch) const {
  const Column& column = plan_.column.in(rows);
  const float missing = plan_.filled ? 0 : std::numeric_limits<float>::quiet_NaN();
  const std::vector<double>& scaling = plan_.scaling;
  TermWeights::Reader reader(plan_.weights, column, scratch);
  auto* projected = scratch.values<double>(plan_.directions.width);
  for (int64_t i = 0; i < column.length; ++i) {
    float* cells = out.floats + i * out.float_stride + at[0];
    if (plan_.indicator) cells[width()] = float(column.is_null(i));
    std::fill_n(cells, width(), column.is_null(i) ? missing : 0.0f);
    if (column.is_null(i)) continue;
    const std::span<const TermWeight> text = reader.read(i);
    if (plan_.directions.width == 0) {
      for (const TermWeight& one : text) cells[one.term] = float(one.weight);
      continue;
    }
    project(plan_.directions, text, projected);
    for (size_t k = 0; k < width(); ++k)
      cells[k] = float(scaling.empty() ? projected[k]
                                       : (projected[k] - scaling[2 * k]) / scaling[2 * k + 1]);
  }
}

State TextEncoder::save() const {
  State state;
  plan_.column.save(state);
  plan_.weights.save(state);
  state.json["components"] = plan_.directions.width;
  state.json["filled"] = plan_.filled;
  state.json["indicator"] = plan_.indicator;
  state.put<double>("directions", plan_.directions.values,
                    {int64_t(plan_.weights.terms().size()), plan_.directions.width});
  state.put<double>("scaling", plan_.scaling);
  return state;
}

std::unique_ptr<Encoder> TextEncoder::load(const State& state) {
  Plan plan{.column = SourceColumn::load(state), .weights = TermWeights::load(state)};
  const auto components = state.at<int64_t>("components");
  const auto terms = int64_t(plan.weights.terms().size());
  const auto directions = state.get<double>("directions");
  const auto scaling = state.get<double>("scaling");
  if (plan.column.type() != Type::string || components < 0 || components > most_components ||
      (components == 0 && terms > most_columns) || int64_t(directions.size()) != terms * components)
    throw Error(Code::corrupt, "an encoder `text` without text, or with other directions");
  for (const auto& numbers : {directions, scaling})
    for (double number : numbers)
      if (!std::isfinite(number))
        throw Error(Code::corrupt, "an encoder `text` with a number that is not finite");
  if (!scaling.empty() && int64_t(scaling.size()) != 2 * components)
    throw Error(Code::corrupt, "an encoder `text` with a scaling of another size");
  for (size_t k = 1; k < scaling.size(); k += 2)
    if (!(scaling[k] > 0)) throw Error(Code::corrupt, "an encoder `text` divides by nothing");
  plan.directions.terms = terms;
  plan.directions.width = components;
  plan.directions.values.assign(directions.begin(), directions.end());
  plan.scaling.assign(scaling.begin(), scaling.end());
  plan.filled = state.at<bool>("filled");
  plan.indicator = state.at<bool>("indicator");
  return std::make_unique<TextEncoder>(std::move(plan));
}

}  // namespace gristmill
