// Encoder `datetime`: fitting, and its registration.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

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
  int64_t first = std::numeric_limits<int64_t>::max();  // days of a date, else microseconds
  int64_t last = std::numeric_limits<int64_t>::min();
  // The first value of each part, and whether another one came.
  std::array<std::optional<int64_t>, calendar_part_count> value;
  std::array<bool, calendar_part_count> varies{};
  Moments before;

  void see(size_t part, int64_t of_part) {
    if (!value[part]) value[part] = of_part;
    varies[part] |= *value[part] != of_part;
  }
  void merge(const Seen& later) {
    present += later.present;
    nulls += later.nulls;
    first = std::min(first, later.first);
    last = std::max(last, later.last);
    for (size_t p = 0; p < calendar_part_count; ++p) {
      if (later.value[p]) see(p, *later.value[p]);
      varies[p] |= later.varies[p];
    }
    before.merge(later.before);
  }
};

class DatetimeFit : public EncoderFit {
 public:
  // `parts` empty: chosen when freezing. Those of holidays come beside them, if there are any.
  DatetimeFit(SourceColumn column, std::string time, const Wants& wants, TimeZone zone,
              std::vector<Part> parts, Holidays holidays)
      : column_(std::move(column)),
        time_(time == column_.name() ? "" : std::move(time)),
        wants_(wants),
        zone_(std::move(zone)),
        parts_(std::move(parts)),
        holidays_(std::move(holidays)) {}

  std::vector<std::string> reads() const override {
    if (time_.empty()) return {column_.name()};
    return {column_.name(), time_};
  }
  void observe(const FitBatch& seen) override {
    const Column& column = column_.named_in(seen.rows);
    Seen chunk;
    chunk.nulls = column.null_count();
    chunk.present = column.length - chunk.nulls;
    observe_span(column, chunk);
    Clock clock(column, zone_);
    observe_parts(column, clock, chunk);
    if (!time_.empty()) observe_before(seen.rows, column, clock, chunk);
    seen_.merge(chunk);
  }
  std::unique_ptr<EncoderFit> clone_empty() const override {
    return std::make_unique<DatetimeFit>(column_, time_, wants_, zone_, parts_, holidays_);
  }
  void merge(EncoderFit&& later) override {
    auto& other = dynamic_cast<DatetimeFit&>(later);
    seen_.merge(other.seen_);
    if (other.time_type_) time_type_ = other.time_type_;
  }

  std::unique_ptr<Encoder> freeze(std::string* why) const override {
    if (seen_.present == 0) {
      *why = all_missing;
      return nullptr;
    }
    DatetimePlan plan{.column = column_, .zone = zone_};
    plan.filled = wants_.fills();
    plan.indicator = plan.filled && seen_.nulls > 0;
    for (Part part : parts_.empty() ? chosen() : parts_) add(part, plan);
    if (!holidays_.empty())
      for (Part part : holiday_parts) add(part, plan);
    const auto of_holidays = [](const DatetimeOutput& output) {
      return needs_holidays(output.part);
    };
    if (std::any_of(plan.outputs.begin(), plan.outputs.end(), of_holidays))
      plan.holidays = holidays_;
    if (plan.outputs.empty()) {
      *why = seen_.first == seen_.last
                 ? "constant: all its values are the same moment"
                 : fmt::format(
                       "its values span {:.3g} days of training, in which no part of the "
                       "calendar comes back",
                       days(seen_.last) - days(seen_.first));
      return nullptr;
    }
    if (plan.uses_time) plan.time = SourceColumn({time_, *time_type_});
    return std::make_unique<DatetimeEncoder>(std::move(plan));
  }

 private:
  double days(int64_t value) const {
    return column_.type() == Type::date ? double(value) : double(value) / double(micros_per_day);
  }
  int64_t year(int64_t value) const {
    Column one{.type = column_.type(), .length = 1, .data = &value};
    auto date = int32_t(value);
    if (one.type == Type::date) one.data = &date;
    return civil_from_days(Clock(one, zone_).wall(0).days).year;
  }

  static void observe_span(const Column& column, Seen& chunk) {
    auto see = [&](int64_t value) {
      chunk.first = std::min(chunk.first, value);
      chunk.last = std::max(chunk.last, value);
    };
    if (column.type == Type::date) {
      for_present(column, [&, v = column.values<int32_t>()](int64_t i) { see(v[i]); });
    } else {
      for_present(column, [&, v = column.values<int64_t>()](int64_t i) { see(v[i]); });
    }
  }

