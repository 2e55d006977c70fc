#include "pipeline/accept.h"

#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "learn/metrics.h"

namespace gristmill {
namespace {

constexpr std::string_view champion_word = "champion";

bool take(std::string_view& text, std::string_view word) {
  text = trimmed(text);
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

bool take_number(std::string_view& text, double& number) {
  text = trimmed(text);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || !std::isfinite(number)) return false;
  text.remove_prefix(size_t(end - text.data()));
  return true;
}

bool take_bound(std::string_view& text, AcceptCondition& out) {
  out.champion = take(text, champion_word);
  if (!out.champion) return take_number(text, out.number);
  if (trimmed(text).empty()) return true;
  const bool minus = take(text, "-");
  if (!minus && !take(text, "+")) return false;
  if (!take_number(text, out.number)) return false;
  if (minus) out.number = -out.number;
  return true;
}

}  // namespace

AcceptCondition AcceptCondition::parse(const std::string& text) {
  AcceptCondition out{.text = text, .metric = {}};
  std::string_view rest = trimmed(text);
  size_t name = 0;
  while (name < rest.size() && (std::isalnum(uint8_t(rest[name])) || rest[name] == '_')) ++name;
  out.metric = rest.substr(0, name);
  rest.remove_prefix(name);
  const bool greater = take(rest, ">"), less = !greater && take(rest, "<");
  out.greater = greater;
  out.equal = rest.starts_with('=');
  if (out.equal) rest.remove_prefix(1);
  if (out.metric.empty() || greater == less || !take_bound(rest, out) || !trimmed(rest).empty())
    throw Error(Code::invalid, fmt::format("`accept` does not understand {}", excerpt(text)), {},
                "write `auc >= 0.68` or `auc >= champion - 0.005`");
  Metrics::instance().get(out.metric, "metric");
  return out;
}

nlohmann::json Verdict::json() const {
  const auto number = [](double v) { return std::isfinite(v) ? nlohmann::json(v) : nullptr; };
  return {{"condition", condition},
          {"value", number(value)},
          {"bound", number(bound)},
          {"holds", holds}};
}

std::string Verdict::text() const {
  return fmt::format(
      "{}: {:.4f}{}", condition, value,
      std::isnan(bound) ? ", and there is no champion yet" : fmt::format(" against {:.4f}", bound));
}

std::vector<Verdict> judge(const std::vector<AcceptCondition>& conditions,
                           const std::map<std::string, double>& scores,
                           const std::map<std::string, double>& champion) {
  std::vector<Verdict> verdicts;
  for (const AcceptCondition& condition : conditions) {
    const auto own = scores.find(condition.metric), theirs = champion.find(condition.metric);
    Verdict verdict{.condition = condition.text, .value = own == scores.end() ? NAN : own->second};
    const bool known = !condition.champion || theirs != champion.end();
    verdict.bound = !known               ? NAN
                    : condition.champion ? theirs->second + condition.number
                                         : condition.number;
    verdict.holds =
        !known ||
        (condition.greater ? verdict.value > verdict.bound : verdict.value < verdict.bound) ||
        (condition.equal && verdict.value == verdict.bound);
    verdicts.push_back(std::move(verdict));
  }
  return verdicts;
}

}  // namespace gristmill
