// What `gristmill serve` and `gristmill-serve` are told.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace gristmill {

struct ServeOptions {
  std::vector<std::string> bundles;  // paths
  std::string host = "127.0.0.1";
  int port = 8080;  // 0 picks one
  int threads = 0;  // 0: as many as there are cores
};

// The defaults, with GRISTMILL_HOST, GRISTMILL_PORT and GRISTMILL_THREADS in their place.
// Code::usage when one is not a number.
ServeOptions serve_options_from_environment();

// Code::usage when port or threads are out of range.
void check(const ServeOptions& options);

// The command line of gristmill-serve. Code::usage when it is wrong. Nothing when help or the
// version was asked for: `text` is what to print.
std::optional<ServeOptions> parse_serve_options(int argc, const char* const* argv,
                                                std::string& text);

}  // namespace gristmill
