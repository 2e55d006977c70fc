// Kinds that register themselves under their name: a rule, encoder, learner, source or metric is
// one source file with one static Registration in it; nothing else is touched.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace gristmill {

// Kind: a struct with `std::string name` and whatever makes one. Filled before main(), read after.
template <class Kind>
class Registry {
 public:
  static Registry& instance() {
    static Registry registry;
    return registry;
  }
  // Code::internal when the name is taken; thrown before main(), that ends the program with it.
  void add(Kind kind) {
    std::string name = kind.name;
    if (!kinds_.emplace(name, std::move(kind)).second)
      throw Error(Code::internal, "two kinds register themselves as \"" + name + "\"");
  }
  // nullptr when there is none.
  const Kind* find(std::string_view name) const {
    auto it = kinds_.find(name);
    return it == kinds_.end() ? nullptr : &it->second;
  }
  // Throws `unknown <what> "<name>"` with the nearest name as hint.
  const Kind& get(std::string_view name, std::string_view what, Code code = Code::invalid) const {
    if (const Kind* kind = find(name)) return *kind;
    throw Error(code, "unknown " + std::string(what) + " \"" + std::string(name) + "\"", {},
                did_you_mean(name, names()));
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& [name, kind] : kinds_) names.push_back(name);
    return names;
  }
  auto begin() const { return kinds_.begin(); }
  auto end() const { return kinds_.end(); }

 private:
  std::map<std::string, Kind, std::less<>> kinds_;
};

template <class Kind>
struct Registration {
  explicit Registration(Kind kind) { Registry<Kind>::instance().add(std::move(kind)); }
};

}  // namespace gristmill
