#include "source/url.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/secrets.h"
#include "base/text.h"

namespace gristmill {
namespace {

std::string decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
                        hex_digit(text[i + 2]) >= 0;
    if (escape) {
      out += char(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// All of ASCII but the unreserved characters of RFC 3986, 2.3. DuckDB's MySQL extension decodes no
// byte beyond ASCII rightly, and takes it as it is.
std::string percent_encoded(std::string_view text) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
  std::string out;
  for (const char c : text)
    out += uint8_t(c) >= 0x80 || plain.find(c) != plain.npos ? std::string(1, c)
                                                             : fmt::format("%{:02X}", uint8_t(c));
  return out;
}

std::vector<std::pair<std::string, std::string>> options_of(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> options;
  while (!query.empty()) {
    const std::string_view option = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), option.size() + 1));
    const size_t equals = option.find('=');
    if (option.empty()) continue;
    options.emplace_back(decoded(option.substr(0, equals)),
                         equals == option.npos ? "" : decoded(option.substr(equals + 1)));
  }
  return options;
}

}  // namespace

Url::Url(const std::string& given) {
  const size_t colon = given.find("://");
  if (colon == std::string::npos) {
    throw Error(Code::invalid, "this is not the URL of a database server", {},
                "write for example postgresql://USER:PASSWORD@HOST/DATABASE");
  }
  scheme = given.substr(0, colon);
  std::string_view rest = std::string_view(given).substr(colon + 3);
  const size_t query = rest.find('?');
  if (query != rest.npos) options = options_of(rest.substr(query + 1));
  std::string_view place = rest.substr(0, query);
  // A password may hold an `@` or a `/` that was not escaped: the last `@` ends it.
  const size_t at = place.rfind('@');
  if (at != std::string_view::npos) {
    const std::string_view login = place.substr(0, at);
    place.remove_prefix(at + 1);
    const size_t separator = login.find(':');
    user = decoded(login.substr(0, separator));
    login_ = percent_encoded(user);
    if (separator != std::string_view::npos) {
      const std::string password(login.substr(separator + 1));
      const std::string encoded = percent_encoded(decoded(password));
      for (const std::string& form : {password, decoded(password), encoded}) remember_secret(form);
      login_ += ":" + encoded;
    }
    login_ += "@";
  }
  const size_t slash = place.find('/');
  const std::string_view authority = place.substr(0, slash);
  if (slash != std::string_view::npos) database = decoded(place.substr(slash + 1));
  authority_ = authority;
  const size_t bracket = authority.find(']');  // of an IPv6 address
  const size_t port_at = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  host = decoded(authority.substr(0, port_at));
  if (port_at != std::string_view::npos) port = authority.substr(port_at + 1);
  // Several hosts stand between commas. What else is no number may be a password: it is not shown.
  if (port.find_first_not_of("0123456789") != port.npos && port.find(',') == port.npos)
    throw Error(Code::invalid, "the URL's port is no number", {},
                "if that is a part of the password, write its special characters as %3F and so on");
}

std::string Url::encoded(const std::string& under) const {
  std::string text = under + "://" + login_ + authority_ + "/" + percent_encoded(database);
  for (size_t i = 0; i < options.size(); ++i) {
    text += (i == 0 ? "?" : "&") + percent_encoded(options[i].first) + "=" +
            percent_encoded(options[i].second);
  }
  return text;
}

std::string Url::shown() const {
  return scheme + "://" + host + (port.empty() ? "" : ":" + port) + "/" + database;
}

}  // namespace gristmill
