#include "serve/explained_model.h"

#include <algorithm>

#include "frame/json_writer.h"

namespace gristmill {
namespace {

std::string member(std::string_view name) {
  std::string json;
  append_json_text(json, name);
  return json + ":";
}

}  // namespace

ExplainedModel::ExplainedModel(std::shared_ptr<const Bundle> bundle, const ServeLimits& limits)
    : explainer_(bundle) {
  const int64_t outputs = int64_t(explainer_.base().size());
  const int64_t numbers = outputs * int64_t(explainer_.columns().size() + 1);
  rows_max_ = std::clamp<int64_t>(
      std::min(limits.explained_steps / explainer_.steps(), limits.explained_numbers / numbers), 1,
      limits.rows);
  for (const std::string& column : explainer_.columns()) columns_.push_back(member(column));
  if (outputs > 1) {
    for (const std::string& name : bundle->signature.classes) classes_.push_back(member(name));
  }
  base_ = "{\"base\":";
  for (size_t k = 0; k < explainer_.base().size(); ++k) {
    if (!classes_.empty()) base_ += (k > 0 ? "," : "{") + classes_[k];
    append_json_number(base_, explainer_.base()[k]);
  }
  base_ += classes_.empty() ? ",\"contributions\":" : "},\"contributions\":";
}

void ExplainedModel::write(const Explanations& explanations, int64_t row, std::string& out) const {
  const size_t columns = columns_.size();
  const double* from =
      explanations.contributions.data() + size_t(row) * explainer_.base().size() * columns;
  out += base_;
  if (classes_.empty()) {
    write_contributions(from, out);
  } else {
    for (size_t k = 0; k < classes_.size(); ++k) {
      out += k > 0 ? ',' : '{';
      out += classes_[k];
      write_contributions(from + k * columns, out);
    }
    out += '}';
  }
  out += '}';
}

void ExplainedModel::write_contributions(const double* contributions, std::string& out) const {
  out += '{';
  for (size_t c = 0; c < columns_.size(); ++c) {
    if (c > 0) out += ',';
    out += columns_[c];
    append_json_number(out, contributions[c]);
  }
  out += '}';
}

}  // namespace gristmill
