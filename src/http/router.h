// Which handler a method and a path belong to.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/server.h"

namespace gristmill {

class Router {
 public:
  void add(std::string method, std::string pattern, HttpServer::Handler handler);

  enum class Outcome { found, not_found, wrong_method, bad_escape };
  // Sets `request.captures`; decoded ones lie in `decoded`. HEAD finds GET's handler.
  Outcome find(HttpRequest& request, std::string& decoded,
               const HttpServer::Handler*& handler) const;
  // The methods of a path, for the Allow header: "GET, HEAD, POST".
  std::string allowed(std::string_view path) const;

 private:
  struct Route {
    std::string method;
    std::string pattern;
    bool literal;  // no `*`
    HttpServer::Handler handler;
    bool matches(std::string_view path) const;
  };
  std::vector<Route> routes_;
};

}  // namespace gristmill
