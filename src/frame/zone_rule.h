// The rule at the end of a time-zone file for all years after its table, e.g.
// "EST5EDT,M3.2.0,M11.1.0" (POSIX.1-2017, 8.3, with the hours of RFC 8536, 3.3.1).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace gristmill {

// Appends the transitions of `rule` later than `from` (seconds since the epoch) up to the end of
// `last_year`: instants to `at`, the offset from each on to `offsets`. False, with nothing
// appended, when the rule cannot be read. A rule without daylight saving time appends nothing:
// it sets the one offset of a table without transitions.
bool expand_zone_rule(std::string_view rule, int64_t from, int64_t last_year,
                      std::vector<int64_t>& at, std::vector<int32_t>& offsets);

}  // namespace gristmill
