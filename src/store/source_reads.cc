#include "store/source_reads.h"

#include "base/clock.h"

namespace gristmill {

SourceReads::SourceReads(Database& database) : database_(database) {
  database_.execute(
      "CREATE TABLE IF NOT EXISTS source_reads (server TEXT PRIMARY KEY, instant INTEGER NOT "
      "NULL)");
}

int64_t SourceReads::instant(const std::string& server, int64_t max_age) {
  auto decided = decided_.find(server);
  if (decided != decided_.end()) return decided->second;
  const int64_t now = machine_clock().now();
  Statement last = database_.prepare("SELECT instant FROM source_reads WHERE server = ?");
  last.bind(server);
  if (last.step() && last.integer(0) + max_age > now) {
    return decided_.emplace(server, last.integer(0)).first->second;
  }
  Statement remember =
      database_.prepare("INSERT OR REPLACE INTO source_reads (server, instant) VALUES (?, ?)");
  remember.bind(server).bind(now).step();
  return decided_.emplace(server, now).first->second;
}

}  // namespace gristmill
