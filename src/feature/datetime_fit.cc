// Encoder `datetime`: fitting, and its registration.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "feature/datetime.h"
#include "frame/cell.h"
#include "sketch/moments.h"
#include "sketch/values.h"

namespace gristmill {
namespace {

using Form = DatetimeOutput::Form;

// What training saw of a column.
struct Seen {
  int64_t present = 0, nulls = 0;
  double first = std::numeric_limits<double>::infinity();  // days since 1970-01-01
  double last = -std::numeric_limits<double>::infinity();
  std::array<int64_t, calendar_part_count> least, most;  // of each part
  Moments before;

  Seen() {
    least.fill(std::numeric_limits<int64_t>::max());
    most.fill(std::numeric_limits<int64_t>::min());
  }
  void merge(const Seen& later) {
    present += later.present;
    nulls += later.nulls;
    first = std::min(first, later.first);
    last = std::max(last, later.last);
    for (size_t p = 0; p < calendar_part_count; ++p) {
      least[p] = std::min(least[p], later.least[p]);
      most[p] = std::max(most[p], later.most[p]);
    }
    before.merge(later.before);
  }
};

class DatetimeFit : public EncoderFit {
 public:
  // `parts` empty: chosen when freezing.
  DatetimeFit(const EncoderContext& context, TimeZone zone, std::vector<Part> parts)
      : column_(context.field),
        time_(context.time == context.field.name ? "" : context.time),
        wants_(context.wants),
        zone_(std::move(zone)),
        parts_(std::move(parts)) {}

  std::vector<std::string> reads() const override {
    if (time_.empty()) return {column_.name()};
    return {column_.name(), time_};
  }
  void observe(const Batch& rows) override {
    const Column& column = rows.columns[rows.schema->index_of(column_.name(), "a feature")];
    Seen chunk;
    chunk.nulls = column.null_count();
    chunk.present = column.length - chunk.nulls;
    Clock clock(column, zone_);
    for_present(column, [&](int64_t i) {
      double days = clock.days(i, false);
      chunk.first = std::min(chunk.first, days);
      chunk.last = std::max(chunk.last, days);
      WallTime wall = clock.wall(i);
      CivilDate civil = civil_from_days(wall.days);
      for (size_t p = 0; p < calendar_part_count; ++p) {
        if (Part(p) == Part::week) continue;
        int64_t value = value_of(Part(p), wall, civil);
        chunk.least[p] = std::min(chunk.least[p], value);
        chunk.most[p] = std::max(chunk.most[p], value);
      }
    });
    // A week varies as its day of the year does.
    chunk.least[size_t(Part::week)] = chunk.least[size_t(Part::day_of_year)];
    chunk.most[size_t(Part::week)] = chunk.most[size_t(Part::day_of_year)];
    if (!time_.empty()) observe_before(rows, column, clock, chunk);
    seen_.merge(chunk);
  }
  std::unique_ptr<EncoderFit> clone_empty() const override {
    auto copy = std::make_unique<DatetimeFit>(*this);
    copy->seen_ = Seen();
    return copy;
  }
  void merge(EncoderFit&& later) override {
    auto& other = dynamic_cast<DatetimeFit&>(later);
    seen_.merge(other.seen_);
    if (other.time_type_) time_type_ = other.time_type_;
  }

  std::unique_ptr<Encoder> freeze(std::string* why) const override {
    if (seen_.present == 0) {
      *why = "all its values are missing";
      return nullptr;
    }
    DatetimePlan plan{.column = column_, .zone = zone_};
    plan.filled = wants_.scaled || !wants_.missing;
    plan.indicator = plan.filled && seen_.nulls > 0;
    for (Part part : parts_.empty() ? chosen() : parts_) add(part, plan);
    if (plan.outputs.empty()) {
      *why = seen_.first == seen_.last
                 ? "constant: all its values are the same moment"
                 : fmt::format(
                       "its values span {:.3g} days of training, in which no part of the "
                       "calendar comes back",
                       seen_.last - seen_.first);
      return nullptr;
    }
    if (plan.uses_time) plan.time = SourceColumn({time_, *time_type_});
    return std::make_unique<DatetimeEncoder>(std::move(plan));
  }

 private:
  void observe_before(const Batch& rows, const Column& column, Clock& clock, Seen& chunk) {
    const Column& time = rows.columns[rows.schema->index_of(time_, "the prediction time")];
    if (!is_time(time.type)) return;
    time_type_ = time.type;
    Clock time_clock(time, zone_);
    std::vector<double> days;
    days.reserve(size_t(chunk.present));
    for_present(column, [&](int64_t i) {
      if (!time.is_null(i))
        days.push_back(days_before(clock, time_clock, i, time.type != column.type));
    });
    chunk.before.observe(
        {.type = Type::float64, .length = int64_t(days.size()), .data = days.data()});
  }

  // A part is chosen when training saw its whole cycle: what it did not see it cannot answer for.
  std::vector<Part> chosen() const {
    std::vector<Part> parts;
    double span = seen_.last - seen_.first;
    for (Part part : {Part::hour, Part::weekday, Part::day_of_year})
      if (span >= info_of(part).span) parts.push_back(part);
    if (!time_.empty()) parts.push_back(Part::before);
    return parts;
  }

