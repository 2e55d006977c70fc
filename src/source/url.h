// URLs of database servers: scheme://user:password@host:port/database?option=value (RFC 3986).
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace gristmill {

struct Url {
  std::string scheme;                                        // "postgresql"
  std::string user, host, port, database;                    // percent-decoded; "" when absent
  std::vector<std::pair<std::string, std::string>> options;  // percent-decoded, in their order

  // Its password becomes a secret of the process. Code::invalid, without the password.
  explicit Url(const std::string& text);
  // Without user and password: for errors and reports.
  std::string shown() const;
  // Whole, under this scheme, with all that is not plain percent-encoded: for client libraries,
  // which differ in what else they understand. Holds the password.
  std::string encoded(const std::string& under) const;

 private:
  std::string login_, authority_;  // percent-encoded "user:password@"; "host:port" as given
};

}  // namespace gristmill
