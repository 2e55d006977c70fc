// The moment at which all queries of an engine read a database server.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "source/source.h"

namespace gristmill {

class Session;

class ReadMoments {
 public:
  void add(const std::string& source, const SharedMoment& how);
  // Brings the transaction of `session`, which has read nothing yet, to the moments of the sources
  // that `sql` may read. `open` makes a session that keeps a moment. Code::unavailable when the
  // server has let go of one.
  void enter(Session& session, const std::string& sql,
             const std::function<std::unique_ptr<Session>()>& open);
  // What is read from now on is read at moments of its own.
  void leave();

 private:
  struct Kept {
    SharedMoment how;
    std::unique_ptr<Session> keeper;  // in a transaction; null before the first query
    std::string name;
  };
  std::mutex mutex_;
  std::map<std::string, Kept> kept_;  // by source, in lower case
};

}  // namespace gristmill
