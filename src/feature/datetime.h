// Encoder `datetime`, frozen: the parts it writes, and in which form.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "feature/calendar_part.h"
#include "feature/encoder.h"
#include "feature/source_column.h"

namespace gristmill {

struct DatetimeOutput {
  enum class Form : uint8_t { number, sine, cosine };
  Part part = Part::year;
  Form form = Form::number;
  double shift = 0, scale = 1;  // number: (value − shift) / scale in double, then float32
};

struct DatetimePlan {
  SourceColumn column;
  TimeZone zone;
  Holidays holidays;  // where an output needs them
  std::vector<DatetimeOutput> outputs;
  bool filled = false;     // missing is 0, else NaN
  bool indicator = false;  // a last column marks what is missing
  bool uses_time = false;  // Part::before reads `time`, the prediction time
  SourceColumn time;
};

class DatetimeEncoder : public Encoder {
 public:
  explicit DatetimeEncoder(DatetimePlan plan);

  void bind(const Schema& in) override;
  std::vector<std::string> reads() const override;
  std::vector<TensorSpec> outputs() const override;
  void encode(const Batch& rows, const FeatureRows& out, const int64_t* at,
              Scratch&) const override;
  State save() const override;
  static std::unique_ptr<Encoder> load(const State& state);  // Code::corrupt

 private:
  DatetimePlan plan_;
  // Of each output: its values over a cycle, or null for a number.
  std::vector<const float*> circles_;
  bool needs_civil_ = false;
};

// Days from each value of `column` to the prediction time of its row, on one kind of clock.
inline double days_before(Clock& column, Clock& time, int64_t i, bool local) {
  return time.days(i, local) - column.days(i, local);
}

}  // namespace gristmill
