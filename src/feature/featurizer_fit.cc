#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "feature/featurizer.h"
#include "feature/trend.h"

namespace gristmill {
namespace {

std::string kind_for(Type type) {
  switch (type) {
    case Type::boolean:
      return "boolean";
    case Type::int64:
    case Type::float64:
      return "number";
    case Type::string:
      return "category";
    default:
      return "datetime";
  }
}

// Why `auto` encodes a column of this type as kind_for() says.
std::string reason_of(Type type) {
  if (type == Type::boolean) return "booleans";
  return is_number(type) ? "numbers" : "times";
}

// Of as many numbers in linear models as in trees: a column a word takes long where there are more
// texts than one.
const nlohmann::json text_params = {{"components", 30}};

}  // namespace

struct FeaturizerFit::Impl {
  struct Item {
    std::string column;
    size_t index = 0;  // of the column in `in`
    std::string kind;
    bool automatic = false;
    bool checks_trend = false;
    bool looks = true;  // in this pass
    std::unique_ptr<EncoderFit> fit;
    std::unique_ptr<EncoderFit> by_target;  // instead, where `fit` overflows; or null
    Trend trend;
    std::string reason;  // for this encoder; "" where `fit` tells it
  };
  Schema in;
  Wants wants;
  int time = -1;  // the prediction time's column, or -1
  std::optional<TargetInfo> target;
  std::vector<Item> items;
  bool first_pass = true;

