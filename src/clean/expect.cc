// Rule `expect`: what must be true of a table, or the run fails. The kinds of check register
// themselves.
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "clean/check.h"

namespace gristmill {
namespace {

class Expect : public RuleFit {
 public:
  explicit Expect(CheckList checks) : checks_(std::move(checks)), open_(checks_.size(), true) {}

  std::vector<std::string> reads() const override {
    std::set<std::string> names;
    for (const auto& check : checks_) {
      for (std::string& name : check->reads()) names.insert(std::move(name));
    }
    return {names.begin(), names.end()};
  }

  void observe(const FitBatch& batch) override {
    for_open([&](size_t i) { checks_[i]->observe(batch); });
  }

  std::unique_ptr<RuleFit> clone_empty() const override {
    CheckList clones;
    for (const auto& check : checks_) clones.push_back(check->clone_empty());
    auto clone = std::make_unique<Expect>(std::move(clones));
    clone->open_ = open_;
    return clone;
  }

  void merge(RuleFit&& later) override {
    auto& other = dynamic_cast<Expect&>(later);
    for_open([&](size_t i) { checks_[i]->merge(std::move(*other.checks_[i])); });
  }

  bool next_pass() override {
    bool again = false;
    for_open([&](size_t i) {
      open_[i] = checks_[i]->next_pass();
      again = again || open_[i];
    });
    return again;
  }

  std::unique_ptr<Rule> freeze() const override {
    throw Error(Code::internal, "rule expect only checks: there is nothing to freeze");
  }

  std::vector<Verdict> verdict() const override {
    std::vector<Verdict> verdicts;
    for (const auto& check : checks_) {
      if (auto broken = check->verdict()) verdicts.push_back(std::move(*broken));
    }
    return verdicts;
  }

 private:
  template <class Visit>
  void for_open(Visit&& visit) {
    for (size_t i = 0; i < checks_.size(); ++i) {
      if (open_[i]) visit(i);
    }
  }

  CheckList checks_;
  std::vector<bool> open_;  // those that want to see the rows
};

std::vector<ParamDoc> params() {
  std::vector<ParamDoc> docs;
  for (const auto& [name, kind] : Checks::instance()) docs.push_back({name, kind.type, kind.text});
  return docs;
}

std::unique_ptr<RuleFit> make(const nlohmann::json& given, const RuleContext& context) {
  const Params parsed(given, params(), check_owner);
  CheckList checks;
  for (const auto& [name, kind] : Checks::instance()) {
    if (!parsed.has(name)) continue;
    for (auto& check : kind.make(parsed[name], context.schema)) checks.push_back(std::move(check));
  }
  if (checks.empty())
    throw Error(
        Code::invalid,
        fmt::format("rule expect needs one of {}", fmt::join(Checks::instance().names(), ", ")), {},
        "for example: expect: {unique: [id], nulls: {name: 0}}");
  return std::make_unique<Expect>(std::move(checks));
}

const RegisterRule register_expect({
    .name = "expect",
    .stage = RuleStage::check,
    .text =
        "Fails the run when the table is not as expected; it changes nothing and is no part of a "
        "bundle. It looks at the rows as the other rules leave them, wherever it stands (but for "
        "rules that must be fitted: it sees the rows before the split).",
    .example = "- expect: {unique: [carrier, flight, time_hour], nulls: {carrier: 0, temp: 5%}}\n"
               "- expect: {unique: [[id], [name, city]], range: {temp: [-40, 120]}}",
    .params_of = params,
    .make = make,
    .load = [](const State&) -> std::unique_ptr<Rule> {
      throw Error(Code::corrupt, "rule expect cannot be part of a bundle");
    },
});

}  // namespace
}  // namespace gristmill
