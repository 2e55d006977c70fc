// A time zone as a table of transitions: read once from the system's database when fitting, then
// frozen, so that a bundle answers the same on every machine.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/state.h"

namespace gristmill {

class TimeZone {
 public:
  TimeZone() = default;  // UTC

  // A zone of the system's database, e.g. "America/New_York"; "UTC" needs none. Rules that go on
  // for ever are written out up to the year 2100. Code::invalid with the nearest name when there is
  // no such zone; Code::unavailable when there is no database.
  static TimeZone find(const std::string& name);
  // The bytes of a TZif file of version 2 or later (RFC 8536). Code::corrupt.
  static TimeZone parse(std::string_view bytes, const std::string& name);

  const std::string& name() const { return name_; }

  // Seconds to add to an instant (seconds since the epoch) for the clock on the wall. O(log n).
  int32_t offset_at(int64_t seconds) const {
    size_t hint = 0;
    return offset_at(seconds, hint);
  }
  // The same; `hint` carries the place found from call to call: O(1) for neighbouring instants.
  int32_t offset_at(int64_t seconds, size_t& hint) const {
    if (hint < offsets_.size() && (hint == 0 || at_[hint - 1] <= seconds) &&
        (hint == at_.size() || seconds < at_[hint]))
      return offsets_[hint];
    hint = search(seconds);
    return offsets_[hint];
  }

  // The instant (seconds since the epoch) at which the clock on the wall shows `wall`, seconds
  // since 1970-01-01 00:00 of that clock. Null for a time that the clock skips, and for one that it
  // shows twice. O(log n).
  std::optional<int64_t> instant_of(int64_t wall) const;

  State save() const;
  static TimeZone load(const State& state);  // Code::corrupt

 private:
  size_t search(int64_t seconds) const;

  std::string name_ = "UTC";
  std::vector<int64_t> at_;             // rising instants
  std::vector<int32_t> offsets_ = {0};  // [0]: before at_[0]; [i + 1]: from at_[i] on
};

}  // namespace gristmill
