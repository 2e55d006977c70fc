#include "table/read_moments.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "table/session.h"

namespace gristmill {
namespace {

bool is_of_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || (c & 0x80) != 0;
}

// As a word: in the name of a table, or of the catalog that a relation is read from.
bool names(const std::string& text, const std::string& source) {
  for (size_t at = text.find(source); at != std::string::npos; at = text.find(source, at + 1)) {
    const size_t end = at + source.size();
    if ((at == 0 || !is_of_word(text[at - 1])) && (end == text.size() || !is_of_word(text[end])))
      return true;
  }
  return false;
}

}  // namespace

void ReadMoments::add(const std::string& source, const SharedMoment& how) {
  std::lock_guard lock(mutex_);
  kept_[lower(source)].how = how;
}

void ReadMoments::enter(Session& session, const std::string& sql,
                        const std::function<std::unique_ptr<Session>()>& open) {
  std::lock_guard lock(mutex_);
  const std::string text = kept_.empty() ? "" : lower(sql);
  for (auto entry = kept_.begin(); entry != kept_.end();) {
    auto& [source, kept] = *entry;
    if (!names(text, source)) {
      ++entry;
      continue;
    }
    if (!kept.keeper) {
      std::unique_ptr<Session> keeper = open();
      keeper->begin();
      try {
        kept.name = keeper->rows(kept.how.take).at(0).at(0);
      } catch (const Error& error) {
        if (error.code() == Code::interrupted) throw;
        // A server that speaks like PostgreSQL and cannot do this: each query has its own moment.
        entry = kept_.erase(entry);
        continue;
      }
      kept.keeper = std::move(keeper);
    }
    try {
      session.execute(kept.how.enter(kept.name));
    } catch (const Error& error) {
      if (error.message().find("snapshot") == std::string::npos) throw;
      throw Error(Code::unavailable,
                  fmt::format("the server of source {} has ended the transaction that keeps what "
                              "this command reads of one moment: {}",
                              source, error.message()),
                  {},
                  "run it again; the server's idle_in_transaction_session_timeout may be short");
    }
    ++entry;
  }
}

void ReadMoments::leave() {
  std::lock_guard lock(mutex_);
  for (auto& [source, kept] : kept_) kept.keeper.reset();
}

}  // namespace gristmill
