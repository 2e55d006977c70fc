#include "pipeline/model_facts.h"

#include <algorithm>

#include <fmt/format.h>

#include "learn/permutation.h"
#include "pipeline/partial_dependence.h"
#include "pipeline/stored_model.h"
#include "table/version.h"

namespace gristmill {
namespace {

using nlohmann::json;

constexpr int64_t sample_rows = 300;
constexpr size_t columns_shown = 8;

std::vector<ColumnLoss> importance(const json& card, const Store& store) {
  const json& lineage = card.at("lineage");
  const auto data = stored_dataset(store, Digest::parse(lineage.at("dataset").get<std::string>()));
  const auto model = stored_model(store, Digest::parse(lineage.at("model").get<std::string>()),
                                  data->info().layout);
  return permutation_importance(
      *model, *data, Fold::validate,
      Metrics::instance().get(card.at("metric").get<std::string>(), "metric"), 0);
}

// Evenly spaced rows of the table that the model was made from, as a request has them.
BatchBuffer sample(const Bundle& bundle, Workspace& workspace) {
  const auto made = workspace.ledger().table_of(
      Digest::parse(bundle.card.at("lineage").at("table").get<std::string>()));
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
  std::vector<ColumnLoss> losses;
  try {
    losses = importance(bundle->card, workspace.store());
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
  return {{"importance", importances}, {"dependence", dependence}, {"notes", notes}};
}

}  // namespace gristmill
