// What a SELECT leaves to the order in which rows happen to come, which threads decide.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "table/session.h"
#include "table/sql_tree.h"

namespace gristmill {
namespace {

using nlohmann::json;

bool takes_rows_in_order(const std::string& aggregate) {
  static constexpr std::array names = {"first",      "last",    "any_value",    "arbitrary", "list",
                                       "string_agg", "listagg", "group_concat", "array_agg"};
  return std::find(names.begin(), names.end(), aggregate) != names.end();
}

bool is_ordered(const json& node) {
  auto order = node.find("order_bys");
  return order != node.end() && order->is_object() && !order->value("orders", json()).empty();
}

class OrderFinder {
 public:
  void walk(const json& node) {
    if (node.is_object()) {
      look_at_call(node);
      look_at_modifiers(node);
    }
    if (node.is_structured()) {
      for (const json& child : node) walk(child);
    }
  }

  std::vector<std::string> found;

 private:
  void look_at_call(const json& node) {
    if (json_text(node, "class") != "FUNCTION" || is_ordered(node)) return;
    const std::string name = lower(json_text(node, "function_name"));
    if (!takes_rows_in_order(name)) return;
    tell(
        fmt::format("{0}() takes rows as they happen to come, which may change from run to run: "
                    "{0}(x ORDER BY y) says which",
                    name));
  }

  void look_at_modifiers(const json& node) {
    auto modifiers = node.find("modifiers");
    if (modifiers == node.end() || !modifiers->is_array()) return;
    bool limited = false, distinct_on = false;
    for (const json& modifier : *modifiers) {
      const std::string type = json_text(modifier, "type");
      if (type == "ORDER_MODIFIER") return;
      limited |= type.starts_with("LIMIT");
      distinct_on |=
          type == "DISTINCT_MODIFIER" && !modifier.value("distinct_on_targets", json()).empty();
    }
    if (limited) tell("LIMIT without ORDER BY takes other rows from run to run");
    if (distinct_on) tell("DISTINCT ON without ORDER BY takes other rows from run to run");
  }

  void tell(std::string what) {
    if (std::find(found.begin(), found.end(), what) == found.end())
      found.push_back(std::move(what));
  }
};

}  // namespace

std::vector<std::string> Engine::left_to_order(const std::string& sql) {
  OrderFinder finder;
  finder.walk(sql_tree(*impl_->session(), sql));
  return std::move(finder.found);
}

}  // namespace gristmill
