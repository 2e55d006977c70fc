#include "pipeline/feature_choices.h"

#include <map>
#include <set>

#include <fmt/format.h>

namespace gristmill {
namespace {

void check_known(const PredictSpec& spec, const Schema& columns, const std::string& name,
                 const std::string& member) {
  told_at(spec.place(member), [&] { return columns.index_of(name, "`" + member + "`"); });
}

// One entry of `features:`: an encoder's name, or {name: parameters}.
FeatureChoice parse_choice(const PredictSpec& spec, const std::string& column,
                           const nlohmann::json& value) {
  if (value.is_string()) return {.column = column, .kind = value.get<std::string>()};
  if (value.is_object() && value.size() == 1) {
    return {.column = column, .kind = value.begin().key(), .params = value.begin().value()};
  }
  throw Error(Code::invalid,
              fmt::format("`features` of {} must be an encoder, or one with parameters", column),
              spec.place("features"));
}

// What the encoder reads beside `choice.column` must be there and be allowed.
OtherColumns other_columns(const PredictSpec& spec, const Schema& columns,
                           const FeatureChoice& choice,
                           const std::map<std::string, std::string>& reasons) {
  const EncoderKind* kind = Encoders::instance().find(choice.kind);
  if (kind == nullptr || !kind->others) return {};
  OtherColumns others =
      told_at(spec.place("features"), [&] { return kind->others(choice.params); });
  for (const auto* names : {&others.encoded, &others.read}) {
    for (const std::string& name : *names) {
      check_known(spec, columns, name, "features");
      if (reasons.count(name) > 0)
        throw Error(
            Code::invalid,
            fmt::format("{} cannot be encoded with {}: {}", choice.column, name, reasons.at(name)),
            spec.place("features"));
    }
  }
  return others;
}

}  // namespace

std::vector<FeatureChoice> feature_choices(
    const PredictSpec& spec, const Schema& columns,
    const std::vector<std::pair<std::string, std::string>>& forbidden,
    std::vector<FeaturizerFit::LeftOut>& left_out) {
  for (const std::string& name : spec.exclude) check_known(spec, columns, name, "exclude");
  for (const std::string& name : spec.inputs) check_known(spec, columns, name, "inputs");
  std::map<std::string, std::string> reasons(forbidden.begin(), forbidden.end());
  if (!spec.inputs.empty()) {
    const std::set<std::string> allowed(spec.inputs.begin(), spec.inputs.end());
    for (const std::string& name : columns.names()) {
      if (allowed.count(name) == 0) reasons.emplace(name, "not among `inputs`");
    }
  }
  if (spec.from_many_files && spec.inputs.empty() && columns.find("filename") >= 0 &&
      !(spec.features.is_object() && spec.features.contains("filename")))
    reasons.emplace("filename", "tells the file that a row came from, which a request does not");
  std::map<std::string, FeatureChoice> given;
  if (spec.features.is_object()) {
    for (const auto& [name, value] : spec.features.items()) {
      check_known(spec, columns, name, "features");
      if (reasons.count(name) > 0) {
        throw Error(Code::invalid,
                    fmt::format("{} cannot be a feature: {}", name, reasons.at(name)),
                    spec.place("features"));
      }
      given.emplace(name, parse_choice(spec, name, value));
    }
  }
  for (const auto& [column, choice] : given) {
    for (const std::string& name : other_columns(spec, columns, choice, reasons).encoded) {
      if (given.count(name) == 0)
        reasons.emplace(name, fmt::format("encoded with {}, by `{}`", column, choice.kind));
    }
  }
  std::vector<FeatureChoice> choices;
  for (const std::string& name : columns.names()) {
    auto reason = reasons.find(name);
    auto choice = given.find(name);
    if (reason != reasons.end()) {
      left_out.push_back({name, reason->second});
    } else {
      choices.push_back(choice != given.end() ? choice->second : FeatureChoice{.column = name});
    }
  }
  return choices;
}

void keep_choices(const nlohmann::json& facts, PredictSpec& spec) {
  if (!spec.features.is_object()) spec.features = nlohmann::json::object();
  std::set<std::string> with_others;  // they are left out again by themselves
  for (const auto& [column, value] : spec.features.items()) {
    const FeatureChoice choice = parse_choice(spec, column, value);
    const EncoderKind* kind = Encoders::instance().find(choice.kind);
    if (kind == nullptr || !kind->others) continue;
    const OtherColumns others = kind->others(choice.params);
    with_others.insert(others.encoded.begin(), others.encoded.end());
    with_others.insert(others.read.begin(), others.read.end());
  }
  for (const nlohmann::json& chosen : facts.at("features")) {
    const std::string column = chosen.at("column").get<std::string>();
    if (!spec.features.contains(column)) spec.features[column] = chosen.at("encoder");
  }
  for (const nlohmann::json& left : facts.at("left_out")) {
    const std::string column = left.at("column").get<std::string>();
    spec.features.erase(column);
    if (with_others.count(column) == 0) spec.exclude.push_back(column);
  }
}

void read_feature_files(const fs::path& dir, PredictSpec& spec) {
  if (!spec.features.is_object()) return;
  for (auto& [column, choice] : spec.features.items()) {
    if (!choice.is_object() || choice.size() != 1) continue;  // refused when it is chosen
    const EncoderKind* kind = Encoders::instance().find(choice.begin().key());
    if (kind == nullptr || !kind->read_files) continue;
    told_at(spec.place("features"), [&] { kind->read_files(choice.begin().value(), dir); });
  }
}

FeaturizerFit start_features(const PredictSpec& spec, const Schema& in,
                             const std::vector<FeatureChoice>& choices, const Wants& wants,
                             const TargetInfo& target) {
  return told_at(spec.place("features"),
                 [&] { return FeaturizerFit(in, choices, wants, spec.time, target); });
}

}  // namespace gristmill