  void add(const FeatureChoice& choice);
  std::unique_ptr<EncoderFit> make(const Item& item, const std::string& kind,
                                   const nlohmann::json& params) const;
  bool choose_text(Item& item) const;
  bool checks_trends() const {
    for (const Item& item : items)
      if (item.checks_trend) return true;
    return false;
  }
};

std::unique_ptr<EncoderFit> FeaturizerFit::Impl::make(const Item& item, const std::string& kind,
                                                      const nlohmann::json& params) const {
  const EncoderContext context{.schema = in,
                               .field = in[item.index],
                               .wants = wants,
                               .time = time >= 0 ? in[size_t(time)].name : std::string(),
                               .target = target.value_or(TargetInfo())};
  return Encoders::instance().get(kind, "encoder").make(params, context);
}

// After the first pass: text of many values, made of words that recur, goes by these.
bool FeaturizerFit::Impl::choose_text(Item& item) const {
  if (!item.automatic || !item.fit->is_prose()) return false;
  item.reason = item.fit->nature();
  item.kind = "text";
  item.fit = make(item, item.kind, text_params);
  item.by_target = nullptr;
  return true;
}

void FeaturizerFit::Impl::add(const FeatureChoice& choice) {
  Item item;
  item.column = choice.column;
  item.index = in.index_of(choice.column, "`features`");
  const Field& field = in[item.index];
  for (const Item& other : items)
    if (other.column == choice.column)
      throw Error(Code::invalid, fmt::format("the feature `{}` is chosen twice", choice.column),
                  {.field = choice.column});
  item.automatic = choice.kind == "auto";
  if (item.automatic && !choice.params.empty())
    throw Error(Code::invalid,
                fmt::format("the feature `{}`: `auto` takes no parameters", choice.column),
                {.field = choice.column},
                fmt::format("name the encoder, for example `{}`", kind_for(field.type)));
  item.kind = item.automatic ? kind_for(field.type) : choice.kind;
  item.checks_trend = item.automatic && time >= 0 && int(item.index) != time &&
                      (is_number(field.type) || field.type == Type::string);
  const bool is_text = field.type == Type::string;
  item.reason = !item.automatic ? "as `features` says" : is_text ? "" : reason_of(field.type);
  try {
    item.fit = make(item, item.kind, choice.params);
    if (item.automatic && is_text && wants.scaled && target)
      item.by_target = make(item, "target", choice.params);
  } catch (const Error& error) {
    throw error.at({.field = choice.column});
  }
  items.push_back(std::move(item));
}

FeaturizerFit::FeaturizerFit(const Schema& in, std::vector<FeatureChoice> choices, Wants wants,
                             std::string time, std::optional<TargetInfo> target)
    : impl_(std::make_unique<Impl>()) {
  impl_->in = in;
  impl_->wants = wants;
  impl_->target = std::move(target);
  impl_->time = in.find(time);
  if (impl_->time >= 0 && !is_time(in[size_t(impl_->time)].type)) impl_->time = -1;
  for (const FeatureChoice& choice : choices) impl_->add(choice);
}

FeaturizerFit::~FeaturizerFit() = default;

std::vector<std::string> FeaturizerFit::reads() const {
  std::vector<std::string> names;
  auto add = [&names](std::string name) {
    if (std::find(names.begin(), names.end(), name) == names.end())
      names.push_back(std::move(name));
  };
  for (const Impl::Item& item : impl_->items)
    for (std::string& name : item.fit->reads()) add(std::move(name));
  if (impl_->checks_trends()) add(impl_->in[size_t(impl_->time)].name);
  return names;
}

bool FeaturizerFit::needs_target() const {
  return std::any_of(impl_->items.begin(), impl_->items.end(), [](const Impl::Item& item) {
    return item.by_target != nullptr || item.fit->needs_target();
  });
}

void FeaturizerFit::observe(const FitBatch& seen) {
  const Batch& rows = seen.rows;
  const Column* time = nullptr;
  if (impl_->checks_trends()) {
    const std::string& name = impl_->in[size_t(impl_->time)].name;
    time = &rows.columns[rows.schema->index_of(name, "the prediction time")];
  }
  for (Impl::Item& item : impl_->items) {
    if (item.looks) item.fit->observe(seen);
    if (impl_->first_pass && item.by_target) item.by_target->observe(seen);
    if (impl_->first_pass && item.checks_trend)
      item.trend.observe(rows.columns[rows.schema->index_of(item.column, "a feature")], *time);
  }
}

std::unique_ptr<FeaturizerFit> FeaturizerFit::clone_empty() const {
  auto copy = std::unique_ptr<FeaturizerFit>(new FeaturizerFit(Schema(), {}, {}, ""));
  copy->impl_->in = impl_->in;
  copy->impl_->time = impl_->time;
  copy->impl_->first_pass = impl_->first_pass;
  for (const Impl::Item& item : impl_->items) {
    Impl::Item& part = copy->impl_->items.emplace_back();
    part.column = item.column;
    part.checks_trend = item.checks_trend;
    part.looks = item.looks;
    part.fit = item.fit->clone_empty();
    if (item.by_target) part.by_target = item.by_target->clone_empty();
  }
  return copy;
}

void FeaturizerFit::merge(FeaturizerFit&& later) {
  for (size_t i = 0; i < impl_->items.size(); ++i) {
    Impl::Item& other = later.impl_->items[i];
    impl_->items[i].fit->merge(std::move(*other.fit));
    if (other.by_target && impl_->first_pass)
      impl_->items[i].by_target->merge(std::move(*other.by_target));
    impl_->items[i].trend.merge(other.trend);
  }
}

bool FeaturizerFit::next_pass() {
  const bool first = std::exchange(impl_->first_pass, false);
  bool again = false;
  for (Impl::Item& item : impl_->items) {
    item.looks = (first && impl_->choose_text(item)) || (item.looks && item.fit->next_pass());
    again = again || item.looks;
  }
  return again;
}

Featurizer FeaturizerFit::freeze(std::vector<LeftOut>* left_out,
                                 std::vector<Chosen>* chosen) const {
  std::vector<Featurizer::Step> steps;
  for (const Impl::Item& item : impl_->items) {
    std::string why;
    const bool by_target = item.by_target && item.fit->overflows();
    std::unique_ptr<Encoder> encoder = (by_target ? item.by_target : item.fit)->freeze(&why);
    if (item.automatic) {
      std::string unsuitable = item.fit->unsuitable();
      if (unsuitable.empty() && encoder) unsuitable = item.trend.verdict();
      if (!unsuitable.empty()) why = unsuitable;
    }
    if (encoder && why.empty()) {
      const std::string kind = by_target ? "target" : item.kind;
      if (chosen != nullptr)
        chosen->push_back(
            {item.column, kind, item.reason.empty() ? item.fit->nature() : item.reason});
      steps.push_back({kind, std::move(encoder)});
    } else if (left_out != nullptr) {
      left_out->push_back({item.column, why});
    }
  }
  return Featurizer(impl_->in, std::move(steps));
}

}  // namespace gristmill
