#include "pipeline/quarantined.h"

#include <algorithm>

#include <fmt/format.h>

#include "pipeline/quarantine.h"

namespace gristmill {
namespace {

std::optional<Digest> rows_of(const Store& store, const Digest& output) {
  if (!store.complete(output)) return std::nullopt;
  for (const Descriptor& layer : store.manifest(output).layers) {
    if (layer.media_type == quarantine_type) return layer.digest;
  }
  return std::nullopt;
}

void check_has_rules(const Project& project, const std::string& table) {
  std::vector<std::string> cleaned;
  for (const auto& [name, unused] : project.clean) cleaned.push_back(name);
  for (const PredictSpec& spec : project.predicts) cleaned.push_back(spec.from);
  if (table.empty() || std::find(cleaned.begin(), cleaned.end(), table) != cleaned.end()) return;
  std::sort(cleaned.begin(), cleaned.end());
  cleaned.erase(std::unique(cleaned.begin(), cleaned.end()), cleaned.end());
  throw Error(Code::not_found, fmt::format("no rules clean a table \"{}\"", table), {},
              did_you_mean(table, cleaned));
}

}  // namespace

std::vector<Quarantined> find_quarantined(const Project& project, Workspace& workspace,
                                          const std::string& table) {
  check_has_rules(project, table);
  std::vector<Quarantined> found;
  auto look = [&](const std::string& kind, const std::string& name, const std::string& from,
                  const std::string& prediction) {
    if (!table.empty() && from != table) return false;
    const auto task = workspace.ledger().latest(kind, name);
    if (!task || !task->facts.contains("quarantine")) return false;
    found.push_back(
        {from, prediction, task->facts.at("quarantine"), rows_of(workspace.store(), task->output)});
    return true;
  };
  for (const auto& [name, unused] : project.clean) look("clean", name, name, "");
  for (const PredictSpec& spec : project.predicts) {
    // What learners want of the columns changes no row.
    if (!look("dataset", spec.name + "/plain", spec.from, spec.name))
      look("dataset", spec.name + "/scaled", spec.from, spec.name);
  }
  if (found.empty()) {
    throw Error(Code::not_found,
                table.empty() ? "no table was cleaned yet"
                              : fmt::format("table {} was not cleaned yet", table),
                {}, "gristmill run");
  }
  return found;
}

}  // namespace gristmill
