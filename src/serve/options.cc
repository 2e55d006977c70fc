#include "serve/options.h"

#include <charconv>
#include <cstdlib>

#include <fmt/format.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "base/error.h"
#include "base/version.h"

namespace gristmill {
namespace {

constexpr int most_threads = 1024;

int number(std::string_view text, std::string_view name) {
  int value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    throw Error(Code::usage, fmt::format("{} is not a whole number: \"{}\"", name, text));
  return value;
}

// Set and not empty.
const char* environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != 0 ? value : nullptr;
}

}  // namespace

ServeOptions serve_options_from_environment() {
  ServeOptions options;
  if (const char* host = environment("GRISTMILL_HOST")) options.host = host;
  if (const char* port = environment("GRISTMILL_PORT"))
    options.port = number(port, "GRISTMILL_PORT");
  if (const char* threads = environment("GRISTMILL_THREADS"))
    options.threads = number(threads, "GRISTMILL_THREADS");
  return options;
}

void check(const ServeOptions& options) {
  if (options.port < 0 || options.port > 65535)
    throw Error(Code::usage, fmt::format("there is no port {}", options.port), {},
                "--port and GRISTMILL_PORT take 0 to 65535");
  if (options.threads < 0 || options.threads > most_threads)
    throw Error(
        Code::usage, fmt::format("{} is no number of threads", options.threads), {},
        fmt::format("--threads and GRISTMILL_THREADS take 0 (all cores) to {}", most_threads));
}

std::optional<ServeOptions> parse_serve_options(int argc, const char* const* argv,
                                                std::string& text) {
  ServeOptions options = serve_options_from_environment();
  std::string port, threads;
  CLI::App app("Answers over HTTP with bundles that `gristmill run` made.", "gristmill-serve");
  app.add_option("BUNDLE", options.bundles, "Bundles to serve; /predict is the first one's")
      ->required();
  app.add_option("--host", options.host,
                 fmt::format("Address to listen on (GRISTMILL_HOST; {})", options.host));
  app.add_option("--port", port,
                 fmt::format("Port, 0 picks one (GRISTMILL_PORT; {})", options.port));
  app.add_option("--threads", threads, "Network threads (GRISTMILL_THREADS; all cores)");
  app.set_version_flag("--version", std::string("gristmill-serve ") + version);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    text = app.help();
    return std::nullopt;
  } catch (const CLI::CallForVersion& version) {
    text = std::string(version.what()) + "\n";
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    throw Error(Code::usage, error.what(), {}, "gristmill-serve --help");
  }
  if (!port.empty()) options.port = number(port, "--port");
  if (!threads.empty()) options.threads = number(threads, "--threads");
  return options;
}

}  // namespace gristmill
