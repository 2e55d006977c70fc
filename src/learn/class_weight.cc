#include "learn/class_weight.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"

namespace gristmill {
namespace {

constexpr const char* name = "class_weight";

// Of each class. `balanced`, as scikit-learn has it: all classes of the training rows weigh the
// same in sum, and all rows together what they did.
std::vector<double> weights_of(const Dataset& data, const nlohmann::json& given) {
  const std::vector<std::string>& classes = data.info().classes;
  std::vector<double> weights(classes.size(), 1);
  if (given.is_object()) {
    for (const auto& [label, weight] : given.items()) {
      const auto at = std::find(classes.begin(), classes.end(), label);
      if (at == classes.end())
        throw Error(Code::invalid,
                    fmt::format("`class_weight` names \"{}\", and no class is called so", label),
                    {}, did_you_mean(label, classes));
      weights[size_t(at - classes.begin())] = weight.get<double>();
    }
    return weights;
  }
  const DatasetRows rows = data.fold_slice(Fold::train);
  std::vector<double> sums(classes.size(), 0);
  double total = 0, present = 0;
  for (int64_t i = 0; i < data.fold_rows(Fold::train); ++i) {
    const double w = rows.weight == nullptr ? 1 : rows.weight[i];
    sums[size_t(rows.target[i])] += w;
    total += w;
  }
  for (double sum : sums) present += sum > 0;
  for (size_t k = 0; k < sums.size(); ++k) {
    if (sums[k] > 0) weights[k] = total / (present * sums[k]);
  }
  return weights;
}

class Reweighted : public Dataset {
 public:
  Reweighted(const Dataset& data, const std::vector<double>& weights)
      : data_(data), info_(data.info()), weight_(size_t(data.rows())) {
    info_.weighted = true;
    const DatasetRows rows = data.slice(0, data.rows());
    for (int64_t i = 0; i < data.rows(); ++i) {
      const double factor = i < data.fold_begin(Fold::test) ? weights[size_t(rows.target[i])] : 1;
      weight_[size_t(i)] = (rows.weight == nullptr ? 1 : rows.weight[i]) * factor;
    }
  }
  const DatasetInfo& info() const override { return info_; }
  int64_t rows() const override { return data_.rows(); }
  DatasetRows slice(int64_t begin, int64_t count) const override {
    DatasetRows rows = data_.slice(begin, count);
    if (count > 0) rows.weight = weight_.data() + begin;
    return rows;
  }
  int64_t fold_begin(Fold fold) const override { return data_.fold_begin(fold); }
  int64_t fold_rows(Fold fold) const override { return data_.fold_rows(fold); }

 private:
  const Dataset& data_;
  DatasetInfo info_;
  std::vector<double> weight_;
};

}  // namespace

ParamDoc class_weight_param() {
  return {name,
          "any",
          "Of classes, how much each row of one counts in training beside its own weight: "
          "`balanced` gives all classes the same sum, `{true: 5}` names some; the others count 1. "
          "Probabilities are then of rows so weighted: `calibrate` brings them back.",
          {},
          {},
          {},
          {"balanced"}};
}

void check_class_weight(const Params& params) {
  const nlohmann::json& given = params[name];
  if (given.is_null() || given.is_string()) return;
  if (!given.is_object() || given.empty())
    throw Error(Code::invalid, "`class_weight` is `balanced`, or a weight by class", {},
                "for example: class_weight: {true: 5}");
  constexpr double largest = 1e9;
  for (const auto& [label, weight] : given.items()) {
    const double value = weight.is_number() ? weight.get<double>() : 0;
    if (!(value > 0 && value <= largest))
      throw Error(Code::invalid,
                  fmt::format("the `class_weight` of {} must be a number above 0 and at most 1e9, "
                              "not {}",
                              label, weight.dump()),
                  {}, "5 lets each row of the class count as five");
  }
}

void check_class_weight_problem(const nlohmann::json& params, Problem problem) {
  if (problem == Problem::regression && params.contains(name))
    throw Error(Code::invalid, "`class_weight` is of classes, and the target is a number", {},
                "the row weights of numbers are `weight` of the prediction");
}

std::shared_ptr<const Dataset> with_class_weights(const Dataset& data, const Params& params) {
  check_class_weight_problem(params.json(), data.info().problem);
  const nlohmann::json& given = params[name];
  if (given.is_null()) return {std::shared_ptr<void>(), &data};
  return std::make_shared<Reweighted>(data, weights_of(data, given));
}

}  // namespace gristmill
