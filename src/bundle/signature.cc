#include "base/error.h"
#include "bundle/bundle.h"

namespace gristmill {

Expected Signature::expected() const {
  Expected expected;
  for (const SignatureField& field : fields) expected.schema.add(field.field);
  expected.ignored = ignored;
  return expected;
}

std::vector<std::string> Signature::key() const {
  std::vector<std::string> names;
  for (const SignatureField& field : fields) {
    if (field.key) names.push_back(field.field.name);
  }
  return names;
}

nlohmann::json Signature::json() const {
  nlohmann::json columns = nlohmann::json::array();
  for (const SignatureField& field : fields) {
    columns.push_back({{"name", field.field.name},
                       {"type", name_of(field.field.type)},
                       {"nullable", field.field.nullable},
                       {"key", field.key},
                       {"example", field.example},
                       {"choices", field.choices},
                       {"minimum", field.minimum},
                       {"maximum", field.maximum}});
  }
  return {{"fields", columns},
          {"ignored", ignored},
          {"problem", name_of(problem)},
          {"classes", classes},
          {"boolean_target", boolean_target},
          {"target", target},
          {"null_texts", null_texts}};
}

Signature Signature::from_json(const nlohmann::json& json) {
  Signature signature;
  for (const auto& column : json.at("fields")) {
    SignatureField field;
    field.field = {column.at("name").get<std::string>(),
                   parse_type(column.at("type").get<std::string>()),
                   column.at("nullable").get<bool>()};
    field.key = column.at("key").get<bool>();
    field.example = column.at("example");
    field.choices = column.at("choices");
    field.minimum = column.at("minimum");
    field.maximum = column.at("maximum");
    signature.fields.push_back(std::move(field));
  }
  signature.ignored = json.at("ignored").get<std::vector<std::string>>();
  signature.problem = parse_problem(json.at("problem").get<std::string>());
  signature.classes = json.at("classes").get<std::vector<std::string>>();
  signature.boolean_target = json.at("boolean_target").get<bool>();
  signature.target = json.at("target").get<std::string>();
  signature.null_texts = json.value("null_texts", signature.null_texts);
  const size_t classes = signature.classes.size();
  if (signature.problem == Problem::binary
          ? classes != 2
          : (signature.problem == Problem::multiclass && classes < 2)) {
    throw Error(Code::corrupt, "the bundle's classes do not fit its problem");
  }
  if (signature.boolean_target && signature.problem != Problem::binary) {
    throw Error(Code::corrupt,
                "the bundle's answers are true or false, but its classes are not two");
  }
  return signature;
}

}  // namespace gristmill
