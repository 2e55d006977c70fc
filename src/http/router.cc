#include "http/router.h"

#include <algorithm>

#include "base/text.h"

namespace gristmill {
namespace {

// Cuts the first segment off `path`, which starts with '/'.
std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);
  std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

// Appends the decoded segment to `decoded`; false on a cut or wrong escape.
bool percent_decode(std::string_view segment, std::string& decoded) {
  for (size_t i = 0; i < segment.size(); ++i) {
    if (segment[i] != '%') {
      decoded += segment[i];
      continue;
    }
    if (i + 2 >= segment.size()) return false;
    int high = hex_digit(segment[i + 1]), low = hex_digit(segment[i + 2]);
    if (high < 0 || low < 0) return false;
    decoded += char(high * 16 + low);
    i += 2;
  }
  return true;
}

bool capture(std::string_view pattern, HttpRequest& request, std::string& decoded) {
  decoded.clear();
  decoded.reserve(request.path.size());  // the views must not move
  std::string_view path = request.path;
  while (!path.empty()) {
    std::string_view segment = take_segment(path);
    if (take_segment(pattern) != "*") continue;
    size_t begin = decoded.size();
    if (!percent_decode(segment, decoded)) return false;
    request.captures.push_back(std::string_view(decoded).substr(begin));
  }
  return true;
}

}  // namespace

bool Router::Route::matches(std::string_view path) const {
  if (literal) return path == pattern;
  std::string_view expected = pattern;
  while (!path.empty() && !expected.empty()) {
    std::string_view segment = take_segment(path), wanted = take_segment(expected);
    if (wanted == "*" ? segment.empty() : segment != wanted) return false;
  }
  return path.empty() && expected.empty();
}

void Router::add(std::string method, std::string pattern, HttpServer::Handler handler) {
  bool literal = pattern.find('*') == std::string::npos;
  routes_.push_back({std::move(method), std::move(pattern), literal, std::move(handler)});
}

Router::Outcome Router::find(HttpRequest& request, std::string& decoded,
                             const HttpServer::Handler*& handler) const {
  request.captures.clear();
  if (!request.path.starts_with('/')) return Outcome::not_found;
  std::string_view method = request.method == "HEAD" ? "GET" : request.method;
  bool known = false;
  for (const Route& route : routes_) {
    if (!route.matches(request.path)) continue;
    known = true;
    if (route.method != method) continue;
    if (!route.literal && !capture(route.pattern, request, decoded)) return Outcome::bad_escape;
    handler = &route.handler;
    return Outcome::found;
  }
  return known ? Outcome::wrong_method : Outcome::not_found;
}

std::string Router::allowed(std::string_view path) const {
  std::vector<std::string> methods;
  for (const Route& route : routes_) {
    if (!route.matches(path)) continue;
    methods.push_back(route.method);
    if (route.method == "GET") methods.push_back("HEAD");
  }
  std::sort(methods.begin(), methods.end());
  methods.erase(std::unique(methods.begin(), methods.end()), methods.end());
  std::string text;
  for (const std::string& method : methods) text += (text.empty() ? "" : ", ") + method;
  return text;
}

}  // namespace gristmill
