#include "feature/datetime.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace gristmill {
namespace {

using Form = DatetimeOutput::Form;

std::string name_of_output(const std::string& column, const DatetimeOutput& output) {
  if (output.part == Part::elapsed) return column + "_days";
  if (output.part == Part::before) return column + "_days_before";
  std::string name = column + "_" + std::string(info_of(output.part).name);
  if (output.form == Form::sine) name += "_sin";
  if (output.form == Form::cosine) name += "_cos";
  return name;
}

Error corrupt(const char* what) { return Error(Code::corrupt, what); }

}  // namespace

DatetimeEncoder::DatetimeEncoder(DatetimePlan plan) : plan_(std::move(plan)) {
  for (const DatetimeOutput& output : plan_.outputs) {
    needs_civil_ |= needs_civil(output.part);
    const Circle& circle = circle_of(output.part);
    circles_.push_back(output.form == Form::sine     ? circle.sine.data()
                       : output.form == Form::cosine ? circle.cosine.data()
                                                     : nullptr);
  }
}

void DatetimeEncoder::bind(const Schema& in) {
  plan_.column.bind(in);
  if (plan_.uses_time) plan_.time.bind(in);
}

std::vector<std::string> DatetimeEncoder::reads() const {
  std::vector<std::string> names = {plan_.column.name()};
  if (plan_.uses_time) names.push_back(plan_.time.name());
  return names;
}

std::vector<TensorSpec> DatetimeEncoder::outputs() const {
  const std::string& column = plan_.column.name();
  TensorSpec spec{column, TensorKind::block, {}, column};
  for (const DatetimeOutput& output : plan_.outputs)
    spec.names.push_back(name_of_output(column, output));
  if (plan_.indicator) spec.names.push_back(column + "_missing");
  return {spec};
}

void DatetimeEncoder::encode(const Batch& rows, const FeatureRows& out, const int64_t* at,
                             Scratch&) const {
  const Column& column = plan_.column.in(rows);
  const Column& time = plan_.uses_time ? plan_.time.in(rows) : column;
  const bool local = plan_.uses_time && time.type != column.type;
  const float missing = plan_.filled ? 0.0f : std::numeric_limits<float>::quiet_NaN();
  Clock clock(column, plan_.zone), time_clock(time, plan_.zone);
  CivilDate civil{};
  for (int64_t i = 0; i < column.length; ++i) {
    float* cell = out.floats + i * out.float_stride + at[0];
    const bool gap = column.is_null(i);
    if (plan_.indicator) cell[plan_.outputs.size()] = float(gap);
    if (gap) {
      std::fill_n(cell, plan_.outputs.size(), missing);
      continue;
    }
    const WallTime wall = clock.wall(i);
    if (needs_civil_) civil = civil_from_days(wall.days);
    for (size_t o = 0; o < plan_.outputs.size(); ++o) {
      const DatetimeOutput& output = plan_.outputs[o];
      double value;
      if (output.part == Part::before) {
        if (time.is_null(i)) {
          cell[o] = missing;
          continue;
        }
        value = days_before(clock, time_clock, i, local);
      } else if (output.part == Part::elapsed) {
        value = clock.days(i, false);
      } else {
        int64_t whole = value_of(output.part, wall, civil, plan_.holidays);
        const PartInfo& info = info_of(output.part);
        if (circles_[o] != nullptr) {
          cell[o] = circles_[o][whole - info.first];
          continue;
        }
        value = double(whole) / info.unit;
      }
      cell[o] = float((value - output.shift) / output.scale);
    }
  }
}

State DatetimeEncoder::save() const {
  State state;
  plan_.column.save(state);
  state.put_state("zone", plan_.zone.save());
  nlohmann::json outputs = nlohmann::json::array();
  std::vector<double> numbers;
  for (const DatetimeOutput& output : plan_.outputs) {
    outputs.push_back({info_of(output.part).name, int(output.form)});
    numbers.push_back(output.shift);
    numbers.push_back(output.scale);
  }
  state.json["outputs"] = std::move(outputs);
  state.put<double>("numbers", std::move(numbers));
  state.json["filled"] = plan_.filled;
  state.json["indicator"] = plan_.indicator;
  if (!plan_.holidays.empty()) plan_.holidays.save(state);
  if (plan_.uses_time) {
    State time;
    plan_.time.save(time);
    state.put_state("time", time);
  }
  return state;
}

std::unique_ptr<Encoder> DatetimeEncoder::load(const State& state) {
  DatetimePlan plan;
  plan.column = SourceColumn::load(state);
  plan.zone = TimeZone::load(state.get_state("zone"));
  plan.filled = state.at<bool>("filled");
  plan.indicator = state.at<bool>("indicator");
  auto outputs = state.at<std::vector<std::pair<std::string, int>>>("outputs");
  auto numbers = state.get<double>("numbers");
  if (outputs.empty() || outputs.size() > 2 * part_count || numbers.size() != 2 * outputs.size())
    throw corrupt("an encoder `datetime` whose outputs do not fit their numbers");
  for (size_t i = 0; i < outputs.size(); ++i) {
    DatetimeOutput output;
    output.part = parse_part(outputs[i].first);
    if (outputs[i].second < 0 || outputs[i].second > int(Form::cosine))
      throw corrupt("an encoder `datetime` with a form that is not one");
    output.form = Form(outputs[i].second);
    output.shift = numbers[2 * i], output.scale = numbers[2 * i + 1];
    if (!std::isfinite(output.shift) || !(output.scale > 0))
      throw corrupt("an encoder `datetime` with a scaling that is not one");
    if (output.form != Form::number && info_of(output.part).period == 0)
      throw corrupt("an encoder `datetime` with a cycle of what does not return");
    plan.uses_time |= output.part == Part::before;
    if (needs_holidays(output.part) && plan.holidays.empty()) plan.holidays = Holidays::load(state);
    plan.outputs.push_back(output);
  }
  if (plan.uses_time) plan.time = SourceColumn::load(state.get_state("time"));
  if (!is_time(plan.column.type()) || (plan.uses_time && !is_time(plan.time.type())))
    throw corrupt("an encoder `datetime` over a column that is no time");
  return std::make_unique<DatetimeEncoder>(std::move(plan));
}

}  // namespace gristmill
