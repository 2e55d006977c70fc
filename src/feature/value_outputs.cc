#include "feature/value_outputs.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/error.h"

namespace gristmill {
namespace {

constexpr double largest = std::numeric_limits<float>::max();

}  // namespace

void ValueOutputs::add(size_t value, const Moments& moments) {
  // A constant with gaps tells trees which rows have it.
  if (moments.constant() && (filled_ || moments.count == 0 || moments.not_finite == 0)) return;
  ValueOutput output{.value = value};
  const double deviation = moments.deviation();
  if (scaled_ && deviation > 0 && std::isfinite(deviation) && std::isfinite(moments.mean)) {
    output.shift = moments.mean, output.scale = deviation;
  } else {
    output.fill = std::clamp(moments.mean, -largest, largest);
  }
  outputs_.push_back(output);
}

void ValueOutputs::write(const double* values, float* to) const {
  for (const ValueOutput& output : outputs_) {
    const double value = values[output.value];
    const bool missing = !std::isfinite(value);
    if (output.marks) {
      *to++ = float(missing);
    } else if (missing) {
      *to++ = filled_ ? float(output.fill) : std::numeric_limits<float>::quiet_NaN();
    } else {
      *to++ = float(std::clamp((value - output.shift) / output.scale, -largest, largest));
    }
  }
}

void ValueOutputs::save(State& state) const {
  nlohmann::json outputs = nlohmann::json::array();
  std::vector<double> numbers;
  for (const ValueOutput& output : outputs_) {
    outputs.push_back({output.value, output.marks});
    numbers.insert(numbers.end(), {output.shift, output.scale, output.fill});
  }
  state.json["outputs"] = std::move(outputs);
  state.json["filled"] = filled_;
  state.put<double>("numbers", std::move(numbers));
}

ValueOutputs ValueOutputs::load(const State& state, size_t values, const std::string& kind) {
  const auto check = [&](bool holds, const char* what) {
    if (!holds) throw Error(Code::corrupt, fmt::format("an encoder `{}` {}", kind, what));
  };
  ValueOutputs loaded;
  loaded.filled_ = state.at<bool>("filled");
  const auto outputs = state.at<std::vector<std::pair<size_t, bool>>>("outputs");
  const auto numbers = state.get<double>("numbers");
  check(outputs.size() <= 2 * values && numbers.size() == 3 * outputs.size(),
        "whose outputs do not fit their numbers");
  for (size_t i = 0; i < outputs.size(); ++i) {
    const ValueOutput output{outputs[i].first, outputs[i].second, numbers[3 * i],
                             numbers[3 * i + 1], numbers[3 * i + 2]};
    check(output.value < values, "with an output that is none");
    check(std::isfinite(output.shift) && std::isfinite(output.scale) && output.scale > 0 &&
              std::abs(output.fill) <= largest,
          "with a scaling that is not one");
    loaded.outputs_.push_back(output);
  }
  return loaded;
}

}  // namespace gristmill
