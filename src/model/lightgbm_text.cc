#include "model/lightgbm_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <string>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

namespace gristmill {
namespace {

[[noreturn]] void corrupt(const std::string& what) {
  throw Error(Code::corrupt, "cannot read the LightGBM model: " + what);
}

// The next piece of `text` up to `separator`, taken off it.
std::string_view take(std::string_view& text, char separator) {
  size_t end = text.find(separator);
  std::string_view piece = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return piece;
}

template <class T>
T parse_number(std::string_view text, std::string_view key) {
  T value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    corrupt("`" + std::string(key) + "` holds " + excerpt(text));
  }
  return value;
}

// The `key=value` lines of the header or of one tree.
class Section {
 public:
  // Takes lines off `text` until one of `ends` begins a line (left there), or the end.
  Section(std::string_view& text, std::initializer_list<std::string_view> ends) {
    while (!text.empty()) {
      std::string_view rest = text;
      std::string_view line = take(rest, '\n');
      if (line.ends_with('\r')) line.remove_suffix(1);
      for (std::string_view end : ends) {
        if (line.starts_with(end)) return;
      }
      text = rest;
      std::string_view value = line;
      std::string_view key = take(value, '=');
      if (!key.empty()) values_.emplace(key, value);
    }
  }

  bool has(std::string_view key) const { return values_.count(key) > 0; }
  std::string_view operator[](std::string_view key) const {
    auto it = values_.find(key);
    if (it == values_.end()) corrupt("`" + std::string(key) + "` is missing");
    return it->second;
  }
  template <class T>
  T number(std::string_view key) const {
    return parse_number<T>((*this)[key], key);
  }
  // Exactly `count` numbers.
  template <class T>
  std::vector<T> numbers(std::string_view key, int64_t count) const {
    std::vector<T> values;
    std::string_view rest = (*this)[key];
    while (!rest.empty()) {
      std::string_view piece = take(rest, ' ');
      if (!piece.empty()) values.push_back(parse_number<T>(piece, key));
    }
    if (int64_t(values.size()) != count) {
      corrupt("`" + std::string(key) + "` holds " + std::to_string(values.size()) +
              " numbers, not " + std::to_string(count));
    }
    return values;
  }

