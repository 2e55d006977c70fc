#include "model/lightgbm_text.h"

#include <charconv>
#include <cmath>
#include <map>
#include <string>

#include "base/error.h"
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

// objective=binary sigmoid:1, multiclass num_class:3, regression …
void read_objective(const Section& header, Forest& forest) {
  std::string_view rest = header["objective"];
  std::string_view name = take(rest, ' ');
  std::map<std::string_view, std::string_view> options;
  while (!rest.empty()) {
    std::string_view value = take(rest, ' ');
    std::string_view key = take(value, ':');
    options.emplace(key, value);
  }
  const std::string objective(name);
  if (name == "binary") {
    forest.link = Link::logistic;
    if (options.count("sigmoid")) {
      forest.slope = parse_number<double>(options["sigmoid"], "sigmoid");
    }
  } else if (name == "multiclass") {
    forest.link = Link::softmax;
  } else if (!(name.starts_with("regression") || name == "huber" || name == "fair" ||
               name == "quantile" || name == "mape") ||
             options.count("sqrt")) {
    corrupt("objective \"" + objective + (options.count("sqrt") ? " sqrt" : "") +
            "\" is not supported");
  }
}

void read_header(const Section& header, const FeatureLayout& layout, Forest& forest) {
  if (!header.has("tree")) corrupt("it does not begin with \"tree\"");
  if (header["version"] != "v4") corrupt("version is not v4");
  if (header.has("average_output")) corrupt("averaged output is not supported");
  read_objective(header, forest);
  forest.outputs = header.number<int64_t>("num_tree_per_iteration");
  if (forest.outputs != header.number<int64_t>("num_class") || forest.outputs < 1 ||
      (forest.link == Link::softmax) != (forest.outputs > 1)) {
    corrupt("the number of classes does not fit the objective");
  }
  int64_t features = header.number<int64_t>("max_feature_idx");
  if (features != layout.floats + layout.codes - 1) {
    corrupt("it was trained on " + std::to_string(features + 1) + " features, not " +
            std::to_string(layout.floats + layout.codes));
  }
}

// The sets of one tree, renumbered behind those of the trees before; returns the first's number.
int32_t read_sets(const Section& tree, Forest& forest) {
  int32_t first = int32_t(forest.set_offset.size()) - 1;
  int64_t count = tree.number<int64_t>("num_cat");
  if (count == 0) return first;
  if (count < 0 || count > int64_t(tree["cat_boundaries"].size())) corrupt("`num_cat` is wrong");
  auto bounds = tree.numbers<int32_t>("cat_boundaries", count + 1);
  auto words = tree.numbers<uint32_t>("cat_threshold", bounds.back());
  int64_t base = int64_t(forest.set_words.size());
  if (bounds[0] != 0 || base + int64_t(words.size()) > INT32_MAX) corrupt("`cat_boundaries`");
  for (int64_t i = 1; i <= count; ++i) forest.set_offset.push_back(int32_t(base + bounds[i]));
  forest.set_words.insert(forest.set_words.end(), words.begin(), words.end());
  return first;
}

void read_nodes(const Section& tree, int64_t nodes, Forest& forest, std::vector<double>& gain) {
  const int32_t first_set = read_sets(tree, forest);
  const int64_t tree_sets = int64_t(forest.set_offset.size()) - 1 - first_set;
  auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
  append(forest.feature, tree.numbers<int32_t>("split_feature", nodes));
  append(forest.left, tree.numbers<int32_t>("left_child", nodes));
  append(forest.right, tree.numbers<int32_t>("right_child", nodes));
  auto thresholds = tree.numbers<double>("threshold", nodes);
  auto decisions = tree.numbers<int32_t>("decision_type", nodes);
  for (int64_t i = 0; i < nodes; ++i) {
    if (decisions[i] < 0 || decisions[i] > 15) corrupt("unknown decision type");
    forest.decision.push_back(uint8_t(decisions[i]));
    bool categorical = decisions[i] & Decision::categorical;
    if (categorical && !(thresholds[i] >= 0 && thresholds[i] < double(tree_sets))) {
      corrupt("a node has no set of categories");
    }
    forest.set.push_back(categorical ? first_set + int32_t(thresholds[i]) : 0);
    forest.threshold.push_back(categorical ? 0 : round_down(thresholds[i]));
  }
  append(gain, tree.has("split_gain") ? tree.numbers<double>("split_gain", nodes)
                                      : std::vector<double>(nodes, 0.0));
}

// A constant has no counts, and needs none.
void read_counts(const Section& tree, int64_t leaves, Forest& forest) {
  std::vector<int32_t> counts(size_t(leaves), 0);
  if (leaves > 1 && tree.has("leaf_count")) counts = tree.numbers<int32_t>("leaf_count", leaves);
  forest.leaf_count.insert(forest.leaf_count.end(), counts.begin(), counts.end());
}

void read_tree(const Section& tree, Forest& forest, std::vector<double>& gain) {
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
  if (leaves > 1) read_nodes(tree, leaves - 1, forest, gain);
}

// Total gain by spec, summing to 1.
std::vector<double> importance_of(const Forest& forest, const std::vector<double>& gain,
                                  const FeatureLayout& layout) {
  std::vector<size_t> spec_of(layout.floats + layout.codes);
  for (size_t s = 0; s < layout.specs.size(); ++s) {
    int64_t begin = layout.at[s];
    if (layout.specs[s].kind == TensorKind::code) begin += layout.floats;
    for (int64_t j = 0; j < layout.specs[s].width(); ++j) spec_of[begin + j] = s;
  }
  std::vector<double> importance(layout.specs.size());
  double total = 0;
  for (size_t i = 0; i < gain.size(); ++i) {
    if (!(gain[i] > 0) || !std::isfinite(gain[i])) continue;
    importance[spec_of[forest.feature[i]]] += gain[i];
    total += gain[i];
  }
  for (double& share : importance) share = total > 0 ? share / total : 0;
  return importance;
}

}  // namespace

Forest parse_lightgbm(std::string_view text, const FeatureLayout& layout) {
  Forest forest;
  forest.set_offset = {0};
  std::vector<double> gain;
  bool counted = true;
  read_header(Section(text, {"Tree=", "end of trees"}), layout, forest);
  while (text.starts_with("Tree=")) {
    take(text, '\n');
    const Section tree(text, {"Tree=", "end of trees"});
    counted = counted && (tree.has("leaf_count") || tree.number<int64_t>("num_leaves") == 1);
    read_tree(tree, forest, gain);
  }
  if (!text.starts_with("end of trees")) corrupt("it is cut short");
  if (!counted) forest.leaf_count.clear();
  forest.importance.resize(layout.specs.size());
  forest.check(layout);
  forest.importance = importance_of(forest, gain, layout);
  return forest;
}

}  // namespace gristmill
