#include "pipeline/project.h"

#include <cstdlib>

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "clean/rule.h"
#include "feature/encoder.h"
#include "learn/learner.h"
#include "learn/metrics.h"
#include "pipeline/document.h"
#include "pipeline/project_keys.h"
#include "table/engine.h"

namespace gristmill {
namespace {

using nlohmann::json;

// One place in the document: the value, and where it stands.
struct Spot {
  const Document& document;
  const json& value;
  std::string pointer;

  Where where() const { return document.where(pointer); }
  bool has(const std::string& key) const { return value.contains(key) && !value.at(key).is_null(); }
  Spot operator[](const std::string& key) const {
    return {document, value.at(key), pointer_to(pointer, key)};
  }
  Spot operator[](size_t i) const {
    return {document, value.at(i), pointer + "/" + std::to_string(i)};
  }

  [[noreturn]] void fail(std::string message, std::string hint = "") const {
    throw Error(Code::invalid, std::move(message), where(), std::move(hint));
  }
  void expect_object(std::string_view what) const {
    if (!value.is_object()) fail(fmt::format("{} must be a mapping", what));
  }
  std::string text(std::string_view what) const {
    if (value.is_null()) {
      fail(fmt::format("{} is empty", what), "YAML ends a value at ` #`; put the value in quotes");
    }
    if (!value.is_string()) fail(fmt::format("{} must be text", what));
    return value.get<std::string>();
  }
  // One text or a list of them.
  std::vector<std::string> texts(std::string_view what) const {
    if (value.is_string()) return {value.get<std::string>()};
    std::vector<std::string> list;
    if (!value.is_array()) fail(fmt::format("{} must be a name or a list of names", what));
    for (size_t i = 0; i < value.size(); ++i) list.push_back((*this)[i].text(what));
    return list;
  }
};

// Unknown keys are errors with the nearest known key named.
void check_keys(const Spot& spot, const std::vector<ParamDoc>& known, std::string_view owner) {
  std::vector<std::string> names;
  for (const ParamDoc& doc : known) names.push_back(doc.name);
  for (const auto& [key, unused] : spot.value.items()) {
    if (std::find(names.begin(), names.end(), key) == names.end()) {
      throw Error(Code::invalid, fmt::format("unknown key `{}` in {}", key, owner),
                  spot.document.where(pointer_to(spot.pointer, key)), did_you_mean(key, names));
    }
  }
}

// ${NAME} from the environment.
std::string expand_environment(const std::string& text, const Where& where) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t open = text.find("${", at);
    const size_t close = open == std::string::npos ? open : text.find('}', open);
    if (close == std::string::npos) return out + text.substr(at);
    const std::string name = text.substr(open + 2, close - open - 2);
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) {
      throw Error(Code::invalid, fmt::format("the environment variable {} is not set", name),
                  where);
    }
    out += text.substr(at, open - at) + value;
    at = close + 1;
  }
  return out;
}

// The same for every text of a source.
json expanded(const Spot& spot) {
  if (spot.value.is_string())
    return expand_environment(spot.value.get<std::string>(), spot.where());
  json given = spot.value;
  if (given.is_array()) {
    for (size_t i = 0; i < given.size(); ++i) given[i] = expanded(spot[i]);
  } else if (given.is_object()) {
    for (auto& [key, value] : given.items()) value = expanded(spot[key]);
  }
  return given;
}

TableSpec read_table(const Spot& spot, const std::string& name, const fs::path& dir) {
  TableSpec table{.name = name, .where = spot.where()};
  const bool is_long = spot.value.is_object();
  if (is_long) {
    check_keys(spot, table_keys(), fmt::format("table {}", name));
    if (!spot.has("sql")) spot.fail(fmt::format("table {} has no `sql`", name));
    if (spot.has("key")) table.key = spot["key"].texts("`key`");
  }
  table.sql = (is_long ? spot["sql"] : spot).text(fmt::format("the SQL of table {}", name));
  if (table.sql.ends_with(".sql") && table.sql.find_first_of(" \n") == std::string::npos) {
    try {
      table.sql = disk().read(dir / table.sql);
    } catch (const Error& error) {
      throw error.at(spot.where());
    }
  }
  while (!table.sql.empty() &&
         (isspace(static_cast<unsigned char>(table.sql.back())) || table.sql.back() == ';')) {
    table.sql.pop_back();
  }
  return table;
}

std::vector<RuleSpec> read_rules(const Spot& spot, const std::string& table) {
  if (!spot.value.is_array())
    spot.fail(fmt::format("the rules of {} must be a list: each begins with `- `", table));
  std::vector<RuleSpec> rules;
  for (size_t i = 0; i < spot.value.size(); ++i) {
    const Spot item = spot[i];
    if (!item.value.is_object() || item.value.size() != 1) {
      item.fail("a rule is one name with its parameters",
                "for example `- range: {temp: [-40, 120]}`");
    }
    const std::string kind = item.value.begin().key();
    try {
      Rules::instance().get(kind, "rule");
    } catch (const Error& error) {
      throw error.at(item.where());
    }
    rules.push_back({kind, item.value.begin().value(), item[kind].where()});
  }
  return rules;
}

