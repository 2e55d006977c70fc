#include "model/xgboost_json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "model/xgboost_tree.h"

namespace gristmill {
namespace {

using nlohmann::json;

[[noreturn]] void corrupt(const std::string& what, const std::string& hint = {}) {
  throw Error(Code::corrupt, "cannot read the XGBoost model: " + what, {}, hint);
}

template <class T>
T parse_number(std::string_view text, const std::string& key) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    corrupt("`" + key + "` holds " + excerpt(text));
  return value;
}

// Parameters are written as text.
template <class T>
T parameter(const json& of, const std::string& key) {
  return parse_number<T>(of.at(key).get_ref<const std::string&>(), key);
}

struct Objective {
  std::string_view name;
  Link link;
  Problem problem;
  Link intercept;  // what turns a margin into a base_score
};

// Those of which the answer is one number, or one for each class.
constexpr Objective objectives[] = {
    {"reg:squarederror", Link::identity, Problem::regression, Link::identity},
    {"reg:squaredlogerror", Link::identity, Problem::regression, Link::identity},
    {"reg:pseudohubererror", Link::identity, Problem::regression, Link::identity},
    {"reg:absoluteerror", Link::identity, Problem::regression, Link::identity},
    {"reg:quantileerror", Link::identity, Problem::regression, Link::identity},
    {"reg:logistic", Link::logistic, Problem::regression, Link::logistic},
    {"binary:logistic", Link::logistic, Problem::binary, Link::logistic},
    {"binary:logitraw", Link::identity, Problem::regression, Link::identity},
    {"count:poisson", Link::exponential, Problem::regression, Link::exponential},
    {"reg:gamma", Link::exponential, Problem::regression, Link::exponential},
    {"reg:tweedie", Link::exponential, Problem::regression, Link::exponential},
    {"multi:softprob", Link::softmax, Problem::multiclass, Link::identity},
    {"multi:softmax", Link::softmax, Problem::multiclass, Link::identity},
    {"rank:pairwise", Link::identity, Problem::regression, Link::identity},
    {"rank:ndcg", Link::identity, Problem::regression, Link::identity},
    {"rank:map", Link::identity, Problem::regression, Link::identity},
};

const Objective& read_objective(const json& learner, ForeignTrees& model) {
  model.objective = learner.at("objective").at("name").get<std::string>();
  const auto found =
      std::find_if(std::begin(objectives), std::end(objectives),
                   [&](const Objective& one) { return one.name == model.objective; });
  if (found == std::end(objectives))
    corrupt("objective \"" + model.objective + "\" is not supported");
  model.trees.link = found->link;
  model.problem = found->problem;
  return *found;
}

// In float32, as XGBoost has it.
float margin_of(float base_score, Link intercept) {
  if (intercept == Link::logistic) return -std::log(1.0f / base_score - 1.0f);
  if (intercept == Link::exponential) return std::log(base_score);
  return base_score;
}

// One for all outputs or, since XGBoost 3.1, "[one, for, each]".
std::vector<float> read_margins(const json& param, Link intercept, int64_t outputs) {
  std::string_view text = param.at("base_score").get_ref<const std::string&>();
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  std::vector<float> margins;
  while (!text.empty()) {
    const size_t end = std::min(text.find(','), text.size());
    const float score = parse_number<float>(trimmed(text.substr(0, end)), "base_score");
    margins.push_back(margin_of(score, intercept));
    if (!std::isfinite(margins.back())) corrupt("`base_score` is out of range");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (margins.size() == 1) margins.resize(size_t(outputs), margins[0]);
  if (int64_t(margins.size()) != outputs) corrupt("`base_score` does not fit the classes");
  return margins;
}

constexpr int64_t features_max = 1'000'000, classes_max = 100'000;

void read_features(const json& learner, int64_t count, ForeignTrees& model) {
  if (count < 1 || count > features_max) corrupt("`num_feature` is out of range");
  model.features.resize(size_t(count));
  auto each = [&](const char* key, auto use) {
    if (!learner.contains(key) || learner.at(key).empty()) return;
    const json& list = learner.at(key);
    if (list.size() != model.features.size())
      corrupt(std::string("`") + key + "` are not as many as the features");
    for (size_t f = 0; f < list.size(); ++f) use(model.features[f], list[f].get<std::string>());
  };
  each("feature_names", [](auto& feature, std::string name) { feature.name = std::move(name); });
  each("feature_types", [](auto& feature, const std::string& type) {
    feature.category = type == "c";
    feature.boolean = type == "i";
  });
}

// Categories since XGBoost 3.1: text as the bytes of all of them and where each begins, or numbers.
json levels_of(const json& encoded) {
  const json& values = encoded.at("values");
  if (values.empty()) return nullptr;
  if (!encoded.contains("offsets")) return values;
  std::string bytes;
  for (const json& byte : values) bytes += char(json_integer(byte, "values"));
  json levels = json::array();
  const json& offsets = encoded.at("offsets");
  for (size_t i = 1; i < offsets.size(); ++i) {
    const int64_t begin = json_integer(offsets[i - 1], "offsets");
    const int64_t end = json_integer(offsets[i], "offsets");
    if (begin < 0 || end < begin || end > int64_t(bytes.size()))
      corrupt("the names of categories overlap");
    levels.push_back(bytes.substr(size_t(begin), size_t(end - begin)));
  }
  return levels;
}

// XGBoost 3 counts characters of pandas' categories where it counts on bytes.
bool is_ascii_text(const json& levels) {
  return std::all_of(levels.begin(), levels.end(), [](const json& level) {
    if (!level.is_string()) return true;
    const auto& text = level.get_ref<const std::string&>();
    return std::all_of(text.begin(), text.end(), [](char c) { return uint8_t(c) < 0x80; });
  });
}

void read_categories(const json& booster, ForeignTrees& model) {
  if (!booster.contains("cats")) return;
  const json& encoded = booster.at("cats").at("enc");
  if (encoded.empty()) return;
  if (encoded.size() != model.features.size()) corrupt("`cats` are not as many as the features");
  for (size_t f = 0; f < encoded.size(); ++f) {
    ForeignTrees::Feature& feature = model.features[f];
    if (!feature.category) continue;
    feature.levels = levels_of(encoded[f]);
    if (!is_ascii_text(feature.levels)) {
      feature.levels = nullptr;
      model.notes.push_back(
          "XGBoost cuts the names of categories that are not ASCII, as those of " +
          excerpt(feature.name) + ": give them in a schema");
    }
  }
}

// The trees in Gristmill's order: of each round one an output.
std::vector<size_t> order_of(const json& tree_info, size_t trees, int64_t outputs) {
  if (tree_info.size() != trees) corrupt("`tree_info` is not as long as the trees are many");
  auto of_output = std::vector<std::vector<size_t>>(size_t(outputs));
  for (size_t t = 0; t < trees; ++t) {
    const int32_t output = json_integer(tree_info[t], "tree_info");
    if (output < 0 || output >= outputs) corrupt("`tree_info` names an output that is none");
    of_output[size_t(output)].push_back(t);
  }
  std::vector<size_t> order;
  for (size_t round = 0; round < of_output[0].size(); ++round) {
    for (const auto& list : of_output) {
      if (list.size() != of_output[0].size()) corrupt("the classes have not as many trees each");
      order.push_back(list[round]);
    }
  }
  if (order.size() != trees) corrupt("the classes have not as many trees each");
  return order;
}

void read_trees(const json& learner, const std::vector<float>& margins, ForeignTrees& model) {
  const json& gradient_booster = learner.at("gradient_booster");
  const auto name = gradient_booster.at("name").get<std::string>();
  if (name != "gbtree" && name != "dart") corrupt("booster \"" + name + "\" is not supported");
  const bool dart = name == "dart";
  const json& booster =
      dart ? gradient_booster.at("gbtree").at("model") : gradient_booster.at("model");
  read_categories(booster, model);
  const json& trees = booster.at("trees");
  if (dart && gradient_booster.at("weight_drop").size() != trees.size())
    corrupt("`weight_drop` is not as long as the trees are many");
  for (const float margin : margins) add_constant(margin, model);
  for (const size_t t : order_of(booster.at("tree_info"), trees.size(), model.trees.outputs)) {
    const float weight =
        dart ? json_float(gradient_booster.at("weight_drop").at(t), "weight_drop") : 1.0f;
    add_xgboost_tree(trees[t], weight, model);
  }
  // Objectives of one's own may weigh rows by less than nothing: then shares mean nothing.
  std::vector<double>& counts = model.trees.leaf_count;
  if (std::any_of(counts.begin(), counts.end(), [](double count) { return !(count >= 0); }))
    counts.clear();
}

// XGBModel.predict of Python ends there, Booster.predict does not.
void note_best_iteration(const json& learner, ForeignTrees& model) {
  const json attributes = learner.value("attributes", json::object());
  if (!attributes.contains("best_iteration")) return;
  model.notes.push_back("training stopped early, at round " +
                        attributes.at("best_iteration").get<std::string>() +
                        " counted from 0; as Booster.predict does, all rounds that were saved are "
                        "used (save booster[:best_iteration + 1] for the best alone)");
}

// XGBoost writes numbers that JSON does not have: the condition of a set of categories is NaN.
std::string without_unwritable(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  bool quoted = false;
  while (!text.empty()) {
    size_t part = quoted && text[0] == '\\' ? 2 : 1;
    if (text[0] == '"') quoted = !quoted;
    std::string_view to;
    for (const std::string_view word : {"NaN", "-NaN", "Infinity", "-Infinity"}) {
      if (quoted || !text.starts_with(word)) continue;
      to = "null";
      part = word.size();
    }
    plain += to.empty() ? text.substr(0, part) : to;
    text.remove_prefix(std::min(part, text.size()));
  }
  return plain;
}

ForeignTrees read_model(const json& whole) {
  const json& learner = whole.at("learner");
  const json& param = learner.at("learner_model_param");
  ForeignTrees model;
  model.format = "XGBoost";
  const Objective& objective = read_objective(learner, model);
  if (param.contains("num_target") && parameter<int64_t>(param, "num_target") > 1)
    corrupt("several targets are not supported");
  Forest& forest = model.trees;
  forest.float_sums = true;
  model.float_inputs = true;
  forest.outputs = std::max<int64_t>(1, parameter<int64_t>(param, "num_class"));
  if (forest.outputs > classes_max ||
      (model.problem == Problem::multiclass) != (forest.outputs > 1))
    corrupt("the number of classes does not fit the objective");
  read_features(learner, parameter<int64_t>(param, "num_feature"), model);
  read_trees(learner, read_margins(param, objective.intercept, forest.outputs), model);
  note_best_iteration(learner, model);
  return model;
}

}  // namespace

ForeignTrees parse_xgboost(std::string_view text) {
  json whole;
  try {
    whole = parse_json(without_unwritable(text));
  } catch (const json::exception&) {
    corrupt("it is no JSON, or is cut short", "save it anew: booster.save_model(\"model.json\")");
  }
  if (!whole.is_object() || !whole.contains("learner"))
    corrupt("it has no `learner`", "save it with booster.save_model(\"model.json\")");
  try {
    return read_model(whole);
  } catch (const json::exception& error) {
    corrupt(std::string("a part is absent or of another form (") + error.what() + ")",
            "save it with XGBoost 2 or 3: booster.save_model(\"model.json\")");
  }
}

}  // namespace gristmill
