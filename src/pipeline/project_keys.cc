#include "pipeline/project_keys.h"

#include "clean/rule.h"
#include "feature/encoder.h"
#include "learn/learner.h"
#include "learn/metrics.h"
#include "pipeline/project.h"

namespace gristmill {
namespace {

using nlohmann::json;

json describe(const ParamDoc& doc) {
  json schema = {{"description", doc.text}};
  if (doc.type == "names") {
    schema["anyOf"] = {{{"type", "string"}}, {{"type", "array"}, {"items", {{"type", "string"}}}}};
  } else if (doc.type != "any") {
    schema["type"] = doc.type;
  }
  if (!doc.value.is_null()) schema["default"] = doc.value;
  if (doc.minimum) schema["minimum"] = *doc.minimum;
  if (doc.maximum) schema["maximum"] = *doc.maximum;
  if (!doc.choices.empty()) schema["enum"] = doc.choices;
  return schema;
}

json object_of(const std::vector<ParamDoc>& docs) {
  json properties = json::object();
  for (const ParamDoc& doc : docs) properties[doc.name] = describe(doc);
  return {{"type", "object"}, {"additionalProperties", false}, {"properties", properties}};
}

json rule_schema() {
  json rules = json::object();
  for (const auto& [name, kind] : Rules::instance()) {
    const std::vector<ParamDoc> params = kind.params_of ? kind.params_of() : kind.params;
    rules[name] = params.empty() ? json::object() : object_of(params);
    rules[name]["description"] = kind.text;
  }
  return {{"type", "object"},
          {"minProperties", 1},
          {"maxProperties", 1},
          {"additionalProperties", false},
          {"properties", rules}};
}

json model_schema() {
  json names = json::array();
  json learners = json::object();
  for (const auto& [name, kind] : Learners::instance()) {
    names.push_back(name);
    learners[name] = object_of(kind.params);
    learners[name]["description"] = kind.text;
  }
  const json one = {
      {"anyOf",
       {{{"enum", names}},
        {{"type", "object"}, {"additionalProperties", false}, {"properties", learners}}}}};
  return {{"anyOf", {one, {{"type", "array"}, {"items", one}}}}};
}

// `auto`, or by column an encoder's name, or one with its parameters; some take one of them alone.
json feature_schema(const json& description) {
  json names = json::array();
  json encoders = json::object();
  for (const auto& [name, kind] : Encoders::instance()) {
    names.push_back(name);
    encoders[name] = {
        {"description", kind.text},
        {"anyOf", {object_of(kind.params), {{"type", {"string", "number", "array", "null"}}}}}};
  }
  const json one = {
      {"anyOf",
       {{{"enum", names}},
        {{"type", "object"}, {"additionalProperties", false}, {"properties", encoders}}}}};
  return {{"description", description},
          {"default", "auto"},
          {"anyOf", {{{"const", "auto"}}, {{"type", "object"}, {"additionalProperties", one}}}}};
}

// A path, or the options of one kind.
json source_schema() {
  json forms = json::array({{{"type", "string"}}});
  for (const auto& [name, kind] : Sources::instance()) {
    std::vector<ParamDoc> docs = common_source_params();
    docs.insert(docs.end(), kind.params.begin(), kind.params.end());
    json& form = forms.emplace_back(object_of(docs));
    form["title"] = name;
    form["description"] = kind.text;
  }
  return {{"anyOf", forms}};
}

}  // namespace

const std::vector<ParamDoc>& project_keys() {
  static const std::vector<ParamDoc> keys = {
      {"project", "string", "The project's name; the folder's when absent.", nullptr, {}, {}, {}},
      {"params",
       "object",
       "Values that SQL reads as $name; `gristmill run -p name=value` overrides one.",
       nullptr,
       {},
       {},
       {}},
      {"sources",
       "object",
       "Where data lies, by name: a path, a glob, `sqlite:FILE`, `duckdb:FILE`, or a mapping. "
       "${NAME} is taken from the environment.",
       nullptr,
       {},
       {},
       {}},
      {"tables",
       "object",
       "Tables in SQL over sources and other tables, by name: the SQL, a path ending in .sql, "
       "{sql, key}, or {union, origin, key}.",
       nullptr,
       {},
       {},
       {}},
      {"clean",
       "object",
       "Row rules, by table: a list, run in the order written.",
       nullptr,
       {},
       {},
       {}},
      {"predict", "object", "What is to be predicted, by the model's name.", nullptr, {}, {}, {}},
  };
  return keys;
}

const std::vector<ParamDoc>& table_keys() {
  static const std::vector<ParamDoc> keys = {
      {"sql", "string", "One SELECT in DuckDB's SQL.", nullptr, {}, {}, {}},
      {"union",
       "names",
       "Almost equal tables to be stacked, instead of `sql`: names, or patterns such as `mar.*`. "
       "Columns are matched by name, whatever its case, spaces, dashes, underscores and dots.",
       nullptr,
       {},
       {},
       {}},
      {"origin",
       "string",
       "Of a union, a column to be added that says which of the tables a row is from.",
       nullptr,
       {},
       {},
       {}},
      {"key",
       "names",
       "Columns that name a row: unique, without nulls; checked.",
       nullptr,
       {},
       {},
       {}},
  };
  return keys;
}

const std::vector<ParamDoc>& predict_keys() {
  static const std::vector<ParamDoc> keys = {
      {"from", "string", "The table whose rows are predicted for.", nullptr, {}, {}, {}},
      {"key",
       "names",
       "Columns that name a row: never features, carried into every answer.",
       nullptr,
       {},
       {},
       {}},
      {"time", "string", "The column that says when the prediction is made.", nullptr, {}, {}, {}},
      {"target",
       "string",
       "The expression to predict: boolean, text (a class) or a number.",
       nullptr,
       {},
       {},
       {}},
      {"positive",
       "any",
       "Of a target with two texts, the one whose probability is answered.",
       nullptr,
       {},
       {},
       {}},
      {"weight", "string", "An expression for each row's weight.", nullptr, {}, {}, {}},
      {"exclude", "names", "Columns that are never features.", nullptr, {}, {}, {}},
      {"inputs",
       "names",
       "The only columns that may be features; all when absent.",
       nullptr,
       {},
       {},
       {}},
      {"split",
       "object",
       "How rows are parted: by `time`, by `group`, or at random; by `time` of the prediction when "
       "it has one.",
       nullptr,
       {},
       {},
       {}},
      {"metric",
       "string",
       "What the best model is chosen by, on the validate rows.",
       nullptr,
       {},
       {},
       Metrics::instance().names()},
      {"decide",
       "object",
       "From which probability on a yes is answered, by the validate rows: {threshold: 0.3}, "
       "{recall: 0.8}, {precision: 0.9} or {cost: {missed: 10, false_alarm: 1}}.",
       nullptr,
       {},
       {},
       {}},
      {"calibrate",
       "boolean",
       "Makes the probabilities of the best model honest, by the validate rows.",
       false,
       {},
       {},
       {}},
      {"refit",
       "boolean",
       "Lets the best model learn again on all rows, test rows too, after it was scored: that is "
       "what the bundle holds. Absent: true where `split` has `folds`.",
       nullptr,
       {},
       {},
       {}},
      {"search",
       "integer",
       "How many times each model is trained to choose its parameters by the validate rows: first "
       "as they stand in the file, then with others of those that the file does not name.",
       1,
       1,
       10000,
       {}},
      {"intervals",
       "any",
       "Of a number: answers carry an interval that holds the truth so often, for example 90%.",
       nullptr,
       {},
       {},
       {}},
      {"accept",
       "names",
       "Conditions on the test scores, such as `auc >= 0.68` or `auc >= champion - 0.005`; where "
       "one does not hold, the bundle of before stays.",
       nullptr,
       {},
       {},
       {}},
      {"features",
       "any",
       "`auto`, or by column the encoder: {dest: category, note: {category: {levels: 50}}}.",
       "auto",
       {},
       {},
       {}},
      {"model",
       "any",
       "One model or a list of them; each a name or a name with parameters.",
       json({"linear", "boosted-trees"}),
       {},
       {},
       {}},
      {"seed", "integer", "Seeds what is random.", 0, 0, {}, {}},
  };
  return keys;
}

json project_schema() {
  json schema = object_of(project_keys());
  schema["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  schema["title"] = "Gristmill project";
  json& properties = schema["properties"];
  properties["sources"]["additionalProperties"] = source_schema();
  properties["tables"]["additionalProperties"] = {
      {"anyOf", {{{"type", "string"}}, object_of(table_keys())}}};
  properties["clean"]["additionalProperties"] = {{"type", "array"}, {"items", rule_schema()}};
  json predict = object_of(predict_keys());
  predict["required"] = {"from", "target"};
  predict["properties"]["model"] = model_schema();
  json& features = predict["properties"]["features"];
  features = feature_schema(features.at("description"));
  json split = object_of(SplitSpec::keys());
  split["description"] = predict["properties"]["split"]["description"];
  predict["properties"]["split"] = split;
  properties["predict"]["additionalProperties"] = predict;
  return schema;
}

}  // namespace gristmill
