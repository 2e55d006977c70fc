#include "base/params.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/text.h"

namespace gristmill {

namespace {

using Json = nlohmann::json;

bool has_type(const Json& value, const std::string& type) {
  if (type == "number") return value.is_number();
  if (type == "integer") {
    if (!value.is_number_float()) return value.is_number_integer();
    double number = value.get<double>();
    return std::floor(number) == number && std::abs(number) < 0x1p53;
  }
  if (type == "boolean") return value.is_boolean();
  if (type == "string") return value.is_string();
  if (type == "array") return value.is_array();
  if (type == "object") return value.is_object();
  return true;
}

std::string shown(const Json& value) {
  return shortened(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::string_view with_article(const std::string& type) {
  if (type == "number") return "a number";
  if (type == "integer") return "a whole number";
  if (type == "boolean") return "true or false";
  if (type == "string") return "text";
  if (type == "array") return "a list";
  return "a mapping of names to values";
}

void check(const Json& value, const ParamDoc& doc, const std::string& owner) {
  auto refuse = [&](const std::string& wanted, std::string hint = {}) {
    throw Error(Code::invalid,
                fmt::format("{}: `{}` must be {}, not {}", owner, doc.name, wanted, shown(value)),
                {}, std::move(hint));
  };
  if (!has_type(value, doc.type)) refuse(std::string(with_article(doc.type)));
  if (value.is_number()) {
    double number = value.get<double>();
    if (std::isnan(number)) refuse("a number");
    if (doc.minimum && number < *doc.minimum) refuse(fmt::format("at least {}", *doc.minimum));
    if (doc.maximum && number > *doc.maximum) refuse(fmt::format("at most {}", *doc.maximum));
  }
  if (!doc.choices.empty() && value.is_string()) {
    std::string text = value.get<std::string>();
    if (std::find(doc.choices.begin(), doc.choices.end(), text) == doc.choices.end())
      refuse(fmt::format("one of {}", fmt::join(doc.choices, ", ")),
             did_you_mean(text, doc.choices));
  }
}

}  // namespace

Params::Params(Json given, const std::vector<ParamDoc>& docs, std::string owner)
    : values_(Json::object()), owner_(std::move(owner)) {
  if (given.is_null()) given = Json::object();
  if (!given.is_object())
    throw Error(Code::invalid,
                fmt::format("{}: its parameters must be a mapping of names to values, not {}",
                            owner_, shown(given)));
  std::vector<std::string> known;
  for (const ParamDoc& doc : docs) known.push_back(doc.name);
  for (const auto& [name, value] : given.items())
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw Error(Code::invalid, fmt::format("{}: unknown parameter `{}`", owner_, name), {},
                  did_you_mean(name, known));
  for (const ParamDoc& doc : docs) {
    auto it = given.find(doc.name);
    if (it == given.end() || it->is_null()) {
      if (!doc.value.is_null()) values_[doc.name] = doc.value;
      continue;
    }
    check(*it, doc, owner_);
    if (doc.type == "integer" && it->is_number_float())
      values_[doc.name] = it->get<int64_t>();
    else
      values_[doc.name] = *it;
  }
}

bool Params::has(const std::string& name) const { return values_.contains(name); }

const Json& Params::operator[](const std::string& name) const {
  static const Json absent;
  auto it = values_.find(name);
  return it == values_.end() ? absent : *it;
}

const Json& Params::needed(const std::string& name) const {
  auto it = values_.find(name);
  if (it == values_.end())
    throw Error(Code::invalid, fmt::format("{}: the parameter `{}` is missing", owner_, name));
  return *it;
}

}  // namespace gristmill
