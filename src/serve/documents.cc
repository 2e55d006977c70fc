#include "serve/documents.h"

#include "serve/answer_writer.h"

namespace gristmill {
namespace {

using nlohmann::json;

json type_schema(Type type) {
  switch (type) {
    case Type::boolean:
      return {{"type", "boolean"}};
    case Type::int64:
      return {{"type", "integer"}, {"format", "int64"}};
    case Type::float64:
      return {{"type", "number"}};
    case Type::string:
      return {{"type", "string"}};
    case Type::date:
      return {{"type", "string"}, {"format", "date"}};
    case Type::timestamp:
      return {{"type", "string"}, {"description", "A wall clock's time, as 2013-07-04T17:30:00."}};
    case Type::timestamptz:
      return {{"type", "string"}, {"format", "date-time"}};
  }
  return json::object();
}

json field_schema(const SignatureField& field) {
  json schema = type_schema(field.field.type);
  if (field.field.nullable || field.key) schema["type"] = {schema["type"], "null"};
  if (field.key) schema["description"] = "Key: carried into the answer, never a feature.";
  if (field.choices.is_array() && !field.choices.empty())
    schema["examples"] = field.choices;
  else if (!field.example.is_null())
    schema["examples"] = {field.example};
  if (!field.minimum.is_null() && !field.maximum.is_null())
    schema["x-range-in-training"] = {field.minimum, field.maximum};
  return schema;
}

json example_instance(const Bundle& bundle) {
  json instance = json::object();
  for (const SignatureField& field : bundle.signature.fields)
    if (!field.example.is_null()) instance[field.field.name] = field.example;
  return instance;
}

json by_name(json values) {
  return {{"type", "object"}, {"additionalProperties", std::move(values)}};
}

json explanation_schema(const Signature& signature) {
  const bool by_class = signature.problem == Problem::multiclass;
  const char* scale = signature.problem == Problem::regression ? "the value"
                      : by_class ? "each class's score before the softmax"
                                 : "the log-odds of the positive class";
  const json number = {{"type", {"number", "null"}}}, columns = by_name(number);
  return {{"type", "object"},
          {"description", std::string("With `explain=true`. What each column contributed to ") +
                              scale + ": base and contributions sum to it."},
          {"properties",
           {{"base", by_class ? by_name(number) : number},
            {"contributions", by_class ? by_name(columns) : columns}}},
          {"required", {"base", "contributions"}}};
}

json prediction_schema(const Bundle& bundle) {
  const Signature& signature = bundle.signature;
  json properties = {{"id", {{"type", "string"}}}, {"explanation", explanation_schema(signature)}};
  json required = {"id", "prediction"};
  for (const SignatureField& field : signature.fields) {
    if (!field.key) continue;
    const std::string& name = field.field.name;
    json type = type_schema(field.field.type);
    if (AnswerWriter::is_reserved(name)) {
      properties["key"]["type"] = "object";
      properties["key"]["properties"][name] = type;
    } else {
      properties[name] = type;
    }
  }
  json probability = {{"type", "number"}, {"minimum", 0}, {"maximum", 1}};
  if (signature.problem == Problem::regression) {
    properties["prediction"] = {{"type", {"number", "null"}}};
    if (bundle.interval) {
      properties["interval"] = {{"type", "array"},
                                {"items", {{"type", {"number", "null"}}}},
                                {"minItems", 2},
                                {"maxItems", 2},
                                {"description", fmt::format("Holds the truth in {:g} % of cases.",
                                                            100 * bundle.interval->level)}};
      required.push_back("interval");
    }
  } else {
    properties["prediction"] =
        signature.boolean_target ? json{{"type", "boolean"}} : json{{"enum", signature.classes}};
    if (signature.problem == Problem::binary) {
      probability["description"] = "Of the positive class.";
      properties["probability"] = probability;
      required.push_back("probability");
    } else {
      properties["probabilities"] = {{"type", "object"}, {"additionalProperties", probability}};
      required.push_back("probabilities");
    }
  }
  return {{"type", "object"}, {"properties", properties}, {"required", required}};
}

json answer_schema(const Bundle& bundle) {
  return {{"type", "object"},
          {"properties",
           {{"model", {{"const", bundle.name}}},
            {"version", {{"const", bundle.version}}},
            {"id", {{"type", "string"}}},
            {"predictions", {{"type", "array"}, {"items", prediction_schema(bundle)}}},
            {"ignored",
             {{"type", "array"},
              {"items", {{"type", "string"}}},
              {"description", "Columns that the model does not know."}}}}},
          {"required", {"model", "version", "id", "predictions"}}};
}

json content(json schema, const char* media_type = "application/json") {
  return {{media_type, {{"schema", std::move(schema)}}}};
}

json response(const char* description, json schema, const char* media_type = "application/json") {
  return {{"description", description}, {"content", content(std::move(schema), media_type)}};
}

json error_response(const char* description) {
  return response(description, {{"$ref", "#/components/schemas/error"}});
}

json error_schema() {
  json place = {
      {"type", "object"},
      {"properties",
       {{"row", {{"type", "integer"}, {"minimum", 1}}}, {"field", {{"type", "string"}}}}}};
  json error = {{"type", "object"},
                {"properties",
                 {{"code", {{"type", "string"}}},
                  {"message", {{"type", "string"}}},
                  {"where", place},
                  {"hint", {{"type", "string"}}}}},
                {"required", {"code", "message", "where", "hint"}}};
  return {{"type", "object"}, {"properties", {{"error", error}}}, {"required", {"error"}}};
}

json predict_operation(const Bundle& bundle, const std::string& id, int64_t max_rows) {
  json instances = {{"type", "array"},
                    {"items", {{"$ref", "#/components/schemas/instance-" + bundle.name}}},
                    {"minItems", 1},
                    {"maxItems", max_rows}};
  json request = {{"type", "object"},
                  {"properties", {{"instances", instances}}},
                  {"required", {"instances"}},
                  {"additionalProperties", false}};
  json body = content(request);
  body["application/json"]["example"] = {{"instances", {example_instance(bundle)}}};
  json responses = {
      {"200", response("The predictions, in the order of the instances.",
                       {{"$ref", "#/components/schemas/answer-" + bundle.name}})},
      {"400",
       error_response("The body is not JSON of this form, the query is unknown, or the bundle "
                      "cannot explain.")},
      {"413", error_response("The body or the number of rows is over the limit.")},
      {"422", error_response("A row does not fit the schema, or cannot be computed.")},
      {"503", error_response("The server is full: try again.")}};
  return {{"post",
           {{"operationId", id},
            {"summary", "Predict " + bundle.name},
            {"parameters",
             json::array({{{"name", "explain"},
                           {"in", "query"},
                           {"description", "Say of each prediction what each column contributed."},
                           {"schema", {{"type", "boolean"}, {"default", false}}}}})},
            {"requestBody", {{"required", true}, {"content", body}}},
            {"responses", responses}}}};
}

json get_operation(const std::string& id, const char* summary,
                   const char* media_type = "application/json") {
  json schema = std::string_view(media_type) == "application/json" ? json{{"type", "object"}}
                                                                   : json{{"type", "string"}};
  return {{"get",
           {{"operationId", id},
            {"summary", summary},
            {"responses", {{"200", response("As said.", schema, media_type)}}}}}};
}

}  // namespace

json instance_schema(const Bundle& bundle) {
  json properties = json::object(), required = json::array();
  for (const SignatureField& field : bundle.signature.fields) {
    properties[field.field.name] = field_schema(field);
    if (!field.field.nullable && !field.key) required.push_back(field.field.name);
  }
  return {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
          {"title", "An instance for " + bundle.name},
          {"type", "object"},
          {"properties", properties},
          {"required", required}};
}

json describe_model(const Bundle& bundle) {
  const Signature& signature = bundle.signature;
  json model = {{"name", bundle.name},
                {"version", bundle.version},
                {"problem", name_of(signature.problem)},
                {"target", signature.target},
                {"key", signature.key()}};
  if (signature.problem != Problem::regression) model["classes"] = signature.classes;
  if (signature.problem == Problem::binary) model["threshold"] = bundle.threshold;
  if (bundle.interval) model["interval"] = bundle.interval->json();
  return model;
}

json openapi_document(const std::vector<std::shared_ptr<const Bundle>>& bundles, int64_t max_rows) {
  json schemas = {{"error", error_schema()}};
  json paths = {{"/predict", predict_operation(*bundles.front(), "predict", max_rows)},
                {"/schema", get_operation("schema", "JSON Schema of an instance for /predict")},
                {"/models", get_operation("models", "The models being served")},
                {"/healthz", get_operation("healthz", "Whether the server lives")},
                {"/readyz", get_operation("readyz", "Whether the server takes requests")},
                {"/openapi.json", get_operation("openapi", "This document")},
                {"/metrics", get_operation("metrics", "Counters for Prometheus", "text/plain")}};
  for (const auto& bundle : bundles) {
    const std::string& name = bundle->name;
    schemas["instance-" + name] = instance_schema(*bundle);
    schemas["answer-" + name] = answer_schema(*bundle);
    paths["/models/" + name + "/predict"] = predict_operation(*bundle, "predict-" + name, max_rows);
    paths["/models/" + name + "/schema"] =
        get_operation("schema-" + name, "JSON Schema of an instance");
  }
  return {
      {"openapi", "3.1.0"},
      {"info",
       {{"title", "Gristmill: " + bundles.front()->name}, {"version", bundles.front()->version}}},
      {"paths", paths},
      {"components", {{"schemas", schemas}}}};
}

}  // namespace gristmill
