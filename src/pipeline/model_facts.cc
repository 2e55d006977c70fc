#include "pipeline/model_facts.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "learn/learning_curve.h"
#include "learn/permutation.h"
#include "pipeline/partial_dependence.h"
#include "pipeline/stored_model.h"
#include "table/version.h"

namespace gristmill {
namespace {

using nlohmann::json;

constexpr int64_t sample_rows = 300;
constexpr size_t columns_shown = 8;

// What its data set says of a model.
struct Asked {
  std::shared_ptr<Dataset> data;
  std::unique_ptr<Model> model;
  const MetricKind& metric;
  MetricScale scale;

  Asked(const json& card, const Store& store)
      : data(stored_dataset(store, lineage_of(card, "dataset"))),
        model(stored_model(store, lineage_of(card, "model"), data->info().layout)),
        metric(Metrics::instance().get(card.at("metric").get<std::string>(), "metric")),
        scale(MetricScale::from_json(card.value("scale", json::object()))) {}

  std::vector<ColumnLoss> importance() const {
    return permutation_importance(*model, *data, Fold::validate, metric, scale, 0);
  }

  // Of a learner that learns from rows.
  json curve(const json& card) const {
    json out = json::array();
    if (card.value("learner", "baseline") == "baseline") return out;
    const LearnerKind& learner =
        Learners::instance().get(card.at("learner").get<std::string>(), "model");
    const Params params(card.at("params"), learner.params, "model " + learner.name);
    SilentProgress progress;
    for (const CurvePoint& point :
         learning_curve(*data, learner, params, *model, metric, scale, 0, progress)) {
      if (std::isfinite(point.score)) out.push_back({{"rows", point.rows}, {"score", point.score}});
    }
    return out;
  }
};

// Evenly spaced rows of the table that the model was made from, as a request has them.
BatchBuffer sample(const Bundle& bundle, Workspace& workspace) {
  const auto made = workspace.ledger().table_of(lineage_of(bundle.card, "table"));
  if (!made) throw Error(Code::not_found, "its table is not known any more");
  const TableVersion version =
      TableVersion::from_manifest(workspace.store().manifest(made->output));
  const Schema& schema = bundle.signature.expected().schema;
  const auto reader = read_version(workspace.engine(), workspace.store(), version, schema.names());
  const std::vector<int64_t> picked = evenly_spaced(version.rows, sample_rows);
  BatchBuffer out(schema);
  Batch batch;
  int64_t first = 0;
  size_t next = 0;
  while (next < picked.size() && reader->next(batch)) {
    std::vector<uint8_t> keep(size_t(bytes_of_bits(batch.rows)));
    for (; next < picked.size() && picked[next] < first + batch.rows; ++next)
      set_bit(keep.data(), picked[next] - first);
    out.append_selected(batch, keep.data());
    first += batch.rows;
  }
  return out;
}

// Columns of a request, those that matter most first.
std::vector<size_t> by_importance(const Schema& schema, const std::vector<ColumnLoss>& losses) {
  std::vector<size_t> out;
  for (const ColumnLoss& loss : losses) {
    if (const int at = schema.find(loss.column); at >= 0) out.push_back(size_t(at));
  }
  return out;
}

}  // namespace

json model_facts(std::shared_ptr<const Bundle> bundle, Workspace& workspace) {
  json importances = json::array(), dependence = json::array(), notes = json::array();
  json curve = json::array();
  try {
    const Asked asked(bundle->card, workspace.store());
    const std::vector<ColumnLoss> losses = asked.importance();
    curve = asked.curve(bundle->card);
    for (const ColumnLoss& one : losses)
      importances.push_back({{"column", one.column}, {"loss", one.loss}, {"spread", one.spread}});
    const BatchBuffer rows = sample(*bundle, workspace);
    const Predictor predictor(bundle);
    for (const size_t column : by_importance(rows.schema(), losses)) {
      if (dependence.size() == columns_shown) break;
      const Dependence found = partial_dependence(predictor, rows.view(), column);
      if (found.points.size() > 1) dependence.push_back(found.json());
    }
  } catch (const Error& error) {
    if (error.code() != Code::not_found) throw;
    notes.push_back(
        fmt::format("what its data say of {} is not shown: {}", bundle->name, error.message()));
  }
  return {{"importance", importances},
          {"learning_curve", curve},
          {"dependence", dependence},
          {"notes", notes}};
}

}  // namespace gristmill
