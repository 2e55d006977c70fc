#include "model/link.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/error.h"

namespace gristmill {
namespace {

void softmax(int64_t outputs, double* scores) {
  double highest = *std::max_element(scores, scores + outputs);
  double sum = 0;
  for (int64_t k = 0; k < outputs; ++k) sum += scores[k] = std::exp(scores[k] - highest);
  for (int64_t k = 0; k < outputs; ++k) scores[k] /= sum;
}

}  // namespace

std::string_view name_of(Link link) {
  switch (link) {
    case Link::identity:
      return "identity";
    case Link::logistic:
      return "logistic";
    case Link::softmax:
      return "softmax";
    case Link::exponential:
      return "exponential";
  }
  return "identity";
}

Link parse_link(std::string_view name) {
  for (Link link : {Link::identity, Link::logistic, Link::softmax, Link::exponential}) {
    if (name_of(link) == name) return link;
  }
  throw Error(Code::corrupt, "unknown link \"" + std::string(name) + "\" in a model");
}

Link link_of(Problem problem) {
  switch (problem) {
    case Problem::binary:
      return Link::logistic;
    case Problem::multiclass:
      return Link::softmax;
    default:
      return Link::identity;
  }
}

void apply_link(Link link, double slope, int64_t rows, int64_t outputs, double* scores) {
  if (link == Link::logistic) {
    for (int64_t i = 0; i < rows * outputs; ++i) scores[i] = 1 / (1 + std::exp(-slope * scores[i]));
  } else if (link == Link::softmax) {
    for (int64_t i = 0; i < rows; ++i) softmax(outputs, scores + i * outputs);
  } else if (link == Link::exponential) {
    for (int64_t i = 0; i < rows * outputs; ++i) scores[i] = std::exp(scores[i]);
  }
}

}  // namespace gristmill