// Scores and tasks go by the name.
std::string name_model(const std::vector<ModelSpec>& before, const std::string& learner) {
  const auto same = std::count_if(before.begin(), before.end(),
                                  [&](const ModelSpec& model) { return model.learner == learner; });
  return same == 0 ? learner : fmt::format("{}-{}", learner, same + 1);
}

std::vector<ModelSpec> read_models(const Spot& spot) {
  std::vector<ModelSpec> models;
  auto add = [&](const Spot& at, const std::string& learner, const json& params) {
    try {
      const LearnerKind& kind = Learners::instance().get(learner, "model");
      Params checked(params, kind.params, "model " + learner);
      models.push_back({name_model(models, learner), learner, checked.json(), at.where()});
    } catch (const Error& error) {
      throw error.at(at.where());
    }
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

// It stands in URLs, in file names and on command lines.
void check_prediction_name(const Spot& spot, const std::string& name) {
  auto fits = [](char c) {
    return isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.' ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  if (!name.empty() && name[0] != '.' && name[0] != '-' &&
      std::all_of(name.begin(), name.end(), fits))
    return;
  spot.fail(
      fmt::format("a prediction cannot be named {}", excerpt(name)),
      "letters, digits, `_`, `-` and `.` make a name; it begins with a letter, a digit or `_`");
}

PredictSpec read_predict(const Spot& spot, const std::string& name) {
  check_prediction_name(spot, name);
  spot.expect_object(fmt::format("prediction {}", name));
  check_keys(spot, predict_keys(), fmt::format("prediction {}", name));
  PredictSpec predict{.name = name, .where = spot.where()};
  auto required = [&](const std::string& key) {
    if (!spot.value.contains(key)) spot.fail(fmt::format("prediction {} has no `{}`", name, key));
    return spot[key].text("`" + key + "`");
  };
  predict.from = required("from");
  if (!spot.value.contains("target")) spot.fail(fmt::format("prediction {} has no `target`", name));
  predict.target = spot["target"].text("`target`");
  if (spot.has("key")) predict.key = spot["key"].texts("`key`");
  if (spot.has("time")) predict.time = spot["time"].text("`time`");
  if (spot.has("positive")) {
    predict.positive = spot["positive"].value.is_string()
                           ? spot["positive"].value.get<std::string>()
                           : spot["positive"].value.dump();
  }
  if (spot.has("weight")) predict.weight = spot["weight"].text("`weight`");
  if (spot.has("exclude")) predict.exclude = spot["exclude"].texts("`exclude`");
  if (spot.has("inputs")) predict.inputs = spot["inputs"].texts("`inputs`");
  if (spot.has("seed")) {
    const json& seed = spot["seed"].value;
    if (!seed.is_number_integer() || seed < 0)
      spot["seed"].fail("`seed` must be a whole number, 0 or more");
    predict.seed = seed.get<uint64_t>();
  }
  try {
    predict.split =
        SplitSpec::parse(spot.has("split") ? spot.value.at("split") : json(), predict.time);
  } catch (const Error& error) {
    throw error.at(spot.has("split") ? spot["split"].where() : spot.where());
  }
  predict.split.seed = predict.seed;
  if (spot.has("metric")) {
    predict.metric = spot["metric"].text("`metric`");
    try {
      Metrics::instance().get(predict.metric, "metric");
    } catch (const Error& error) {
      throw error.at(spot["metric"].where());
    }
  }
  predict.features = spot.has("features") ? spot.value.at("features") : json("auto");
  if (!(predict.features == "auto" || predict.features.is_object())) {
    spot["features"].fail("`features` must be `auto`, or a mapping of column to encoder");
  }
  if (spot.has("model")) {
    predict.models = read_models(spot["model"]);
  } else {
    for (const char* learner : {"linear", "boosted-trees"}) {
      predict.models.push_back(
          {learner, learner,
           Params(nullptr, Learners::instance().get(learner, "model").params, learner).json(),
           spot.where()});
    }
  }
  for (const auto& [key, unused] : spot.value.items()) predict.places[key] = spot[key].where();
  return predict;
}

void read_params(const Spot& root, const std::map<std::string, std::string>& overrides,
                 Project& project) {
  project.params = json::object();
  if (root.has("params")) {
    root["params"].expect_object("`params`");
    project.params = root["params"].value;
  }
  std::vector<std::string> names;
  for (const auto& [name, unused] : project.params.items()) names.push_back(name);
  for (const auto& [name, text] : overrides) {
    if (!project.params.contains(name)) {
      throw Error(Code::usage,
                  fmt::format("-p {}: the project has no parameter of that name", name), {},
                  did_you_mean(name, names));
    }
    // Typed as the default is: what is text there stays text.
    project.params[name] =
        project.params[name].is_string() ? json(text) : Document::parse(text, "-p").json();
  }
}

// SQL and many file systems do not tell names apart by case.
class Names {
 public:
  explicit Names(std::string_view what) : what_(what) {}
  void add(const std::string& name, const Where& where) {
    const auto [before, is_new] = names_.emplace(folded(name), name);
    if (is_new) return;
    throw Error(Code::invalid,
                before->second == name
                    ? fmt::format("`{}` names two {}", name, what_)
                    : fmt::format("`{}` and `{}` differ only in case", before->second, name),
                where, fmt::format("{} need names that differ in more", what_));
  }

 private:
  std::string_view what_;
  std::map<std::string, std::string> names_;
};

void check_names(const Project& project) {
  Names tables("sources and tables"), predictions("predictions");
  for (const SourceSpec& source : project.sources) tables.add(source.name, source.where);
  for (const auto& [name, table] : project.tables) tables.add(name, table.where);
  for (const PredictSpec& predict : project.predicts) predictions.add(predict.name, predict.where);
}

}  // namespace

std::string folded(std::string name) {
  for (char& c : name) c = char(tolower(static_cast<unsigned char>(c)));
  return name;
}

json rules_key(const std::vector<RuleSpec>& rules) {
  json list = json::array();
  for (const RuleSpec& rule : rules) {
    list.push_back({{"kind", rule.kind},
                    {"version", Rules::instance().get(rule.kind, "rule").version},
                    {"params", rule.params}});
  }
  return list;
}

Where PredictSpec::place(const std::string& member) const {
  auto found = places.find(member);
  return found == places.end() ? where : found->second;
}

const std::vector<RuleSpec>& Project::rules_of(const std::string& table) const {
  static const std::vector<RuleSpec> none;
  auto found = clean.find(table);
  return found == clean.end() ? none : found->second;
}

Project Project::read(const fs::path& dir, const std::map<std::string, std::string>& overrides) {
  Project project;
  project.dir = dir;
  project.file = dir / project_file;
  if (!disk().exists(project.file)) {
    throw Error(Code::not_found, fmt::format("there is no {} in `{}`", project_file, dir.string()),
                {}, "`gristmill init` writes a first one; -C names another folder");
  }
  const Document document = Document::read(project.file);
  const Spot root{document, document.json(), ""};
  if (!root.value.is_object())
    root.fail("the project file must be a mapping, beginning with `project: NAME`");
  check_keys(root, project_keys(), "the project file");
  project.name = root.has("project") ? root["project"].text("`project`") : dir.filename().string();
  read_params(root, overrides, project);
  auto each = [&](const std::string& section, auto&& read) {
    if (!root.has(section)) return;
    const Spot spot = root[section];
    spot.expect_object("`" + section + "`");
    for (const auto& [name, unused] : spot.value.items()) read(spot[name], name);
  };
  each("sources", [&](const Spot& spot, const std::string& name) {
    if (name.find('.') != std::string::npos)
      spot.fail(fmt::format("a source's name may not hold a dot: `{}`", name));
    if (!spot.value.is_string()) spot.expect_object("a source");
    project.sources.push_back({name, expanded(spot), dir, spot.where()});
  });
  each("tables", [&](const Spot& spot, const std::string& name) {
    if (name.find('.') != std::string::npos)
      spot.fail(fmt::format("a table's name may not hold a dot: `{}`", name));
    project.tables[name] = read_table(spot, name, dir);
  });
  each("clean", [&](const Spot& spot, const std::string& name) {
    project.clean[name] = read_rules(spot, name);
    project.clean_places[name] = spot.where();
  });
  each("predict", [&](const Spot& spot, const std::string& name) {
    project.predicts.push_back(read_predict(spot, name));
  });
  // As they stand in the file: the first answers /predict.
  std::sort(project.predicts.begin(), project.predicts.end(),
            [](const PredictSpec& a, const PredictSpec& b) {
              return std::pair(a.where.line, a.where.column) <
                     std::pair(b.where.line, b.where.column);
            });
  check_names(project);
  return project;
}

const PredictSpec& Project::predict(const std::string& name) const {
  std::vector<std::string> names;
  for (const PredictSpec& spec : predicts) {
    if (spec.name == name) return spec;
    names.push_back(spec.name);
  }
  throw Error(Code::not_found, fmt::format("the project has no prediction \"{}\"", name), {},
              did_you_mean(name, names));
}

}  // namespace gristmill