  // A part that was seen to vary needs no more rows: after a few, none does.
  void observe_parts(const Column& column, Clock& clock, Seen& chunk) const {
    std::vector<Part> open = candidates();
    if (!holidays_.empty())
      open.insert(open.end(), std::begin(holiday_parts), std::end(holiday_parts));
    for (int64_t i = 0; i < column.length && !open.empty(); ++i) {
      if (column.is_null(i)) continue;
      WallTime wall = clock.wall(i);
      CivilDate civil = civil_from_days(wall.days);
      std::erase_if(open, [&](Part part) {
        chunk.see(size_t(part), value_of(part, wall, civil, holidays_));
        return chunk.varies[size_t(part)];
      });
    }
  }
  // Calendar parts that may be written.
  std::vector<Part> candidates() const {
    std::vector<Part> parts = parts_;
    if (parts.empty()) parts = {Part::hour, Part::weekday, Part::day_of_year};
    std::erase_if(parts, [&](Part part) {
      return size_t(part) >= calendar_part_count ||
             (info_of(part).of_day && column_.type() == Type::date);
    });
    return parts;
  }

  void observe_before(const Batch& rows, const Column& column, Clock& clock, Seen& chunk) {
    const Column& time = rows.columns[rows.schema->index_of(time_, "the prediction time")];
    if (!is_time(time.type)) return;
    time_type_ = time.type;
    Clock time_clock(time, zone_);
    std::vector<double> distances;
    distances.reserve(size_t(chunk.present));
    for_present(column, [&](int64_t i) {
      if (!time.is_null(i))
        distances.push_back(days_before(clock, time_clock, i, time.type != column.type));
    });
    chunk.before.observe(
        {.type = Type::float64, .length = int64_t(distances.size()), .data = distances.data()});
  }

  // A part is chosen when training saw its whole cycle: what it did not see it cannot answer for.
  std::vector<Part> chosen() const {
    std::vector<Part> parts;
    double span = days(seen_.last) - days(seen_.first);
    for (Part part : candidates())
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
      double first = days(seen_.first);
      if (seen_.first < seen_.last)
        plan.outputs.push_back(uniform(part, first, first, days(seen_.last)));
      return;
    }
    if (!seen_.varies[size_t(part)]) return;
    const PartInfo& info = info_of(part);
    if (wants_.cyclic && info.period > 0) {
      plan.outputs.push_back({part, Form::sine});
      plan.outputs.push_back({part, Form::cosine});
    } else if (info.period > 0) {
      plan.outputs.push_back(
          uniform(part, 0, info.first / info.unit, (info.first + info.period - 1) / info.unit));
    } else if (needs_holidays(part)) {
      plan.outputs.push_back(
          uniform(part, 0, 0, part == Part::holiday ? 1 : double(Holidays::most_days)));
    } else {
      plan.outputs.push_back(uniform(part, 0, double(year(seen_.first)), double(year(seen_.last))));
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
  Holidays holidays_;
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
    {"holidays",
     "any",
     "A file of the project whose first column has one date a row, or a list of dates: tells "
     "whether a day is one of them, and the days to the next and since the last, at most 14.",
     nullptr,
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

// Read from their file before: a list of dates.
Holidays holidays_of(const Params& params, const EncoderContext& context) {
  if (!params.has("holidays")) return {};
  if (!params["holidays"].is_array())
    throw Error(Code::invalid, "encoder datetime: `holidays` is neither a file nor a list of dates",
                {.field = context.field.name},
                "for example {day: {datetime: {holidays: holidays.csv}}}");
  return parse_holidays(params["holidays"]);
}

void read_files(nlohmann::json& params, const fs::path& dir) {
  if (!params.is_object() || !params.contains("holidays") || !params["holidays"].is_string())
    return;
  params["holidays"] = read_holidays(dir, params["holidays"].get<std::string>());
}

std::unique_ptr<EncoderFit> make(const nlohmann::json& given, const EncoderContext& context) {
  Params params(given, docs, "encoder datetime");
  require_type(context.field, "datetime", {Type::date, Type::timestamp, Type::timestamptz},
               "choose another encoder, or make the column a time with the rule `parse`");
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
  return std::make_unique<DatetimeFit>(SourceColumn(context.field), context.time, context.wants,
                                       std::move(zone), parts_of(params["parts"], context),
                                       holidays_of(params, context));
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
    .read_files = read_files,
});

}  // namespace
}  // namespace gristmill
