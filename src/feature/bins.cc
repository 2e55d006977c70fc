// Encoder `bins`: a number as the range that it is in, a category.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.h"
#include "feature/encoder.h"
#include "feature/source_column.h"
#include "sketch/moments.h"
#include "sketch/quantiles.h"
#include "sketch/values.h"

namespace gristmill {
namespace {

constexpr int64_t most_bins = 1000;
constexpr int32_t first_bin = 2;  // of a code: 0 is missing, 1 never occurs

// With as few digits as tell all edges apart.
std::vector<std::string> names_of(const std::vector<double>& edges) {
  for (int digits = 6;; ++digits) {
    std::vector<std::string> names;
    for (const double edge : edges) names.push_back(fmt::format("{:.{}g}", edge, digits));
    const std::set<std::string> different(names.begin(), names.end());
    if (different.size() == names.size() || digits == 17) return names;
  }
}

class BinsEncoder : public Encoder {
 public:
  // `edges` rise: a bin begins at each, and one comes before them.
  BinsEncoder(SourceColumn column, std::vector<double> edges)
      : column_(std::move(column)), edges_(std::move(edges)) {}

  void bind(const Schema& in) override { column_.bind(in); }
  std::vector<std::string> reads() const override { return {column_.name()}; }
  std::vector<TensorSpec> outputs() const override {
    const std::vector<std::string> edges = names_of(edges_);
    TensorSpec spec{column_.name(), TensorKind::code, {"", ""}, column_.name()};
    spec.names.push_back("below " + edges.front());
    for (size_t i = 0; i + 1 < edges.size(); ++i)
      spec.names.push_back(fmt::format("{} to {}", edges[i], edges[i + 1]));
    spec.names.push_back("from " + edges.back());
    return {spec};
  }

  void encode(const Batch& rows, const FeatureRows& out, const int64_t* at,
              Scratch&) const override {
    const Column& column = column_.in(rows);
    for (int64_t i = 0; i < column.length; ++i) out.codes[i * out.code_stride + at[0]] = 0;
    auto write = [&](int64_t i, double x) {
      if (std::isnan(x)) return;
      const auto bin = std::upper_bound(edges_.begin(), edges_.end(), x) - edges_.begin();
      out.codes[i * out.code_stride + at[0]] = first_bin + int32_t(bin);
    };
    if (column.type == Type::float64) {
      for_present(column, [&, v = column.values<double>()](int64_t i) { write(i, v[i]); });
    } else {
      for_present(column, [&, v = column.values<int64_t>()](int64_t i) { write(i, double(v[i])); });
    }
  }

  State save() const override {
    State state;
    column_.save(state);
    state.put<double>("edges", edges_);
    return state;
  }
  static std::unique_ptr<Encoder> load(const State& state) {
    const SourceColumn column = SourceColumn::load(state);
    const auto edges = state.get<double>("edges");
    if (!is_number(column.type()))
      throw Error(Code::corrupt, "an encoder `bins` over a column that is no number");
    bool rising = !edges.empty() && int64_t(edges.size()) < most_bins;
    for (size_t i = 0; i < edges.size(); ++i)
      rising = rising && std::isfinite(edges[i]) && (i == 0 || edges[i - 1] < edges[i]);
    if (!rising) throw Error(Code::corrupt, "an encoder `bins` whose edges do not rise");
    return std::make_unique<BinsEncoder>(column, std::vector<double>(edges.begin(), edges.end()));
  }

 private:
  SourceColumn column_;
  std::vector<double> edges_;
};

class BinsFit : public EncoderFit {
 public:
  BinsFit(SourceColumn column, int64_t bins, bool by_quantile)
      : column_(std::move(column)), bins_(bins), by_quantile_(by_quantile) {}

  std::vector<std::string> reads() const override { return {column_.name()}; }
  void observe(const FitBatch& seen) override {
    const Column& column = column_.named_in(seen.rows);
    moments_.observe(column);
    if (!by_quantile_) return;
    std::vector<double> values;
    for_numbers(column, [&](double x) {
      if (std::isfinite(x)) values.push_back(x);
    });
    seen_.observe(values);
  }
  std::unique_ptr<EncoderFit> clone_empty() const override {
    return std::make_unique<BinsFit>(column_, bins_, by_quantile_);
  }
  void merge(EncoderFit&& other) override {
    const auto& later = dynamic_cast<BinsFit&>(other);
    moments_.merge(later.moments_);
    seen_.merge(later.seen_);
  }

  std::unique_ptr<Encoder> freeze(std::string* why) const override {
    if (moments_.count == 0) {
      *why = all_missing;
      return nullptr;
    }
    std::vector<double> edges;
    for (int64_t i = 1; i < bins_; ++i) {
      const double edge = edge_at(double(i) / double(bins_));
      // Equal values are not parted.
      if (std::isfinite(edge) && edge > (edges.empty() ? moments_.min : edges.back()))
        edges.push_back(edge);
    }
    if (edges.empty()) {
      *why = moments_.constant() ? fmt::format("constant: all its values are {}", moments_.min)
                                 : "nearly all its values are one, and fall into one bin";
      return nullptr;
    }
    return std::make_unique<BinsEncoder>(column_, std::move(edges));
  }

 private:
  double edge_at(double share) const {
    if (by_quantile_) return seen_.quantile(share);
    return std::lerp(moments_.min, moments_.max, share);
  }

  SourceColumn column_;
  int64_t bins_;
  bool by_quantile_;
  Moments moments_;
  Quantiles seen_;
};

const std::vector<ParamDoc> docs = {
    {"bins", "integer", "How many there are at most.", 10, 2, most_bins, {}},
    {"by",
     "string",
     "`quantile`: of equally many training rows; values that are equal are not parted, so that "
     "there may be fewer. `uniform`: of equal width.",
     "quantile",
     {},
     {},
     {"quantile", "uniform"}},
};

std::unique_ptr<EncoderFit> make(const nlohmann::json& given, const EncoderContext& context) {
  const Params params(given.is_number() ? nlohmann::json{{"bins", given}} : given, docs,
                      "encoder bins");
  require_type(context.field, "bins", {Type::int64, Type::float64},
               "choose another encoder, or make the column a number with the rule `parse`");
  return std::make_unique<BinsFit>(SourceColumn(context.field), params.integer("bins"),
                                   params.text("by") == "quantile");
}

const RegisterEncoder registered({
    .name = "bins",
    .version = 1,
    .text = "A number as the range that it is in, by edges of the training rows, as scikit-learn's "
            "KBinsDiscretizer: each range begins with its edge, the first and the last are open. "
            "Linear models have one weight a range, and so follow what neither rises nor falls "
            "throughout; trees take it as a category. A missing value is a category of its own.",
    .example = "{age: bins, price: {bins: 20}, temp: {bins: {bins: 5, by: uniform}}}",
    .params = docs,
    .make = make,
    .load = BinsEncoder::load,
});

}  // namespace
}  // namespace gristmill