  // The forms of a part, unless it was constant in training.
  void add(Part part, DatetimePlan& plan) const {
    if (part == Part::before) {
      if (seen_.before.constant()) return;
      bool scaled = wants_.scaled && seen_.before.deviation() > 0;
      plan.outputs.push_back({part, Form::number, scaled ? seen_.before.mean : 0,
                              scaled ? seen_.before.deviation() : 1});
      plan.uses_time = true;
      return;
    }
    if (part == Part::elapsed) {
      double span = seen_.last - seen_.first;
      if (span > 0) plan.outputs.push_back(uniform(part, seen_.first, seen_.first, seen_.last));
      return;
    }
    int64_t least = seen_.least[size_t(part)], most = seen_.most[size_t(part)];
    if (least == most) return;
    const PartInfo& info = info_of(part);
    if (wants_.cyclic && info.period > 0) {
      plan.outputs.push_back({part, Form::sine});
      plan.outputs.push_back({part, Form::cosine});
    } else if (info.period > 0) {
      plan.outputs.push_back(
          uniform(part, 0, info.first / info.unit, (info.first + info.period - 1) / info.unit));
    } else {
      plan.outputs.push_back(uniform(part, 0, double(least), double(most)));
    }
  }

  // Scaled, when that is wanted, as values spread evenly over [least, most] would be.
  DatetimeOutput uniform(Part part, double origin, double least, double most) const {
    if (!wants_.scaled) return {part, Form::number, origin, 1};
    return {part, Form::number, (least + most) / 2, (most - least) / std::sqrt(12.0)};
  }

  SourceColumn column_;
  std::string time_;  // another column; "" when there is none
  std::optional<Type> time_type_;
  Wants wants_;
  TimeZone zone_;
  std::vector<Part> parts_;
  Seen seen_;
};

const std::vector<ParamDoc> docs = {
    {"parts",
     "array",
     "Which of year, month, week, day, day_of_year, weekday (Monday 0), hour (minutes as its "
     "fraction), minute, elapsed (days since the earliest in training) and before (days before the "
     "prediction time); without it hour, weekday, day_of_year and before, as far as training saw "
     "their whole cycle.",
     nullptr,
     {},
     {},
     {}},
    {"zone",
     "string",
     "The time zone whose calendar is read off an instant, e.g. America/New_York; columns with a "
     "zone only.",
     "UTC",
     {},
     {},
     {}},
};

std::vector<Part> parts_of(const nlohmann::json& given, const EncoderContext& context) {
  std::vector<Part> parts;
  for (const auto& item : given) {
    std::string name = item.is_string() ? item.get<std::string>() : item.dump();
    const auto& names = part_names();
    if (std::find(names.begin(), names.end(), name) == names.end())
      throw Error(Code::invalid, fmt::format("encoder datetime: unknown part \"{}\"", name),
                  {.field = context.field.name}, did_you_mean(name, names));
    Part part = parse_part(name);
    auto refuse = [&](std::string_view reason) {
      throw Error(
          Code::invalid,
          fmt::format("encoder datetime: `{}` has no {}: {}", context.field.name, name, reason),
          {.field = context.field.name});
    };
    if (info_of(part).of_day && context.field.type == Type::date) refuse("it is a date");
    if (part == Part::before && (context.time.empty() || context.time == context.field.name))
      refuse("there is no other column that says when the prediction is made");
    if (std::find(parts.begin(), parts.end(), part) == parts.end()) parts.push_back(part);
  }
  return parts;
}

std::unique_ptr<EncoderFit> make(const nlohmann::json& given, const EncoderContext& context) {
  Params params(given, docs, "encoder datetime");
  require_type(context.field, "datetime", {Type::date, Type::timestamp, Type::timestamptz},
               "choose another encoder, or CAST the column to a timestamp in the table's SQL");
  bool named = given.is_object() && given.contains("zone");
  if (named && context.field.type != Type::timestamptz)
    throw Error(Code::invalid,
                fmt::format("encoder datetime: `zone` is for instants, but `{}` is {}",
                            context.field.name, name_of(context.field.type)),
                {.field = context.field.name},
                "leave `zone` out: its values are wall time already");
  TimeZone zone;
  try {
    zone = TimeZone::find(params.text("zone"));
  } catch (const Error& error) {
    throw error.at({.field = context.field.name});
  }
  return std::make_unique<DatetimeFit>(context, std::move(zone),
                                       parts_of(params["parts"], context));
}

const RegisterEncoder registered({
    .name = "datetime",
    .version = 1,
    .text = "The calendar of a date or time: numbers for trees, sine and cosine for linear models. "
            "A part that training did not see a whole cycle of (the month, in half a year) is left "
            "out unless it is named: a model would have to guess what it never saw.",
    .example = "{time_hour: {datetime: {zone: America/New_York, parts: [hour, weekday]}}}",
    .params = docs,
    .make = make,
    .load = DatetimeEncoder::load,
});

}  // namespace
}  // namespace gristmill
