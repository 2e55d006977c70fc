// When tables of servers were last read: what tells one reading from another.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "store/database.h"

namespace gristmill {

class SourceReads {
 public:
  explicit SourceReads(Database& database);
  // The instant (µs since 1970) of the reading of `server` that counts: the last one when it is
  // younger than `max_age` µs, else now. The same for as long as this object lives.
  int64_t instant(const std::string& server, int64_t max_age);

 private:
  Database& database_;
  std::map<std::string, int64_t> decided_;
};

}  // namespace gristmill
