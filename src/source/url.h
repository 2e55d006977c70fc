// URLs of database servers: scheme://user:password@host:port/database?option=value (RFC 3986).
#pragma once

#include <string>

namespace gristmill {

struct Url {
  std::string text;                        // whole, as the server's client library takes it
  std::string scheme;                      // "postgresql"
  std::string user, host, port, database;  // percent-decoded; "" when absent

  // Its password becomes a secret of the process. Code::invalid, without the password.
  explicit Url(const std::string& text);
  // Without user and password: for errors and reports.
  std::string shown() const;
};

}  // namespace gristmill
