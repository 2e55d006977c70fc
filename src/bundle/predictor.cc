#include "bundle/predictor.h"

#include <algorithm>

namespace gristmill {

Predictor::Predictor(std::shared_ptr<const Bundle> bundle) : bundle_(std::move(bundle)) {}

void Predictor::predict(const Batch& rows, Workspace& workspace, Answers& out) const {
  workspace.scratch.clear();
  workspace.rows = rows;
  bundle_->rules.apply(workspace.rows, workspace.scratch, workspace.reports, workspace.first_row);
  const FeatureRows features = workspace.encoded =
      workspace.features.resize(bundle_->featurizer.layout(), rows.rows);
  bundle_->featurizer.encode(workspace.rows, features, workspace.scratch);

  const int64_t outputs = bundle_->model->outputs();
  out.rows = rows.rows;
  out.values.resize(size_t(rows.rows));
  out.errors.assign(workspace.scratch.errors.begin(), workspace.scratch.errors.end());
  std::stable_sort(out.errors.begin(), out.errors.end(),
                   [](const RowError& a, const RowError& b) { return a.row < b.row; });

  if (bundle_->signature.problem == Problem::regression) {
    out.width = 0;
    out.probabilities.clear();
    bundle_->model->predict(features, out.values.data());
    return;
  }
  out.width = outputs;
  out.probabilities.resize(size_t(rows.rows * outputs));
  bundle_->model->predict(features, out.probabilities.data());
  for (int64_t i = 0; i < rows.rows; ++i) {
    const double* p = out.probabilities.data() + i * outputs;
    out.values[i] = outputs == 1 ? double(p[0] >= bundle_->threshold)
                                 : double(std::max_element(p, p + outputs) - p);
  }
}

Schema Predictor::output_schema() const {
  const Signature& signature = bundle_->signature;
  Schema schema;
  if (signature.problem == Problem::regression) {
    schema.add({"prediction", Type::float64, true});
    if (bundle_->interval) {
      schema.add({"prediction_low", Type::float64, true});
      schema.add({"prediction_high", Type::float64, true});
    }
    return schema;
  }
  schema.add({"prediction", signature.boolean_target ? Type::boolean : Type::string, true});
  if (signature.problem == Problem::binary) {
    schema.add({"probability", Type::float64, true});
  } else {
    for (const std::string& name : signature.classes) {
      schema.add({"probability_" + name, Type::float64, true});
    }
  }
  return schema;
}

void Predictor::append_output(const Answers& answers, BatchBuffer& out, size_t first_column) const {
  const Signature& signature = bundle_->signature;
  ColumnBuffer& prediction = out[first_column];
  for (int64_t i = 0; i < answers.rows; ++i) {
    const double value = answers.values[i];
    if (signature.problem == Problem::regression) {
      prediction.append(value);
      if (bundle_->interval) {
        out[first_column + 1].append(value - bundle_->interval->margin);
        out[first_column + 2].append(value + bundle_->interval->margin);
      }
    } else if (signature.boolean_target) {
      prediction.append(value == 1);
    } else {
      prediction.append(std::string_view(signature.classes[size_t(value)]));
    }
    for (int64_t k = 0; k < answers.width; ++k) {
      out[first_column + 1 + k].append(answers.probabilities[i * answers.width + k]);
    }
  }
}

}  // namespace gristmill
