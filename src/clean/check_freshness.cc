// Check `freshness`: how old the newest value of a column may be.
#include <limits>

#include <fmt/format.h>

#include "clean/cells.h"
#include "clean/check.h"
#include "clean/value.h"
#include "frame/civil.h"
#include "frame/span.h"
#include "sketch/values.h"

namespace gristmill {
namespace {

// The largest unit of which there are two or more: "3 days", "26 hours".
std::string age_text(int64_t micros) {
  const int64_t minutes = micros / (60 * micros_per_second);
  if (minutes >= 2 * 24 * 60) return counted(minutes / (24 * 60), "day");
  if (minutes >= 2 * 60) return counted(minutes / 60, "hour");
  return counted(minutes, "minute");
}

// Only the newest value is kept with the table: how old it is, each run asks the clock.
class FreshnessCheck : public Check {
 public:
  FreshnessCheck(Field field, std::string span_text, int64_t span)
      : field_(std::move(field)), span_text_(std::move(span_text)), span_(span) {}

  std::string name() const override { return "freshness " + field_.name; }
  std::vector<std::string> reads() const override { return {field_.name}; }

  void observe(const CheckRows& batch) override {
    const Batch& rows = batch.rows;
    const size_t at = bound_column(*rows.schema, field_.name, field_.type, check_owner);
    const Column& column = rows.columns[at];
    for_present(column, [&](int64_t i) {
      keep_newest(field_.type == Type::date ? micros_of_days(column.values<int32_t>()[i])
                                            : column.values<int64_t>()[i]);
    });
  }
  std::unique_ptr<Check> clone_empty() const override {
    return std::make_unique<FreshnessCheck>(field_, span_text_, span_);
  }
  void merge(Check&& later) override {
    const auto& other = dynamic_cast<FreshnessCheck&>(later);
    if (other.newest_) keep_newest(*other.newest_);
  }

  nlohmann::json measured() const override {
    return {{"newest", newest_ ? nlohmann::json(*newest_) : nlohmann::json()}};
  }

  Finding judge(const nlohmann::json& measured, const CheckTime& time) const override {
    const nlohmann::json& newest = measured.at("newest");
    if (newest.is_null())
      return {true, fmt::format("column {} has no value to tell how fresh it is", field_.name), {}};
    const auto instant = newest.get<int64_t>();
    std::string text;
    field_.type == Type::date ? append_date(days_of_micros(instant), text)
                              : append_timestamp(instant, text);
    if (instant >= time.now - span_) return {false, "the newest is " + text, {}};
    int64_t age;
    if (__builtin_sub_overflow(time.now, instant, &age)) age = std::numeric_limits<int64_t>::max();
    return {true,
            fmt::format("the newest value of {} is {}, {} ago; at most {} allowed", field_.name,
                        text, age_text(age), span_text_),
            {}};
  }

 private:
  void keep_newest(int64_t micros) { newest_ = std::max(newest_.value_or(micros), micros); }

  Field field_;
  std::string span_text_;
  int64_t span_;  // microseconds
  std::optional<int64_t> newest_;
};

std::unique_ptr<Check> make(const Field& field, const nlohmann::json& given) {
  if (!is_time(field.type))
    throw check_error(fmt::format("freshness of {}: it is {}, not a date or a time", field.name,
                                  name_of(field.type)),
                      field.name, "`parse` makes text dates and times");
  const auto span = given.is_string() ? read_span(given.get<std::string>()) : std::nullopt;
  if (!span)
    throw check_error(
        fmt::format("freshness of {}: {} is no span of time", field.name, shown(given)), field.name,
        "for example 2d, 12h or 45m");
  return std::make_unique<FreshnessCheck>(field, given.get<std::string>(), *span);
}

const RegisterCheck register_freshness({
    .name = "freshness",
    .type = "object",
    .text = "How old the newest value of a column may be when the check runs: 2d, 12h, 45m. Dates "
            "count from their midnight; what has no time zone is taken as UTC.",
    .example = "freshness: {time_hour: 100000d}",
    .make =
        [](const nlohmann::json& given, const CheckContext& context) {
          return make_by_column("freshness", given, context, make);
        },
});

}  // namespace
}  // namespace gristmill
