#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <list>
#include <system_error>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "base/version.h"
#include "cli/console.h"
#include "cli/verb.h"

namespace gristmill {
namespace {

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

std::string long_name(const std::string& name) {
  const size_t dashes = name.find("--");
  if (dashes != std::string::npos) return name.substr(dashes + 2);
  return name;
}

// What waits for a server that has fallen silent never sees the wish to stop. Nothing half-done is
// seen afterwards, however the program ends.
constexpr unsigned stop_seconds_max = 5;

void end_at_once(int) {
  constexpr std::string_view said = "\nerror: interrupted\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, said.data(), said.size());
  std::_Exit(130);
}

void stop_on_signal(int) {
  // The second one ends the program at once.
  if (interrupted().exchange(true)) std::_Exit(130);
  ::alarm(stop_seconds_max);
}

void watch_signals() {
  struct sigaction action = {};
  action.sa_handler = stop_on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  action.sa_handler = end_at_once;
  sigaction(SIGALRM, &action, nullptr);
  std::signal(SIGPIPE, SIG_DFL);  // `… | head` ends the program quietly
  std::signal(SIGXFSZ, SIG_IGN);  // a file over its limit is an error like a full disk
}

struct Parsed {
  const Verb* verb = nullptr;
  CLI::App* app = nullptr;
  std::map<std::string, std::vector<std::string>> lists;
  std::map<std::string, std::string> singles;
  std::map<std::string, bool> flags;
};

CLI::Option* add_option(Parsed& parsed, const VerbOption& option) {
  const std::string name = long_name(option.name);
  const bool positional = option.name[0] != '-';
  if (!positional && option.value.empty()) {
    return parsed.app->add_flag(option.name, parsed.flags[name], option.text);
  }
  if (!option.many) {
    CLI::Option* added = parsed.app->add_option(option.name, parsed.singles[name], option.text);
    // `--env "$UNSET"` must not be as if nothing was said.
    const auto refuse_empty = [](const std::string& value) {
      return std::string(value.empty() ? "its value is empty" : "");
    };
    return positional ? added : added->check(refuse_empty);
  }
  CLI::Option* added = parsed.app->add_option(option.name, parsed.lists[name], option.text);
  // Each takes one value: what follows it is a positional again.
  if (!positional) added->expected(option.optional ? 0 : 1, 1)->allow_extra_args(false)->take_all();
  return added;
}

const std::vector<VerbOption>& project_options() {
  static const std::vector<VerbOption> options = {
      {.name = "-p,--param",
       .value = "NAME=VALUE",
       .text = "Override a parameter of the project",
       .many = true},
      {.name = "--env", .value = "NAME", .text = "Lay gristmill.NAME.yaml over the project file"}};
  return options;
}

void add_options(Parsed& parsed, const std::vector<VerbOption>& options) {
  for (const VerbOption& option : options) {
    CLI::Option* added = add_option(parsed, option);
    if (!option.value.empty()) added->type_name(option.value);
    if (option.required) added->required();
  }
}

int report(const Error& error) {
  std::fflush(stdout);
  fmt::print(stderr, "error: {}\n", error.what());
  return error.code() == Code::usage ? exit_usage : exit_failed;
}

// All text of the program is UTF-8, what it stores of names and paths too.
void check_text(const std::string& text, std::string_view what) {
  if (!is_utf8(text))
    throw Error(Code::usage, fmt::format("{} is not UTF-8: {}", what, excerpt(text)), {},
                "text and names must be UTF-8");
}

int run_verb(const Parsed& parsed, Invocation& call) {
  ConsoleProgress progress;
  call.progress = &progress;
  for (const auto& [name, values] : parsed.lists) {
    if (!values.empty()) call.values[name] = values;
  }
  for (const auto& [name, value] : parsed.singles) {
    if (!value.empty()) call.values[name] = {value};
  }
  for (const auto& [name, given] : parsed.flags) {
    if (given) call.values[name] = {"true"};
  }
  try {
    parsed.verb->run(call);
    if (std::fflush(stdout) != 0)
      throw Error(Code::unavailable, "standard output cannot be written");
    return 0;
  } catch (const Error& error) {
    progress.clear();
    return report(error);
  } catch (const std::bad_alloc&) {
    progress.clear();
    return report(Error(Code::exhausted, "memory ran out"));
  } catch (const std::system_error& error) {  // of fmt::print()
    progress.clear();
    return report(Error(Code::unavailable, error.what()));
  } catch (const std::exception& error) {
    progress.clear();
    return report(Error(Code::internal, fmt::format("unexpected: {}", error.what()), {},
                        "this is a bug of gristmill; please report it"));
  }
}

}  // namespace

std::string Invocation::value(const std::string& name, const std::string& otherwise) const {
  auto found = values.find(name);
  return found == values.end() ? otherwise : found->second.back();
}

std::vector<std::string> Invocation::all(const std::string& name) const {
  auto found = values.find(name);
  return found == values.end() ? std::vector<std::string>() : found->second;
}

int64_t Invocation::integer(const std::string& name, int64_t otherwise) const {
  if (!has(name)) return otherwise;
  const std::string text = value(name);
  int64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size()) {
    throw Error(Code::usage, fmt::format("--{} takes a whole number, not \"{}\"", name, text));
  }
  return number;
}

int command_line(int argc, char** argv) {
  watch_signals();
  CLI::App app{"From several databases to a monitored web API.", "gristmill"};
  app.set_version_flag("--version", version);
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);

  Invocation call;
  std::string dir = ".";
  app.add_option("-C", dir, "Work in this folder")->type_name("DIR");
  std::vector<const Verb*> verbs;
  for (const auto& [name, verb] : Verbs::instance()) verbs.push_back(&verb);
  std::stable_sort(verbs.begin(), verbs.end(),
                   [](auto* a, auto* b) { return a->position < b->position; });
  std::list<Parsed> all;
  for (const Verb* verb : verbs) {
    Parsed& parsed = all.emplace_back();
    parsed.verb = verb;
    parsed.app = app.add_subcommand(verb->name, verb->text);
    parsed.app->add_option("-C", dir, "Work in this folder")->type_name("DIR");
    if (verb->json) parsed.app->add_flag("--json", call.json, "Print one JSON document");
    add_options(parsed, verb->options);
    if (verb->project) add_options(parsed, project_options());
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    std::vector<std::string> names;
    for (const Verb* verb : verbs) names.push_back(verb->name);
    const std::string first = argc > 1 ? argv[1] : "";
    const bool unknown = argc > 1 && first[0] != '-' && Verbs::instance().find(first) == nullptr;
    return report(
        unknown ? Error(Code::usage, fmt::format("there is no command \"{}\"", first), {},
                        did_you_mean(first, names))
                : Error(Code::usage, error.what(), {},
                        fmt::format("gristmill {}--help",
                                    argc > 1 && !unknown && first[0] != '-' ? first + " " : "")));
  }
  call.dir = dir;
  call.argv.assign(argv + 1, argv + argc);
  try {
    for (const std::string& argument : call.argv) check_text(argument, "an argument");
    std::error_code gone;
    check_text(fs::absolute(call.dir, gone).string(), "the folder");
  } catch (const Error& error) {
    return report(error);
  }
  for (const Parsed& parsed : all) {
    if (parsed.app->parsed()) return run_verb(parsed, call);
  }
  return exit_usage;
}

}  // namespace gristmill
