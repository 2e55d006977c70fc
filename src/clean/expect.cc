#include "clean/expect.h"

#include <fmt/format.h>

#include "clean/rule.h"

namespace gristmill {
namespace {

std::vector<ParamDoc> params() {
  std::vector<ParamDoc> docs;
  for (const auto& [name, kind] : Checks::instance()) docs.push_back({name, kind.type, kind.text});
  docs.push_back({.name = "level",
                  .type = "string",
                  .text = "What follows when it is untrue: `fail` ends the run, `warn` is told in "
                          "its report.",
                  .value = "fail",
                  .choices = {"fail", "warn"}});
  return docs;
}

const RegisterRule register_expect({
    .name = "expect",
    .stage = RuleStage::check,
    .text =
        "Fails the run when the table is not as expected; it changes nothing and is no part of a "
        "bundle. It looks at the rows as the other rules leave them, wherever it stands (but for "
        "rules that must be fitted: it sees the rows before the split). Failing rows are numbered "
        "from 1, in the order in which `gristmill show` has them. `gristmill check` runs all "
        "checks of the project alone.",
    .example = "- expect: {unique: [carrier, flight, time_hour], nulls: {carrier: 0, temp: 5%}}\n"
               "- expect: {unique: [[id], [name, city]], range: {temp: [-40, 120]}, level: warn}",
    .params_of = params,
});

}  // namespace

Expectation read_expectation(const nlohmann::json& given, const CheckContext& context) {
  const Params parsed(given, params(), check_owner);
  Expectation expectation{.warns = parsed.text("level") == "warn"};
  for (const auto& [name, kind] : Checks::instance()) {
    if (!parsed.has(name)) continue;
    for (auto& check : kind.make(parsed[name], context))
      expectation.checks.push_back(std::move(check));
  }
  if (expectation.checks.empty())
    throw check_error(
        fmt::format("it needs one of {}", fmt::join(Checks::instance().names(), ", ")), "",
        "for example: expect: {unique: [id], nulls: {name: 0}}");
  return expectation;
}

}  // namespace gristmill
