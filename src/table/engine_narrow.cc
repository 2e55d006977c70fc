// Queries of an engine, as far as they need the tables of database servers.
#include "base/text.h"
#include "table/narrow.h"
#include "table/session.h"

namespace gristmill {

NarrowedQuery Engine::Impl::narrowed(Session& session, const std::string& sql,
                                     const Narrowing& how) {
  const StatisticsOf statistics = [&](const std::string& table) -> const ServerStatistics* {
    std::unique_lock lock(mutex);
    auto found = on_server.find(lower(table));
    if (found == on_server.end()) return nullptr;
    OnServer& entry = found->second;  // stays where it is while its table is defined
    if (!entry.known) entry.known = entry.ask(session);
    return &*entry.known;
  };
  {
    std::lock_guard lock(mutex);
    const std::string text = lower(sql);
    const bool reads_one = std::any_of(on_server.begin(), on_server.end(), [&](const auto& entry) {
      return text.find(entry.first.substr(entry.first.find('.') + 1)) != std::string::npos;
    });
    if (!reads_one) return {sql, {}, {}, {}};
  }
  try {
    NarrowedQuery query = narrow(session, sql, statistics, how);
    if (query.sql != sql) session.prepare(query.sql);
    return query;
  } catch (const Error& error) {
    if (error.code() == Code::interrupted) throw;
  } catch (const nlohmann::json::exception&) {
    // A tree of another shape than is known.
  }
  session.execute("ROLLBACK");
  begin(session, sql);
  return {sql, {}, {}, {}};
}

NarrowedQuery Engine::narrowed(const std::string& sql) {
  const std::unique_ptr<Session> session = impl_->session();
  impl_->begin(*session, sql);
  return impl_->narrowed(*session, sql, {.send_filters = false});
}

std::vector<std::string> Engine::narrowings(const std::string& sql) {
  const std::unique_ptr<Session> session = impl_->session();
  impl_->begin(*session, sql);
  return impl_->narrowed(*session, sql, {.read_keys = false}).notes;
}

}  // namespace gristmill
