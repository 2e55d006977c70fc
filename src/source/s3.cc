#include "source/s3.h"

#include <openssl/hmac.h>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"

namespace gristmill {
namespace {

// RFC 3986, slashes kept.
std::string encoded_path(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string hmac(std::string_view key, std::string_view text) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  ::HMAC(::EVP_sha256(), key.data(), int(key.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &size);
  return {reinterpret_cast<const char*>(out), size};
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return out;
}

}  // namespace

S3Place::S3Place(const std::string& url, const std::string& endpoint, const std::string& region) {
  const std::string rest = url.substr(std::string_view("s3://").size());
  const size_t slash = rest.find('/');
  bucket = rest.substr(0, slash);
  if (slash != std::string::npos) key = rest.substr(slash + 1);
  const bool is_name = !bucket.empty() && bucket.find_first_not_of(
                                              "abcdefghijklmnopqrstuvwxyz"
                                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                              "0123456789.-_") == bucket.npos;
  if (!is_name || key.empty() || key.ends_with('/'))
    throw Error(Code::invalid, fmt::format("`{}` names no object of S3", shortened(url)), {},
                "write s3://BUCKET/KEY");
  if (!endpoint.empty()) {
    const size_t colon = endpoint.find("://");
    scheme = endpoint.substr(0, colon);
    if (colon == std::string::npos || (scheme != "https" && scheme != "http"))
      throw Error(Code::invalid, "`endpoint` is no URL of a server", {},
                  "for example https://storage.example.com");
    host = endpoint.substr(colon + 3);
    while (host.ends_with('/')) host.pop_back();
    path = encoded_path("/" + bucket + "/" + key);
    return;
  }
  scheme = "https";
  const bool in_host = bucket.find_first_of("._") == std::string::npos;  // a certificate's host
  host = (in_host ? bucket + "." : "") + "s3." + region + ".amazonaws.com";
  path = encoded_path((in_host ? "/" : "/" + bucket + "/") + key);
}

std::map<std::string, std::string> s3_signed(const S3Place& place, const S3Login& login,
                                             const std::string& time,
                                             std::map<std::string, std::string> headers) {
  const std::string nothing = Digest::of("").hex();
  headers["host"] = place.host;
  headers["x-amz-content-sha256"] = nothing;
  headers["x-amz-date"] = time;
  if (!login.session_token.empty()) headers["x-amz-security-token"] = login.session_token;
  std::string lines, names;
  for (const auto& [name, value] : headers) {
    lines += name + ":" + value + "\n";
    names += (names.empty() ? "" : ";") + name;
  }
  const std::string request =
      fmt::format("GET\n{}\n\n{}\n{}\n{}", place.path, lines, names, nothing);
  const std::string day = time.substr(0, 8);
  const std::string scope = fmt::format("{}/{}/s3/aws4_request", day, login.region);
  const std::string text =
      fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", time, scope, Digest::of(request).hex());
  std::string key = "AWS4" + login.secret_key;
  for (const std::string& part :
       {day, login.region, std::string("s3"), std::string("aws4_request")})
    key = hmac(key, part);
  headers["authorization"] =
      fmt::format("AWS4-HMAC-SHA256 Credential={}/{},SignedHeaders={},Signature={}",
                  login.access_key, scope, names, hex(hmac(key, text)));
  return headers;
}

}  // namespace gristmill
