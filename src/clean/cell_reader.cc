#include "clean/cell_reader.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/error.h"
#include "clean/number_form.h"
#include "clean/time_form.h"
#include "clean/units.h"
#include "clean/value.h"
#include "frame/civil.h"

namespace gristmill {
namespace {

// Read: bool(std::string_view, T&); what it leaves in T where it is false does not count.
template <class T, class Read>
bool read_cells(const Column& column, ColumnBuffer& out, uint64_t* failed, const Read& read) {
  T* cells = out.resize<T>(column.length);
  return find_hits(column, failed, [&](int64_t i) {
    T value{};
    const bool taken = column.is_null(i) || read(column.string(i), value);
    cells[i] = taken ? value : T{};
    return !taken;
  });
}

template <class T, class Read>
class ReaderOf : public CellReader {
 public:
  ReaderOf(Type type, std::string what, Read read)
      : type_(type), what_(std::move(what)), read_(std::move(read)) {}
  Type type() const override { return type_; }
  std::string what() const override { return what_; }
  bool read(const Column& column, ColumnBuffer& out, uint64_t* failed) const override {
    return read_cells<T>(column, out, failed, read_);
  }

 private:
  Type type_;
  std::string what_;
  Read read_;
};

template <class T, class Read>
std::unique_ptr<CellReader> reader(Type type, std::string what, Read read) {
  return std::make_unique<ReaderOf<T, Read>>(type, std::move(what), std::move(read));
}

// One text or a list of them.
std::vector<std::string> texts_of(const nlohmann::json& given, const std::string& key,
                                  const std::string& example) {
  std::vector<std::string> texts;
  for (const auto& text : given.is_array() ? given : nlohmann::json::array({given})) {
    if (!text.is_string())
      throw Error(
          Code::invalid,
          fmt::format("`{}` says how the column writes it, as text, not {}", key, shown(text)), {},
          "for example " + example);
    texts.push_back(text.get<std::string>());
  }
  if (texts.empty())
    throw Error(Code::invalid, "`" + key + "` is empty", {}, "for example " + example);
  return texts;
}

std::string listed(const std::vector<std::string>& texts) {
  return fmt::format("\"{}\"", fmt::join(texts, "\" or \""));
}

// ---- numbers

struct NumberKind {
  NumberForm::Kind kind;
  const char *key, *what, *example;
};
constexpr NumberKind number_kinds[] = {
    {NumberForm::Kind::number, "number", "a number", "{number: \"1.234,5\"}"},
    {NumberForm::Kind::percent, "percent", "a percentage", "{percent: \"1234,5 %\"}"},
    {NumberForm::Kind::money, "money", "money", "{money: \"€ 1.234,5\"}"},
};

std::vector<NumberForm> number_forms(const nlohmann::json& given, const NumberKind& kind) {
  std::vector<NumberForm> forms;
  for (const std::string& text : texts_of(given, kind.key, kind.example)) {
    auto form = NumberForm::parse(text, kind.kind);
    if (!form)
      throw Error(Code::invalid,
                  fmt::format("`{}` shows the number 1234.5 as the column writes it (or 1234, of "
                              "whole numbers), not \"{}\"",
                              kind.key, text),
                  {}, fmt::format("for example {}", kind.example));
    forms.push_back(*form);
  }
  return forms;
}

template <class T>
std::unique_ptr<CellReader> number_reader(Type type, std::string what,
                                          std::vector<NumberForm> forms) {
  return reader<T>(type, std::move(what), [forms](std::string_view text, T& value) {
    return std::any_of(forms.begin(), forms.end(),
                       [&](const NumberForm& form) { return form.read(text, value); });
  });
}

std::unique_ptr<CellReader> make_number(const nlohmann::json& given, const NumberKind& kind) {
  auto forms = number_forms(given, kind);
  auto what = fmt::format("{} like {}", kind.what, listed(texts_of(given, kind.key, "")));
  const bool whole =
      kind.kind != NumberForm::Kind::percent &&
      std::all_of(forms.begin(), forms.end(), [](const auto& form) { return form.decimal == 0; });
  return whole ? number_reader<int64_t>(Type::int64, what, forms)
               : number_reader<double>(Type::float64, what, forms);
}

std::unique_ptr<CellReader> make_unit(const nlohmann::json& given) {
  const auto& name = given.at("unit");
  const Unit* unit = name.is_string() ? find_unit(name.get<std::string>()) : nullptr;
  if (unit == nullptr)
    throw Error(Code::invalid,
                fmt::format("`unit` is the one to convert to: {}; not {}",
                            fmt::join(unit_names(), ", "), shown(name)),
                {}, "for example {unit: kg}");
  std::vector<NumberForm> forms(1);
  std::string like;
  if (given.contains("number")) {
    forms = number_forms(given["number"], number_kinds[0]);
    like = " with a number like " + listed(texts_of(given["number"], "number", ""));
  }
  return reader<double>(Type::float64,
                        fmt::format("a quantity in {} or the like{}", unit->names.front(), like),
                        [forms, unit](std::string_view text, double& value) {
                          return read_quantity(text, forms, *unit, value);
                        });
}

// ---- dates and times

std::unique_ptr<CellReader> make_duration(const nlohmann::json& given) {
  const auto& names = duration_form_names();
  std::vector<DurationForm> forms;
  const auto texts = texts_of(given, "duration", "{duration: h:m:s}");
  for (const std::string& text : texts) {
    const auto found = std::find(names.begin(), names.end(), text);
    if (found == names.end())
      throw Error(Code::invalid,
                  fmt::format("`duration` is of {}, not \"{}\"", fmt::join(names, ", "), text), {},
                  did_you_mean(text, names));
    forms.push_back(DurationForm(found - names.begin()));
  }
  return reader<double>(Type::float64, "a duration as " + listed(texts),
                        [forms](std::string_view text, double& value) {
                          return std::any_of(forms.begin(), forms.end(), [&](DurationForm form) {
                            return read_duration(text, form, value);
                          });
                        });
}

// Code::invalid for formats that would guess: 04/05 is a day in April or in May.
std::vector<TimeFormat> time_formats(const std::vector<std::string>& texts) {
  std::vector<TimeFormat> formats;
  for (const std::string& text : texts) formats.push_back(TimeFormat::parse(text));
  for (const TimeFormat& one : formats) {
    const std::string sample = one.sample();
    TimeFormat::Moment moment, other_moment;
    one.read(sample, moment);
    for (const TimeFormat& other : formats) {
      if (!other.read(sample, other_moment) || other_moment.days == moment.days) continue;
      throw Error(Code::invalid,
                  fmt::format("\"{}\" and \"{}\" read {} as different days", one.text(),
                              other.text(), sample),
                  {}, "a column that is written both ways cannot be told apart by its cells");
    }
  }
  return formats;
}

const TimeFormat* find_format(const std::vector<TimeFormat>& formats, std::string_view text,
                              TimeFormat::Moment& moment) {
  for (const TimeFormat& format : formats) {
    if (format.read(text, moment)) return &format;
  }
  return nullptr;
}

std::unique_ptr<CellReader> make_date(const nlohmann::json& given) {
  const auto texts = texts_of(given, "date", "{date: \"%d.%m.%Y\"}");
  auto formats = time_formats(texts);
  for (const TimeFormat& format : formats) {
    if (format.has_clock())
      throw Error(Code::invalid,
                  fmt::format("the format \"{}\" has a time, a date has none", format.text()), {},
                  "write `timestamp` instead of `date`");
  }
  return reader<int32_t>(Type::date, "a date as " + listed(texts),
                         [formats](std::string_view text, int32_t& days) {
                           TimeFormat::Moment moment;
                           if (!find_format(formats, text, moment)) return false;
                           days = int32_t(moment.days);
                           return true;
                         });
}

// Times by a clock: of UTC, at a fixed offset, or of a zone whose offset changes over the year.
class Clock {
 public:
  explicit Clock(int64_t offset = 0) : offset_(offset) {}
  explicit Clock(TimeZone zone) : zone_(std::make_shared<TimeZone>(std::move(zone))) {}

