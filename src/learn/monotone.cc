#include "learn/monotone.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "learn/loss.h"

namespace gristmill {
namespace {

constexpr const char* name = "monotone";
const std::vector<std::string> directions = {"increasing", "decreasing"};

// Where the one number that a column became lies.
int64_t feature_of(const std::string& column, const FeatureLayout& layout) {
  std::vector<std::string> sources;
  int64_t found = -1, features = 0;
  for (size_t s = 0; s < layout.specs.size(); ++s) {
    const TensorSpec& spec = layout.specs[s];
    sources.push_back(spec.source);
    if (spec.source != column) continue;
    if (spec.kind == TensorKind::code)
      throw Error(Code::invalid,
                  fmt::format("`monotone` is of numbers, and {} is a category", column), {},
                  "a category with an order becomes a number by `features: {" + column +
                      ": {ordinal: …}}`");
    features += spec.width();
    found = layout.at[s];
  }
  if (features == 1) return found;
  if (features == 0)
    throw Error(Code::invalid, fmt::format("`monotone` names {}, which is no feature", column), {},
                did_you_mean(column, sources));
  throw Error(Code::invalid, fmt::format("`monotone` is of numbers, and {} becomes {} features",
                                         column, features));
}

}  // namespace

ParamDoc monotone_param() {
  return {name,
          "object",
          "By column, `increasing` or `decreasing`: the answer (of two classes the probability of "
          "the positive one) never falls, or rises, while that number grows and all else stays. Of "
          "numbers, not of categories.",
          {},
          {},
          {},
          {}};
}

void check_monotone(const Params& params) {
  if (!params.has(name)) return;
  for (const auto& [column, direction] : params[name].items()) {
    if (direction.is_string() &&
        std::find(directions.begin(), directions.end(), direction) != directions.end())
      continue;
    throw Error(
        Code::invalid,
        fmt::format("`monotone` of {} must be increasing or decreasing, not {}", column,
                    direction.dump()),
        {}, direction.is_string() ? did_you_mean(direction.get<std::string>(), directions) : "");
  }
  // They set a leaf's value anew once its rows are known.
  const std::optional<Loss> loss = Loss::of(params.json());
  if (loss && (loss->is("mae") || loss->is("quantile") || loss->is("mape")))
    throw Error(Code::invalid,
                fmt::format("LightGBM cannot keep `monotone` with the loss {}", loss->kind->name),
                {}, "`huber` or `fair` stand in for mae");
}

std::vector<int> monotone_directions(const nlohmann::json& monotone, const DatasetInfo& info) {
  if (monotone.is_null() || monotone.empty()) return {};
  if (info.problem == Problem::multiclass)
    throw Error(Code::invalid, "`monotone` is of a number or of two classes", {},
                "of more classes, none has a probability that only rises");
  std::vector<int> out(size_t(info.layout.floats + info.layout.codes), 0);
  for (const auto& [column, direction] : monotone.items())
    out[size_t(feature_of(column, info.layout))] = direction == "increasing" ? 1 : -1;
  return out;
}

}  // namespace gristmill
