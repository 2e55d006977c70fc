// A verb of the command line: what it takes, and what it does. One file each, registering itself;
// parsing, help and the reference follow from the description.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/file_system.h"
#include "base/progress.h"
#include "base/registry.h"

namespace gristmill {

struct VerbOption {
  std::string name;   // "-o,--output", "--json"; a positional has no dash: "BUNDLE"
  std::string value;  // what stands for the value in help: "FILE"; "": a flag
  std::string text;
  bool required = false;
  bool many = false;      // may occur more than once
  bool optional = false;  // of many: its value may be left out, and is "" then
};

// One call of a verb.
class Invocation {
 public:
  fs::path dir = ".";
  bool json = false;
  Progress* progress = nullptr;
  std::vector<std::string> argv;
  std::map<std::string, std::vector<std::string>>
      values;  // by the option's long name without dashes

  bool has(const std::string& name) const { return values.count(name) > 0; }
  // The value, or `otherwise`.
  std::string value(const std::string& name, const std::string& otherwise = "") const;
  std::vector<std::string> all(const std::string& name) const;
  int64_t integer(const std::string& name, int64_t otherwise) const;  // Code::usage when it is none
};

struct Verb {
  std::string name;
  std::string text;  // one sentence
  std::vector<VerbOption> options;
  bool json = false;     // prints facts: takes --json
  bool project = false;  // reads the project file: takes --param and --env
  std::function<void(const Invocation&)> run;
  int position = 100;  // in `gristmill --help`
};
using Verbs = Registry<Verb>;
using RegisterVerb = Registration<Verb>;

// Parses, runs, translates errors: the exit code of the program.
int command_line(int argc, char** argv);

}  // namespace gristmill