  const TimeZone* zone() const { return zone_.get(); }
  // False for a time that the clock skips or shows twice: which instant is it?
  bool read(const TimeFormat::Moment& moment, bool has_offset, int64_t& micros) const {
    const int64_t wall = moment.days * micros_per_day + moment.micros;
    micros = wall - (has_offset ? moment.offset : offset_) * micros_per_second;
    if (has_offset || !zone_) return true;
    const int64_t seconds = floor_divide(wall, micros_per_second);
    const std::optional<int64_t> instant = zone_->instant_of(seconds);
    if (instant) micros = wall + (*instant - seconds) * micros_per_second;
    return instant.has_value();
  }

 private:
  int64_t offset_ = 0;
  std::shared_ptr<const TimeZone> zone_;
};

Clock make_clock(const nlohmann::json& given, const CellReader::FindZone& find_zone) {
  if (!given.is_string())
    throw Error(Code::invalid,
                fmt::format("`zone` is a zone such as Europe/Berlin, UTC or an offset such as "
                            "\"+01:00\", not {}",
                            shown(given)));
  const auto name = given.get<std::string>();
  const std::optional<int64_t> offset = parse_offset(name);
  return offset ? Clock(*offset) : Clock(find_zone(name));
}

class TimeReader : public CellReader {
 public:
  TimeReader(Type type, std::string what, std::vector<TimeFormat> formats, Clock clock)
      : type_(type),
        what_(std::move(what)),
        formats_(std::move(formats)),
        clock_(std::move(clock)) {}
  Type type() const override { return type_; }
  std::string what() const override { return what_; }
  const TimeZone* zone() const override { return clock_.zone(); }
  bool read(const Column& column, ColumnBuffer& out, uint64_t* failed) const override {
    return read_cells<int64_t>(column, out, failed, [&](std::string_view text, int64_t& micros) {
      TimeFormat::Moment moment;
      const TimeFormat* format = find_format(formats_, text, moment);
      return format != nullptr && clock_.read(moment, format->has_offset(), micros);
    });
  }

