#include "source/url.h"

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

}  // namespace

Url::Url(const std::string& given) : text(given) {
  const size_t colon = given.find("://");
  if (colon == std::string::npos) {
    throw Error(Code::invalid, "this is not the URL of a database server", {},
                "write for example postgresql://USER:PASSWORD@HOST/DATABASE");
  }
  scheme = given.substr(0, colon);
  std::string_view rest = std::string_view(given).substr(colon + 3);
  const size_t query = rest.find('?');
  std::string_view place = rest.substr(0, query);
  const size_t slash = place.find('/');
  std::string_view authority = place.substr(0, slash);
  if (slash != std::string_view::npos) database = decoded(place.substr(slash + 1));
  // A password may hold an `@` that was not escaped: the last one ends it.
  const size_t at = authority.rfind('@');
  if (at != std::string_view::npos) {
    const std::string_view login = authority.substr(0, at);
    authority = authority.substr(at + 1);
    const size_t separator = login.find(':');
    user = decoded(login.substr(0, separator));
    if (separator != std::string_view::npos) {
      const std::string_view password = login.substr(separator + 1);
      remember_secret(std::string(password));
      remember_secret(decoded(password));
    }
  }
  const size_t bracket = authority.find(']');  // of an IPv6 address
  const size_t port_at = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  host = decoded(authority.substr(0, port_at));
  if (port_at != std::string_view::npos) port = authority.substr(port_at + 1);
}

std::string Url::shown() const {
  return scheme + "://" + host + (port.empty() ? "" : ":" + port) + "/" + database;
}

}  // namespace gristmill