 private:
  std::map<std::string_view, std::string_view> values_;
};

struct Objective {
  std::string_view name;
  Link link;
  Problem problem;
};

// Those of which the answer is one number, or one for each class.
constexpr Objective objectives[] = {
    {"regression", Link::identity, Problem::regression},
    {"regression_l2", Link::identity, Problem::regression},
    {"regression_l1", Link::identity, Problem::regression},
    {"huber", Link::identity, Problem::regression},
    {"fair", Link::identity, Problem::regression},
    {"quantile", Link::identity, Problem::regression},
    {"mape", Link::identity, Problem::regression},
    {"poisson", Link::exponential, Problem::regression},
    {"gamma", Link::exponential, Problem::regression},
    {"tweedie", Link::exponential, Problem::regression},
    {"cross_entropy", Link::logistic, Problem::regression},
    {"lambdarank", Link::identity, Problem::regression},
    {"rank_xendcg", Link::identity, Problem::regression},
    {"binary", Link::logistic, Problem::binary},
    {"multiclass", Link::softmax, Problem::multiclass},
    {"multiclassova", Link::logistic, Problem::multiclass},
};

// objective=binary sigmoid:1, multiclass num_class:3, regression …
void read_objective(const Section& header, ForeignTrees& model) {
  std::string_view rest = header["objective"];
  model.objective = rest;
  const std::string_view name = take(rest, ' ');
  const auto found = std::find_if(std::begin(objectives), std::end(objectives),
                                  [&](const Objective& one) { return one.name == name; });
  bool known = found != std::end(objectives);
  while (!rest.empty()) {
    std::string_view value = take(rest, ' ');
    const std::string_view key = take(value, ':');
    if (key == "sigmoid") model.trees.slope = parse_number<double>(value, key);
    if (key == "sqrt") known = false;
  }
  if (!known) corrupt("objective \"" + model.objective + "\" is not supported");
  model.trees.link = found->link;
  model.problem = found->problem;
}

// Names are told apart by spaces, which are in none.
void read_names(const Section& header, ForeignTrees& model) {
  std::string_view rest = header["feature_names"];
  size_t count = 0;
  while (!rest.empty()) {
    const std::string_view name = take(rest, ' ');
    if (count < model.features.size()) model.features[count].name = name;
    ++count;
  }
  if (count != model.features.size()) corrupt("`feature_names` are not as many as the features");
}

constexpr int64_t features_max = 1'000'000;

void read_header(const Section& header, ForeignTrees& model) {
  if (!header.has("tree")) corrupt("it does not begin with \"tree\"");
  if (header["version"] != "v4") corrupt("version is not v4");
  read_objective(header, model);
  Forest& forest = model.trees;
  forest.outputs = header.number<int64_t>("num_tree_per_iteration");
  if (forest.outputs != header.number<int64_t>("num_class") || forest.outputs < 1 ||
      (model.problem == Problem::multiclass) != (forest.outputs > 1)) {
    corrupt("the number of classes does not fit the objective");
  }
  const int64_t last = header.number<int64_t>("max_feature_idx");
  if (last < 0 || last >= features_max) corrupt("`max_feature_idx` is wrong");
  model.features.resize(size_t(last) + 1);
  if (header.has("feature_names")) read_names(header, model);
}

// The sets of one tree, renumbered behind those of the trees before; returns the first's number.
size_t read_sets(const Section& tree, ForeignTrees& model) {
  const size_t first = model.set_begin.size() - 1;
  const int64_t count = tree.number<int64_t>("num_cat");
  if (count == 0) return first;
  if (count < 0 || count > int64_t(tree["cat_boundaries"].size())) corrupt("`num_cat` is wrong");
  const auto bounds = tree.numbers<int32_t>("cat_boundaries", count + 1);
  const auto words = tree.numbers<uint32_t>("cat_threshold", bounds.back());
  if (bounds[0] != 0 || !std::is_sorted(bounds.begin(), bounds.end())) corrupt("`cat_boundaries`");
  for (int64_t i = 0; i < count; ++i) {
    for (int32_t w = bounds[i]; w < bounds[i + 1]; ++w) {
      for (uint32_t bits = words[w]; bits != 0; bits &= bits - 1)
        model.categories.push_back((w - bounds[i]) * 32 + __builtin_ctz(bits));
    }
    model.set_begin.push_back(model.categories.size());
  }
  return first;
}

// A node's set, which is no other node's.
int32_t set_of(double threshold, size_t first, std::vector<bool>& taken) {
  if (!(threshold >= 0 && threshold < double(taken.size())))
    corrupt("a node has no set of categories");
  if (taken[size_t(threshold)]) corrupt("two nodes have one set of categories");
  taken[size_t(threshold)] = true;
  return int32_t(first + size_t(threshold));
}

void read_nodes(const Section& tree, int64_t nodes, ForeignTrees& model) {
  Forest& forest = model.trees;
  const size_t first_set = read_sets(tree, model);
  std::vector<bool> taken(model.set_begin.size() - 1 - first_set);
  auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
  append(forest.left, tree.numbers<int32_t>("left_child", nodes));
  append(forest.right, tree.numbers<int32_t>("right_child", nodes));
  const auto features = tree.numbers<int32_t>("split_feature", nodes);
  const auto thresholds = tree.numbers<double>("threshold", nodes);
  const auto decisions = tree.numbers<int32_t>("decision_type", nodes);
  for (int64_t i = 0; i < nodes; ++i) {
    if (features[i] < 0 || features[i] >= int64_t(model.features.size()))
      corrupt("no such feature");
    if (decisions[i] < 0 || decisions[i] > 15) corrupt("unknown decision type");
    if (std::isnan(thresholds[i])) corrupt("a threshold is not a number");
    // What is missing is in no set: it goes right.
    const bool categorical = decisions[i] & Decision::categorical;
    if (categorical) model.features[size_t(features[i])].category = true;
    forest.feature.push_back(features[i]);
    forest.decision.push_back(
        uint8_t(categorical ? decisions[i] & ~Decision::default_left : decisions[i]));
    forest.set.push_back(categorical ? set_of(thresholds[i], first_set, taken) : 0);
    model.threshold.push_back(categorical ? 0 : thresholds[i]);
  }
  append(model.gain, tree.has("split_gain") ? tree.numbers<double>("split_gain", nodes)
                                            : std::vector<double>(nodes, 0.0));
}

// A constant has no counts, and needs none.
void read_counts(const Section& tree, int64_t leaves, Forest& forest) {
  std::vector<int32_t> counts(size_t(leaves), 0);
  if (leaves > 1 && tree.has("leaf_count")) counts = tree.numbers<int32_t>("leaf_count", leaves);
  forest.leaf_count.insert(forest.leaf_count.end(), counts.begin(), counts.end());
}

void read_tree(const Section& tree, ForeignTrees& model) {
  Forest& forest = model.trees;
  int64_t leaves = tree.number<int64_t>("num_leaves");
  std::string_view values = tree["leaf_value"];
  if (leaves < 1 || leaves > int64_t(values.size())) corrupt("`num_leaves` is wrong");
  if (tree.has("is_linear") && tree.number<int>("is_linear") != 0) {
    corrupt("linear trees are not supported");
  }
  forest.leaves.push_back(int32_t(leaves));
  auto leaf_values = tree.numbers<double>("leaf_value", leaves);
  forest.leaf_value.insert(forest.leaf_value.end(), leaf_values.begin(), leaf_values.end());
  read_counts(tree, leaves, forest);
  if (leaves > 1) read_nodes(tree, leaves - 1, model);
}

// A random forest answers with the mean over its rounds.
void average(Forest& forest) {
  const double rounds = double(forest.trees() / forest.outputs);
  for (double& value : forest.leaf_value) value /= rounds;
}

// What a feature was seen to hold: [least:greatest], categories as 3:0:7, or none.
void read_feature_infos(const Section& header, ForeignTrees& model) {
  if (!header.has("feature_infos")) return;
  std::string_view rest = header["feature_infos"];
  for (size_t f = 0; f < model.features.size() && !rest.empty(); ++f) {
    const std::string_view info = take(rest, ' ');
    if (!info.starts_with('[') && info != "none") model.features[f].category = true;
  }
}

// [categorical_feature: 2,3]: also those that no tree splits on.
void read_parameters(std::string_view text, ForeignTrees& model) {
  constexpr std::string_view mark = "[categorical_feature: ";
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    if (!line.starts_with(mark)) continue;
    line.remove_prefix(mark.size());
    line = line.substr(0, line.find(']'));
    if (line.starts_with("name:")) return;  // no numbers: what was seen tells them
    while (!line.empty()) {
      const auto feature = parse_number<uint64_t>(take(line, ','), "categorical_feature");
      if (feature >= model.features.size()) corrupt("`categorical_feature` names none");
      model.features[feature].category = true;
    }
  }
}

