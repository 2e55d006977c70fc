#include "pipeline/read_predict.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "learn/learner.h"
#include "learn/loss.h"
#include "learn/metrics.h"
#include "learn/split_boundary.h"
#include "pipeline/project_keys.h"

namespace gristmill {
namespace {

using nlohmann::json;

// Scores and tasks go by the name.
std::string name_model(const std::vector<ModelSpec>& before, const std::string& learner) {
  const auto same = std::count_if(before.begin(), before.end(),
                                  [&](const ModelSpec& model) { return model.learner == learner; });
  return same == 0 ? learner : fmt::format("{}-{}", learner, same + 1);
}

std::vector<ModelSpec> read_models(const Spot& spot) {
  std::vector<ModelSpec> models;
  auto add = [&](const Spot& at, const std::string& learner, const json& params) {
    told_at(at.where(), [&] {
      const LearnerKind& kind = Learners::instance().get(learner, "model");
      Params checked(params, kind.params, "model " + learner);
      if (kind.check) kind.check(checked);
      ModelSpec& model = models.emplace_back();
      model = {name_model(models, learner), learner, checked.json(), {}, at.where()};
      if (!params.is_object()) return;
      for (const auto& [name, unused] : params.items()) model.given.insert(name);
    });
  };
  auto add_any = [&](const Spot& at) {
    if (at.value.is_string()) return add(at, at.value.get<std::string>(), json::object());
    at.expect_object("a model");
    for (const auto& [learner, params] : at.value.items()) add(at[learner], learner, params);
  };
  if (spot.value.is_array()) {
    for (size_t i = 0; i < spot.value.size(); ++i) add_any(spot[i]);
  } else {
    add_any(spot);
  }
  if (models.empty()) spot.fail("`model` names no model");
  return models;
}

}  // namespace

void check_prediction_name(const std::string& name, const Where& where) {
  auto fits = [](char c) {
    return isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.' ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  constexpr size_t longest = 128;
  if (name.size() > longest)
    throw Error(
        Code::invalid,
        fmt::format("the name of a prediction has at most {} bytes, not {}", longest, name.size()),
        where);
  if (!name.empty() && name[0] != '.' && name[0] != '-' &&
      std::all_of(name.begin(), name.end(), fits))
    return;
  throw Error(
      Code::invalid, fmt::format("a prediction cannot be named {}", excerpt(name)), where,
      "letters, digits, `_`, `-` and `.` make a name; it begins with a letter, a digit or `_`");
}

void check_prediction_key(const std::vector<std::string>& key, const Where& where) {
  for (const std::string& column : key) {
    if (column == "prediction" || column.starts_with("probability"))
      throw Error(Code::invalid,
                  fmt::format("a key column cannot be called {}: answers carry it beside what they "
                              "are called themselves",
                              column),
                  where, "give it another name in the table's SQL");
  }
}

namespace {

// "90%" or 0.9.
double read_level(const json& value) {
  if (value.is_number()) {
    const double level = value.get<double>();
    if (level > 0 && level < 1) return level;
  } else if (value.is_string()) {
    const Boundary share = Boundary::parse(value.get<std::string>(), "`intervals`");
    if (share.share) return *share.share;
  }
  throw Error(Code::invalid, "`intervals` is a share such as 90%");
}

bool read_flag(const Spot& spot, const std::string& name, bool absent) {
  if (!spot.has(name)) return absent;
  if (!spot[name].value.is_boolean()) spot[name].fail(fmt::format("`{}` is true or false", name));
  return spot[name].value.get<bool>();
}

int read_search(const Spot& spot) {
  if (!spot.has("search")) return 1;
  constexpr int most = 10000;
  const json& trials = spot["search"].value;
  if (!trials.is_number_integer() || trials < 1 || trials > most)
    spot["search"].fail(
        fmt::format("`search` is how many times to train each model: 1 to {}", most));
  return trials.get<int>();
}

void read_answering(const Spot& spot, PredictSpec& predict) {
  if (spot.has("decide")) {
    const Spot decide = spot["decide"];
    predict.decide = told_at(decide.where(), [&] { return Decide::parse(decide.value); });
  }
  predict.calibrate = read_flag(spot, "calibrate", false);
  if (spot.has("intervals")) {
    const Spot intervals = spot["intervals"];
    predict.interval = told_at(intervals.where(), [&] { return read_level(intervals.value); });
  }
  if (!spot.has("accept")) return;
  const Spot accept = spot["accept"];
  for (const std::string& text : accept.texts("`accept`")) {
    predict.accept.push_back(told_at(accept.where(), [&] { return AcceptCondition::parse(text); }));
  }
}

// Metrics that fit the models' losses, and those asked for by name. All models are compared by one
// scale.
void gather_losses(PredictSpec& predict) {
  const auto ask = [&](std::string_view name) {
    const MetricKind* metric = Metrics::instance().find(name);
    std::vector<std::string>& beside = predict.asked.beside;
    if (metric != nullptr && metric->of_loss &&
        std::find(beside.begin(), beside.end(), name) == beside.end())
      beside.emplace_back(name);
  };
  std::map<std::string_view, double> scales;
  for (const ModelSpec& model : predict.models) {
    const std::optional<Loss> loss = Loss::of(model.params);
    if (!loss) continue;
    if (predict.loss.is_null()) {
      for (const char* name : {"loss", "alpha", "power"})
        if (model.params.contains(name)) predict.loss[name] = model.params.at(name);
    }
    ask(loss->kind->metric);
    MetricScale& scale = predict.asked.scale;
    const bool quantile = loss->is("quantile");
    if (!quantile && !loss->is("tweedie")) continue;
    const double value = quantile ? loss->scale.alpha : loss->scale.power;
    const auto [first, fresh] = scales.emplace(loss->kind->name, value);
    if (!fresh && first->second != value)
      throw Error(
          Code::invalid,
          fmt::format("models of the loss {} with `{}` {:g} and {:g} cannot be compared with "
                      "each other",
                      loss->kind->name, quantile ? "alpha" : "power", first->second, value),
          model.where, "make a prediction of each, under `predict:`");
    (quantile ? scale.alpha : scale.power) = value;
  }
  ask(predict.metric);
  for (const AcceptCondition& condition : predict.accept) ask(condition.metric);
}

}  // namespace

PredictSpec read_predict(const Spot& spot, const std::string& name) {
  check_prediction_name(name, spot.where());
  spot.expect_object(fmt::format("prediction {}", name));
  check_keys(spot, predict_keys(), fmt::format("prediction {}", name));
  PredictSpec predict{.name = name, .where = spot.where()};
  auto required = [&](const std::string& key) {
    if (!spot.value.contains(key)) spot.fail(fmt::format("prediction {} has no `{}`", name, key));
    return spot[key].text("`" + key + "`");
  };
  // What is named but empty was cut, or forgotten: it does not count as absent.
  auto optional = [&](const std::string& key) {
    if (!spot.value.contains(key)) return std::string();
    spot[key].expect_value("`" + key + "`");
    return spot[key].text("`" + key + "`");
  };
  predict.from = required("from");
  predict.target = required("target");
  if (spot.value.contains("key")) predict.key = spot["key"].texts("`key`");
  if (!predict.key.empty()) check_prediction_key(predict.key, spot["key"].where());
  predict.time = optional("time");
  const bool plain = spot.has("positive") && !spot["positive"].value.is_string();
  predict.positive = plain ? spot["positive"].value.dump() : optional("positive");
  predict.weight = optional("weight");
  if (spot.has("exclude")) predict.exclude = spot["exclude"].texts("`exclude`");
  if (spot.has("inputs")) {
    predict.inputs = spot["inputs"].texts("`inputs`");
    if (predict.inputs.empty()) spot["inputs"].fail("`inputs` names no column");
  }
  if (spot.has("seed")) {
    const json& seed = spot["seed"].value;
    if (!seed.is_number_integer() || seed < 0)
      spot["seed"].fail("`seed` must be a whole number from 0 to 9,223,372,036,854,775,807");
    predict.seed = seed.get<uint64_t>();
  }
  predict.split = told_at(spot.has("split") ? spot["split"].where() : spot.where(), [&] {
    return SplitSpec::parse(spot.has("split") ? spot.value.at("split") : json(), predict.time);
  });
  predict.split.seed = predict.seed;
  predict.metric = optional("metric");
  if (!predict.metric.empty()) {
    told_at(spot["metric"].where(),
            [&] { return &Metrics::instance().get(predict.metric, "metric"); });
  }
  read_answering(spot, predict);
  predict.features = spot.has("features") ? spot.value.at("features") : json("auto");
  if (!(predict.features == "auto" || predict.features.is_object())) {
    spot["features"].fail("`features` must be `auto`, or a mapping of column to encoder");
  }
  if (spot.has("model")) {
    predict.models = read_models(spot["model"]);
  } else {
    for (const char* learner : {"linear", "boosted-trees"}) {
      predict.models.push_back(
          {learner,
           learner,
           Params(nullptr, Learners::instance().get(learner, "model").params, learner).json(),
           {},
           spot.where()});
    }
  }
  predict.search = read_search(spot);
  predict.refit = read_flag(spot, "refit", predict.split.folds > 0);
  gather_losses(predict);
  for (const auto& [key, unused] : spot.value.items()) predict.places[key] = spot[key].where();
  return predict;
}

}  // namespace gristmill
