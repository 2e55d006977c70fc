#include <cstdio>

#include <fmt/format.h>

#include "bundle/bundle.h"
#include "cli/console.h"
#include "cli/evaluation_text.h"
#include "cli/open_project.h"
#include "cli/verb.h"

namespace gristmill {
namespace {

using nlohmann::json;

json inspect_json(const Bundle& bundle, const fs::path& path) {
  json rules = json::array();
  for (const auto& step : bundle.rules.steps()) {
    rules.push_back(
        {{"kind", step.kind}, {"reads", step.rule->reads()}, {"writes", step.rule->writes()}});
  }
  json features = json::array();
  for (const TensorSpec& spec : bundle.featurizer.layout().specs) {
    features.push_back({{"name", spec.name},
                        {"source", spec.source},
                        {"kind", spec.kind == TensorKind::block ? "numbers" : "category"},
                        {"width", spec.kind == TensorKind::block ? spec.width() : spec.levels()}});
  }
  return {{"name", bundle.name},
          {"version", bundle.version},
          {"bytes", fs::file_size(path)},
          {"sections", bundle.section_bytes},
          {"signature", bundle.signature.json()},
          {"rules", rules},
          {"features", features},
          {"threshold", bundle.threshold},
          {"card", bundle.card}};
}

std::string range_text(const json& field) {
  if (field.at("choices").is_array()) {
    std::vector<std::string> some;
    for (const auto& choice : field.at("choices")) {
      if (some.size() == 4) {
        some.push_back("…");
        break;
      }
      some.push_back(choice.get<std::string>());
    }
    return fmt::format("{}", fmt::join(some, ", "));
  }
  auto plain = [](const json& value) {
    return value.is_string() ? value.get<std::string>() : value.dump();
  };
  if (!field.at("minimum").is_null())
    return fmt::format("{} … {}", plain(field.at("minimum")), plain(field.at("maximum")));
  return field.at("example").is_null() ? "" : "e.g. " + plain(field.at("example"));
}

// `intervals`: {} in bundles made before there were any.
std::string scores_text(const json& scores, const json& intervals = json::object()) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : scores.items()) {
    parts.push_back(
        fmt::format("{} {}", name, value.is_null() ? "–" : score_text(value.get<double>())));
    const json interval = intervals.value(name, json());
    if (!interval.is_null())
      parts.back() += fmt::format(" ({})", interval_text(Interval::from_json(interval)));
  }
  return fmt::format("{}", fmt::join(parts, "  "));
}

std::string inspect_text(const json& bundle) {
  std::string out = fmt::format("bundle {}  version {}  {}\n", bundle.at("name").get<std::string>(),
                                bundle.at("version").get<std::string>(),
                                bytes_text(bundle.at("bytes").get<int64_t>()));
  const json& card = bundle.at("card");
  out += fmt::format(
      "predicts {} ({}) by {}\n\n", bundle.at("signature").at("target").get<std::string>(),
      bundle.at("signature").at("problem").get<std::string>(), card.value("model", ""));
  std::vector<std::vector<std::string>> fields;
  for (const auto& field : bundle.at("signature").at("fields")) {
    fields.push_back({field.at("name").get<std::string>(), field.at("type").get<std::string>(),
                      field.at("key").get<bool>()
                          ? "key"
                          : (field.at("nullable").get<bool>() ? "optional" : "required"),
                      range_text(field)});
  }
  out += text_table({"column", "type", "", "seen in the table"}, fields);
  if (!bundle.at("rules").empty()) out += "\nrules\n";
  for (const auto& rule : bundle.at("rules")) {
    const auto writes = rule.at("writes").get<std::vector<std::string>>();
    out += fmt::format("  {} → {}\n", rule.at("kind").get<std::string>(), fmt::join(writes, ", "));
  }
  std::vector<std::vector<std::string>> features;
  for (const auto& feature : bundle.at("features")) {
    features.push_back({feature.at("name").get<std::string>(),
                        feature.at("kind").get<std::string>(),
                        std::to_string(feature.at("width").get<int64_t>()),
                        feature.at("source").get<std::string>()});
  }
  out += "\n" + text_table({"feature", "kind", "width", "from"}, features);
  out += "\n";
  if (card.contains("test"))  // a model made elsewhere has no scores
    out += fmt::format("validate  {}\ntest      {}\n",
                       scores_text(card.value("validate", json::object())),
                       scores_text(card.at("test"), card.value("test_interval", json::object())));
  if (card.contains("evaluation"))
    out +=
        evaluation_text(card.value("model", ""), card.value("metric", ""), card.at("evaluation"));
  if (card.contains("importance") && !card.at("importance").empty()) {
    std::vector<std::pair<double, std::string>> shares;
    for (const auto& [name, share] : card.at("importance").items())
      shares.emplace_back(share.get<double>(), name);
    std::sort(shares.rbegin(), shares.rend());
    std::vector<std::string> parts;
    for (size_t i = 0; i < shares.size() && i < 8; ++i)
      parts.push_back(fmt::format("{} {:.0f} %", shares[i].second, 100 * shares[i].first));
    out += fmt::format("importance  {}\n", fmt::join(parts, ", "));
  }
  if (card.contains("lineage")) {
    const json& lineage = card.at("lineage");
    out += fmt::format("made from table {}, data set {}, model {}\n",
                       lineage.at("table").get<std::string>().substr(0, 12),
                       lineage.at("dataset").get<std::string>().substr(0, 12),
                       lineage.at("model").get<std::string>().substr(0, 12));
  }
  if (const json refit = card.value("refit", json()); !refit.is_null())
    out += fmt::format(
        "the scores are of that model; it learned again on all {} rows: data set {}, model {}\n",
        grouped(refit.at("rows").get<int64_t>()),
        refit.at("dataset").get<std::string>().substr(0, 12),
        refit.at("model").get<std::string>().substr(0, 12));
  int64_t arrays = 0;
  for (const auto& [name, size] : bundle.at("sections").items()) arrays += size.get<int64_t>();
  out += fmt::format("{} sections, {}\n", bundle.at("sections").size(), bytes_text(arrays));
  return out;
}

void inspect(const Invocation& call) {
  const fs::path path = find_bundle(call, call.value("BUNDLE"));
  const json facts = inspect_json(*Bundle::open(path), path);
  fmt::print("{}", call.json ? facts.dump(2) + "\n" : without_controls(inspect_text(facts)));
}

const RegisterVerb registration({
    .name = "inspect",
    .text = "Show what is in a bundle: signature, rules, features, scores, lineage, size",
    .options = {{.name = "BUNDLE",
                 .text = "A bundle's path, or the name of a prediction of the project",
                 .required = true}},
    .json = true,
    .run = inspect,
    .position = 11,
});

}  // namespace
}  // namespace gristmill
