// The tree's saved form: {"op", "type", "column" | "value" | "args", "try"}.
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "expr/evaluation.h"
#include "expr/op.h"

namespace gristmill {
namespace {

// JSON has no nan and no inf.
nlohmann::json saved_value(const nlohmann::json& value) {
  if (!value.is_number_float()) return value;
  const double number = value.get<double>();
  if (std::isnan(number)) return std::signbit(number) ? "-nan" : "nan";
  if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  return value;
}

[[noreturn]] void refuse(std::string_view message) {
  throw Error(Code::corrupt, fmt::format("saved expression: {}", message));
}

std::string text_of(const nlohmann::json& json, const char* key) {
  auto it = json.find(key);
  if (it == json.end() || !it->is_string()) refuse(fmt::format("`{}` is not text", key));
  std::string text = it->get<std::string>();
  if (!is_utf8(text)) refuse(fmt::format("`{}` is not UTF-8", key));
  return text;
}

ExprNode read_node(const nlohmann::json& json, int depth) {
  if (depth > max_expression_depth) {
    refuse(fmt::format("it nests deeper than {} levels", max_expression_depth));
  }
  if (!json.is_object()) refuse("a node is not an object");
  ExprNode node;
  node.op = text_of(json, "op");
  node.type = parse_type(text_of(json, "type"));
  if (node.op == "column") node.column = text_of(json, "column");
  if (auto it = json.find("value"); it != json.end()) {
    node.value = *it;
    if (node.value.is_string() && !is_utf8(node.value.get_ref<const std::string&>())) {
      refuse("a constant is not UTF-8");
    }
  }
  if (auto it = json.find("try"); it != json.end()) {
    if (!it->is_boolean()) refuse("`try` is not a boolean");
    node.try_cast = it->get<bool>();
  }
  if (auto it = json.find("args"); it != json.end()) {
    if (!it->is_array()) refuse("`args` is not an array");
    if (it->size() > max_expression_args) refuse("a node has too many arguments");
    node.args.reserve(it->size());
    for (const auto& arg : *it) node.args.push_back(read_node(arg, depth + 1));
  }
  try {
    check_node(node);
    if (takes_pattern(*find_op(node.op, node.args.size()))) expr_internal::read_regex_call(node);
  } catch (const Error& error) {
    refuse(error.message());
  }
  return node;
}

}  // namespace

nlohmann::json ExprNode::json() const {
  nlohmann::json json = {{"op", op}, {"type", name_of(type)}};
  if (op == "column") json["column"] = column;
  if (op == "constant" || !value.is_null()) json["value"] = saved_value(value);
  if (try_cast) json["try"] = true;
  for (const ExprNode& arg : args) json["args"].push_back(arg.json());
  return json;
}

ExprNode ExprNode::from_json(const nlohmann::json& json) { return read_node(json, 1); }

}  // namespace gristmill
