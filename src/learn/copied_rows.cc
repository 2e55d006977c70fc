#include "learn/copied_rows.h"

namespace gristmill {

CopiedRows::CopiedRows(const Dataset& from, const std::vector<bool>& skip)
    : from_(from), info_(from.info()) {
  std::vector<TensorSpec> specs;
  const std::vector<TensorSpec>& all = from.info().layout.specs;
  for (size_t s = 0; s < all.size(); ++s) {
    if (!skip.empty() && skip[s]) continue;
    kept_.push_back(s);
    specs.push_back(all[s]);
  }
  info_.layout = FeatureLayout(std::move(specs));
}

void CopiedRows::set_problem(Problem problem, std::vector<std::string> classes) {
  info_.problem = problem;
  info_.classes = std::move(classes);
  info_.weighted = false;
}

void CopiedRows::reserve(int64_t rows) {
  floats_.reserve(size_t(rows * info_.layout.floats));
  codes_.reserve(size_t(rows * info_.layout.codes));
  target_.reserve(size_t(rows));
}

void CopiedRows::add(int64_t row, double target) {
  const FeatureLayout& layout = from_.info().layout;
  const DatasetRows one = from_.slice(row, 1);
  for (const size_t s : kept_) {
    if (layout.specs[s].kind == TensorKind::code) {
      codes_.push_back(one.features.codes[layout.at[s]]);
    } else {
      const float* floats = one.features.floats + layout.at[s];
      floats_.insert(floats_.end(), floats, floats + layout.specs[s].width());
    }
  }
  target_.push_back(target);
  if (info_.weighted) weight_.push_back(one.weight[0]);
  key_.push_back(one.key == nullptr ? 0 : one.key[0]);
  fold_.push_back(uint8_t(training_ < 0 ? Fold::train : Fold::validate));
}

DatasetRows CopiedRows::slice(int64_t begin, int64_t count) const {
  if (count == 0) return {};
  const FeatureLayout& layout = info_.layout;
  return {
      .features = {count, const_cast<float*>(floats_.data()) + begin * layout.floats, layout.floats,
                   const_cast<int32_t*>(codes_.data()) + begin * layout.codes, layout.codes},
      .target = target_.data() + begin,
      .weight = weight_.empty() ? nullptr : weight_.data() + begin,
      .key = key_.data() + begin,
      .fold = fold_.data() + begin};
}

int64_t CopiedRows::fold_begin(Fold fold) const {
  if (fold == Fold::train) return 0;
  return fold == Fold::validate && training_ >= 0 ? training_ : rows();
}

int64_t CopiedRows::fold_rows(Fold fold) const {
  const int64_t training = training_ < 0 ? rows() : training_;
  return fold == Fold::train ? training : fold == Fold::validate ? rows() - training : 0;
}

}  // namespace gristmill
