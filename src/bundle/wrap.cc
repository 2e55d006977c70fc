#include "bundle/wrap.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "bundle/wrap_columns.h"
#include "feature/unfitted.h"
#include "model/lightgbm_text.h"
#include "model/trees.h"
#include "model/xgboost_json.h"

namespace gristmill {
namespace {

using nlohmann::json;

// Encoders in the order of the features, and what the trees must know of them.
class FeatureBuilder {
 public:
  FeatureBuilder(const ForeignTrees& model, const std::vector<WrappedColumn>& columns)
      : model_(model),
        thresholds_(thresholds_of(model)),
        zeros_missing_(zeros_missing(model)),
        places_(columns.size()) {
    for (size_t f = 0; f < columns.size(); ++f) add(f, columns[f]);
  }

  Featurizer featurizer(const Schema& schema) {
    Featurizer made(schema, std::move(steps_));
    const FeatureLayout& layout = made.layout();
    for (size_t f = 0; f < places_.size(); ++f) {
      const bool code = layout.specs[f].kind == TensorKind::code;
      places_[f].feature = int32_t(layout.at[f] + (code ? layout.floats : 0));
    }
    return made;
  }
  const std::vector<FeaturePlace>& places() const { return places_; }

 private:
  void add(size_t f, const WrappedColumn& column) {
    FeaturePlace& place = places_[f];
    if (column.category && !model_.features[f].category) {  // ordered: its codes are numbers
      steps_.push_back({"ordinal", unfitted_ordinal(column.field, column.levels)});
      return;
    }
    if (column.category) {
      if (!thresholds_[f].empty())
        throw Error(Code::corrupt, fmt::format("the trees split {} as a number and as a category",
                                               excerpt(column.field.name)));
      place.as = FeaturePlace::As::level;
      place.levels = column.level_numbers;
      steps_.push_back({"category", unfitted_category(column.field, column.levels)});
      return;
    }
    NumberShape shape;
    if (!model_.float_inputs) {
      place.as = FeaturePlace::As::step;
      place.steps = thresholds_[f];
      shape = NumberShape::steps(thresholds_[f], zeros_missing_[f]);
    }
    steps_.push_back({"number", unfitted_number(column.field, std::move(shape))});
  }

  const ForeignTrees& model_;
  std::vector<std::vector<double>> thresholds_;
  std::vector<bool> zeros_missing_;
  std::vector<FeaturePlace> places_;
  std::vector<Featurizer::Step> steps_;
};

void name_classes(const json& given, const ForeignTrees& model, const Where& where,
                  Signature& signature) {
  if (model.problem == Problem::regression) {
    if (!given.is_null())
      throw Error(
          Code::invalid,
          fmt::format("the model's answer is a number ({}): it has no classes", model.objective),
          where);
    return;
  }
  const size_t count = model.problem == Problem::binary ? 2 : size_t(model.trees.outputs);
  if (given.is_null()) {
    for (size_t k = 0; k < count; ++k) signature.classes.push_back(std::to_string(k));
    return;
  }
  if (given.size() != count)
    throw Error(Code::invalid,
                fmt::format("the model has {} classes, the schema {}", count, given.size()), where,
                "list them in the order of their numbers");
  std::set<std::string> seen;
  for (const json& name : given) {
    signature.classes.push_back(name.is_string() ? name.get<std::string>() : name.dump());
    if (!seen.insert(signature.classes.back()).second)
      throw Error(Code::invalid,
                  fmt::format("two classes are called {}", excerpt(signature.classes.back())),
                  where);
  }
  signature.boolean_target =
      count == 2 && model.problem == Problem::binary && given == json::array({false, true});
}

Signature signature_of(const std::vector<WrappedColumn>& columns) {
  Signature signature;
  for (const WrappedColumn& column : columns) {
    SignatureField field;
    field.field = column.field;
    field.choices = column.choices;
    // What names a category is no missing value in a CSV file.
    if (column.field.type == Type::string) {
      for (const std::string& level : column.levels) std::erase(signature.null_texts, level);
    }
    signature.fields.push_back(std::move(field));
  }
  return signature;
}

}  // namespace

Bundle wrap_model(const ForeignTrees& model, const WrapSchema& schema,
                  std::vector<std::string>& notes) {
  notes.insert(notes.end(), model.notes.begin(), model.notes.end());
  std::vector<std::string> ignored;
  const std::vector<WrappedColumn> columns = wrapped_columns(model, schema, ignored, notes);
  Bundle bundle;
  bundle.name = schema.name;
  bundle.signature = signature_of(columns);
  bundle.signature.ignored = std::move(ignored);
  bundle.signature.problem = model.problem;
  bundle.signature.target = schema.name;
  name_classes(schema.classes, model, schema.where, bundle.signature);
  const Schema input = bundle.signature.expected().schema;
  bundle.rules = RuleChain(input, {});
  FeatureBuilder features(model, columns);
  bundle.featurizer = features.featurizer(input);
  const FeatureLayout& layout = bundle.featurizer.layout();
  bundle.model = make_trees(place_trees(model, features.places(), layout), layout);
  bundle.card = {{"model", model.format + " " + model.objective},
                 {"trees", model.trees.trees()},
                 {"importance", importance_by_column(*bundle.model, layout)}};
  return bundle;
}

ForeignTrees parse_model(std::string_view bytes) {
  if (is_lightgbm(bytes)) return parse_lightgbm(bytes);
  const std::string_view text = trimmed(bytes);
  const bool object = text.starts_with('{');
  const std::string_view inside = object ? trimmed(text.substr(1)) : text;
  if (object && (inside.empty() || inside[0] == '"' || inside[0] == '}'))
    return parse_xgboost(text);
  const std::string hint =
      object || text.starts_with("binf") || text.starts_with("bs64")
          ? "this looks like XGBoost's binary form: save it with booster.save_model(\"model.json\")"
          : "save a model with LightGBM's save_model(\"model.txt\") or XGBoost's "
            "save_model(\"model.json\")";
  throw Error(Code::corrupt, "this is neither a text model of LightGBM nor a JSON model of XGBoost",
              {}, hint);
}

}  // namespace gristmill
