#include "frame/json_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "frame/cell.h"
#include "frame/decoding.h"

namespace gristmill {

namespace {

constexpr size_t unknown_max = 100;
constexpr size_t unknown_bytes_max = 128;

}  // namespace

JsonRows::JsonRows(const Expected& expected) : schema_(expected.schema) {
  auto add = [&](const std::string& name) {
    if (slot_of_.emplace(name, slots_.size()).second) {
      slots_.push_back({name, JsonName(name), 0, slots_.size() + 1});
    }
  };
  for (const Field& field : schema_.fields()) add(field.name);
  for (const std::string& name : expected.ignored) add(name);
  slots_.push_back({"", JsonName("\""), 0, 0});  // a last successor that never matches
}

void JsonRows::begin(BatchBuffer& out) {
  if (out.schema() == schema_) {
    out.clear();
  } else {
    out.reset(schema_);
  }
  unknown_of_.clear();
}

const std::vector<std::string>& JsonRows::unknown() {
  unknown_.clear();
  for (const auto& [name, seen_in] : unknown_of_) unknown_.push_back(name);
  std::sort(unknown_.begin(), unknown_.end());
  return unknown_;
}

void JsonRows::append(JsonScanner& in, int64_t row, BatchBuffer& out) {
  field_ = nullptr;
  try {
    append_object(in, out);
  } catch (const MalformedJson&) {
    throw;
  } catch (const Error& error) {
    Where where;
    where.row = row;
    if (field_ != nullptr) where.field = field_->name;
    throw error.at(where);
  }
}

void JsonRows::append_object(JsonScanner& in, BatchBuffer& out) {
  if (in.peek() != '{') {
    fail_value(fmt::format("a row must be an object {{column: value, …}}, not {}", in.describe()));
  }
  in.take('{');
  ++row_stamp_;
  const size_t columns = schema_.size();
  size_t filled = 0;
  size_t previous = no_slot;
  if (!in.take('}')) {
    do {
      const size_t slot = take_slot(in, previous);
      if (slot < columns) {
        field_ = &schema_[slot];
        append_value(in, *field_, out[slot]);
        field_ = nullptr;
        ++filled;
      } else {
        in.skip_value();
      }
    } while (in.take(','));
    in.expect('}', "after the last value of a row");
  }
  if (filled < columns) fill_absent(out);
  out.add_rows(1);
}

// The slot of the name that stands next, past its colon; no_slot: unknown.
size_t JsonRows::take_slot(JsonScanner& in, size_t& previous) {
  size_t& guess = previous == no_slot ? first_ : slots_[previous].successor;
  in.peek();
  size_t slot = guess;
  if (!in.take_name(slots_[slot].literal)) {
    slot = look_up(in);
    if (slot != no_slot) guess = slot;
  }
  in.expect(':', "after a column name");
  if (slot == no_slot) return slot;
  if (slots_[slot].seen_in == row_stamp_) {
    fail_value(fmt::format("column \"{}\" occurs twice in one row", slots_[slot].name));
  }
  slots_[slot].seen_in = row_stamp_;
  previous = slot;
  return slot;
}

size_t JsonRows::look_up(JsonScanner& in) {
  if (in.peek() != '"') in.fail("expected a column name in double quotes");
  const std::string_view name = in.string(name_scratch_);
  const auto it = slot_of_.find(name);
  if (it != slot_of_.end()) return it->second;
  meet_unknown(name);
  return no_slot;
}

void JsonRows::meet_unknown(std::string_view name) {
  // Two long names may be the same when cut.
  const bool whole = name.size() <= unknown_bytes_max;
  std::string cut;
  if (!whole) cut = shortened(name, unknown_bytes_max);
  const std::string_view kept = whole ? name : cut;
  auto it = unknown_of_.find(kept);
  if (it == unknown_of_.end()) {
    if (unknown_of_.size() >= unknown_max) return;
    it = unknown_of_.emplace(std::string(kept), 0).first;
  }
  if (whole && it->second == row_stamp_) {
    fail_value(fmt::format("column {} occurs twice in one row", excerpt(name)));
  }
  it->second = row_stamp_;
}

void JsonRows::append_value(JsonScanner& in, const Field& field, ColumnBuffer& out) {
  const char c = in.peek();
  if (c == 'n') {
    in.literal("null");
    if (!field.nullable) fail_value(fmt::format("column \"{}\" may not be null", field.name));
    out.append_null();
    return;
  }
  switch (field.type) {
    case Type::int64:
    case Type::float64:
      return append_number(in, field, out);
    case Type::boolean:
      if (c != 't' && c != 'f') fail_kind(in, field);
      in.literal(c == 't' ? "true" : "false");
      out.append(c == 't');
      return;
    default:
      if (c == '[' && field.type == Type::string) return append_numbers(in, field, out);
      return append_text(in, field, out);
  }
}

void JsonRows::append_number(JsonScanner& in, const Field& field, ColumnBuffer& out) {
  const char c = in.peek();
  if (c != '-' && uint8_t(c - '0') > 9) fail_kind(in, field);
  const JsonNumber number = in.number();
  if (field.type == Type::float64) {
    double value = 0;
    if (!number.to_double(value)) {
      fail_value(fmt::format("column \"{}\": the number {} is too large", field.name,
                             excerpt(number.text)));
    }
    out.append(value);
    return;
  }
  int64_t value = 0;
  switch (number.to_int64(value)) {
    case JsonNumber::Fit::yes:
      out.append(value);
      return;
    case JsonNumber::Fit::fraction:
      fail_value(fmt::format("column \"{}\" takes {}, not {}", field.name, kind_of(field.type),
                             excerpt(number.text)));
    case JsonNumber::Fit::overflow:
      fail_value(fmt::format("column \"{}\": the number {} is beyond 64-bit integers", field.name,
                             excerpt(number.text)));
  }
}

void JsonRows::append_text(JsonScanner& in, const Field& field, ColumnBuffer& out) {
  if (in.peek() != '"') fail_kind(in, field);
  const std::string_view text = in.string(text_scratch_);
  if (field.type == Type::string) {
    out.append(text);
  } else if (!append_parsed(out, text)) {
    fail_value(fmt::format("column \"{}\" takes {}, not {}", field.name, kind_of(field.type),
                           excerpt(text)));
  }
}

// An array of numbers stands for its text, "[1,2.5,null]": as such are lists read from files.
void JsonRows::append_numbers(JsonScanner& in, const Field& field, ColumnBuffer& out) {
  in.take('[');
  text_scratch_.assign(1, '[');
  if (!in.take(']')) {
    do {
      if (text_scratch_.size() > 1) text_scratch_ += ',';
      const char c = in.peek();
      if (c == 'n') {
        in.literal("null");
        text_scratch_ += "null";
      } else if (c == '-' || uint8_t(c - '0') <= 9) {
        text_scratch_ += in.number().text;
      } else {
        fail_value(fmt::format("column \"{}\" takes text, not an array with {}", field.name,
                               in.describe()),
                   "an array of numbers is taken as its text");
      }
    } while (in.take(','));
    in.expect(']', "after the last number of an array");
  }
  text_scratch_ += ']';
  out.append(std::string_view(text_scratch_));
}

void JsonRows::fill_absent(BatchBuffer& out) {
  for (size_t i = 0; i < schema_.size(); ++i) {
    if (slots_[i].seen_in == row_stamp_) continue;
    field_ = &schema_[i];
    if (!field_->nullable) {
      std::vector<std::string> here;
      for (const auto& [name, seen_in] : unknown_of_) {
        if (seen_in == row_stamp_) here.push_back(name);
      }
      std::sort(here.begin(), here.end());
      fail_value(fmt::format("column \"{}\" is missing", field_->name),
                 unknown_hint(field_->name, here));
    }
    out[i].append_null();
  }
  field_ = nullptr;
}

void JsonRows::fail_kind(JsonScanner& in, const Field& field) {
  fail_value(fmt::format("column \"{}\" takes {}, not {}", field.name, kind_of(field.type),
                         in.describe()));
}

void JsonRows::fail_value(const std::string& message, const std::string& hint) {
  throw Error(Code::invalid, message, {}, hint);
}

}  // namespace gristmill