// The values of pandas' categories, of each such column in the model's order. An ordered one is
// split as a number: where there are some, nothing says which lists are theirs.
void read_pandas_categories(std::string_view text, ForeignTrees& model) {
  constexpr std::string_view mark = "pandas_categorical:";
  size_t at = text.rfind(mark);
  if (at == std::string_view::npos || (at > 0 && text[at - 1] != '\n')) return;
  text.remove_prefix(at + mark.size());
  const nlohmann::json lists = try_parse_json(take(text, '\n'));
  if (lists.is_null()) return;
  if (!lists.is_array()) corrupt("`pandas_categorical` is cut short");
  const auto categorical = std::count_if(model.features.begin(), model.features.end(),
                                         [](const auto& feature) { return feature.category; });
  if (lists.empty()) return;
  if (int64_t(lists.size()) != categorical) {
    model.notes.push_back("it holds the values of " + std::to_string(lists.size()) +
                          " pandas categories, but " + std::to_string(categorical) +
                          " features are split as such: a schema must give the levels");
    return;
  }
  auto list = lists.begin();
  for (ForeignTrees::Feature& feature : model.features) {
    if (feature.category) feature.levels = *list++;
  }
}

}  // namespace

bool is_lightgbm(std::string_view text) {
  return text.starts_with("tree\n") || text.starts_with("tree\r\n");
}

ForeignTrees parse_lightgbm(std::string_view text) {
  ForeignTrees model;
  model.format = "LightGBM";
  bool counted = true;
  const Section header(text, {"Tree=", "end of trees"});
  read_header(header, model);
  while (text.starts_with("Tree=")) {
    take(text, '\n');
    const Section tree(text, {"Tree=", "end of trees"});
    counted = counted && (tree.has("leaf_count") || tree.number<int64_t>("num_leaves") == 1);
    read_tree(tree, model);
  }
  if (!text.starts_with("end of trees")) corrupt("it is cut short");
  Forest& forest = model.trees;
  if (forest.leaves.empty() || forest.trees() % forest.outputs != 0)
    corrupt("the number of trees does not fit the classes");
  if (header.has("average_output")) average(forest);
  if (!counted) forest.leaf_count.clear();
  read_feature_infos(header, model);
  read_parameters(text, model);
  read_pandas_categories(text, model);
  return model;
}

Forest parse_lightgbm(std::string_view text, const FeatureLayout& layout) {
  const ForeignTrees model = parse_lightgbm(text);
  std::vector<FeaturePlace> places(size_t(layout.floats + layout.codes));
  if (model.features.size() != places.size()) {
    corrupt("it was trained on " + std::to_string(model.features.size()) + " features, not " +
            std::to_string(places.size()));
  }
  for (size_t f = 0; f < places.size(); ++f) places[f].feature = int32_t(f);
  return place_trees(model, places, layout);
}

}  // namespace gristmill