 private:
  Type type_;
  std::string what_;
  std::vector<TimeFormat> formats_;
  Clock clock_;
};

std::unique_ptr<CellReader> make_timestamp(const nlohmann::json& given,
                                           const CellReader::FindZone& find_zone) {
  const auto texts =
      texts_of(given.at("timestamp"), "timestamp", "{timestamp: \"%d.%m.%Y %H:%M\"}");
  auto formats = time_formats(texts);
  auto has_offset = [](const TimeFormat& format) { return format.has_offset(); };
  const bool some = std::any_of(formats.begin(), formats.end(), has_offset);
  const bool all = std::all_of(formats.begin(), formats.end(), has_offset);
  const bool zoned = given.contains("zone");
  if (!zoned && some && !all)
    throw Error(Code::invalid, "some formats have %z and others have not", {},
                "say with `zone` what the others are in, for example zone: UTC");
  Clock clock = zoned ? make_clock(given["zone"], find_zone) : Clock();
  std::string what = "a time as " + listed(texts);
  if (clock.zone() != nullptr) what += " that the clocks of " + clock.zone()->name() + " show once";
  return std::make_unique<TimeReader>(some || zoned ? Type::timestamptz : Type::timestamp,
                                      std::move(what), std::move(formats), std::move(clock));
}

}  // namespace

std::unique_ptr<CellReader> CellReader::make(const nlohmann::json& given,
                                             const FindZone& find_zone) {
  static const std::vector<std::string> kinds = {"number",   "percent", "money",    "unit",
                                                 "duration", "date",    "timestamp"};
  if (!given.is_object())
    throw Error(Code::invalid, "needs how the column is written, not " + shown(given), {},
                "for example {number: \"1.234,5\"}");
  std::vector<std::string> found;
  for (const auto& [key, value] : given.items()) {
    if (std::find(kinds.begin(), kinds.end(), key) != kinds.end()) {
      if (key != "number" || !given.contains("unit")) found.push_back(key);
    } else if (key != "zone") {
      std::vector<std::string> known = kinds;
      known.insert(known.end(), {"zone", "strict"});
      throw Error(Code::invalid, fmt::format("there is no `{}`", key), {},
                  did_you_mean(key, known));
    }
  }
  if (found.size() != 1)
    throw Error(Code::invalid, fmt::format("needs one of {}", fmt::join(kinds, ", ")));
  const std::string& kind = found[0];
  if (given.contains("zone") && kind != "timestamp")
    throw Error(Code::invalid, fmt::format("`zone` is for `timestamp`, not for `{}`", kind));
  for (const NumberKind& number : number_kinds) {
    if (kind == number.key) return make_number(given[kind], number);
  }
  if (kind == "unit") return make_unit(given);
  if (kind == "duration") return make_duration(given[kind]);
  return kind == "date" ? make_date(given[kind]) : make_timestamp(given, find_zone);
}

}  // namespace gristmill
