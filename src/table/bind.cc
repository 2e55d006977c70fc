#include "table/bind.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "expr/op.h"
#include "source/quote.h"
#include "table/bind_plan.h"

namespace gristmill {
namespace {

constexpr std::string_view before = "SELECT (";
// On a line of its own, so that a comment at the end of the text stays one.
constexpr std::string_view after = "\n) AS r";
constexpr size_t longest_text = 65'536;

bool is_text(const nlohmann::json& json, const char* key, std::string_view value) {
  auto it = json.find(key);
  return it != json.end() && it->is_string() && it->get_ref<const std::string&>() == value;
}

// Calls f with each object within `json`, outermost first.
template <class F>
void for_each_object(const nlohmann::json& json, const F& f) {
  if (json.is_object()) f(json);
  if (json.is_structured()) {
    for (const auto& child : json) for_each_object(child, f);
  }
}

// One expression on its way through DuckDB.
class Binder {
 public:
  Binder(const AskText& ask, const std::string& text, const Schema& schema)
      : ask_(ask), text_(text), schema_(schema) {}

  Expr bind() {
    check_text();
    const nlohmann::json parsed = parse();
    refuse_foreign(parsed);
    choose_columns(parsed);
    const std::string sql = as_doubles(parsed);
    const nlohmann::json plan = plan_of(sql);
    refuse_plan(plan);
    ExprNode root = PlanTranslator(ask_, columns_).translate(plan.at("expressions").at(0));
    return Expr(std::move(root), schema_);
  }

 private:
  void check_text() const {
    if (text_.find_first_not_of(" \t\r\n") == std::string::npos) {
      throw Error(Code::invalid, "an expression is due, but the text is empty", {},
                  "write what is to be computed, such as `delay > 15`");
    }
    if (text_.size() > longest_text) {
      throw Error(Code::invalid,
                  fmt::format("the expression is longer than {} bytes", longest_text));
    }
    if (text_.find('\0') != std::string::npos) {
      throw Error(Code::invalid, "the expression holds a NUL byte");
    }
  }

  nlohmann::json ask_json(const std::string& sql) const {
    nlohmann::json json = nlohmann::json::parse(ask_(sql), nullptr, false);
    if (json.is_discarded()) {
      // DuckDB writes a number beyond DOUBLE as Infinity, which is no JSON.
      throw Error(Code::invalid, "a number in the expression is beyond the range of DOUBLE", {},
                  "infinity is written 'inf'::DOUBLE");
    }
    return json;
  }

  // The tree of the text alone.
  nlohmann::json parse() const {
    auto tree = [&](std::string_view text) {
      return ask_json(fmt::format("SELECT json_serialize_sql({})",
                                  quote_text(fmt::format("{}{}{}", before, text, after))));
    };
    nlohmann::json parsed = tree(text_);
    if (parsed.at("error").get<bool>()) refuse_syntax(parsed);
    // All but the one selected expression must be as in a plain SELECT of one constant.
    auto shell = [](nlohmann::json json) {
      if (json["statements"].size() != 1) return nlohmann::json();
      auto& selected = json["statements"][0]["node"]["select_list"];
      if (!selected.is_array() || selected.size() != 1) return nlohmann::json();
      selected = nullptr;
      json["statements"][0].erase("named_param_map");  // parameters are refused by name
      return json;
    };
    if (shell(parsed) != shell(tree("1"))) {
      throw Error(Code::invalid, "one expression is due, not several or a whole query");
    }
    return std::move(parsed["statements"][0]["node"]["select_list"][0]);
  }

  // Position in the text of what DuckDB says about its SQL, from 0; the text's size: its end.
  std::optional<size_t> position_of(const nlohmann::json& error) const {
    auto it = error.find("position");
    if (it == error.end() || !it->is_string()) return std::nullopt;
    const size_t at = std::strtoull(it->get_ref<const std::string&>().c_str(), nullptr, 10);
    if (at < before.size()) return std::nullopt;
    return at - before.size();
  }

  // Of an error in binding, whose position counts bytes, those of `e0` among them.
  std::string place(const nlohmann::json& error) const {
    auto at = position_of(error);
    if (!at) return "";
    for (size_t k = 0; k < inserted_.size(); ++k) {
      if (inserted_[k] + 2 * k < *at) *at -= 2;
    }
    return fmt::format(", at character {}", characters(text_.substr(0, *at)) + 1);
  }

  static size_t characters(std::string_view text) {
    return size_t(std::count_if(text.begin(), text.end(),
                                [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; }));
  }

  [[noreturn]] void refuse_syntax(const nlohmann::json& error) const {
    auto message = error.value("error_message", std::string());
    message = message.substr(0, message.find('\n'));
    // Here the position counts characters.
    const auto at = position_of(error);
    const bool ends = at && *at >= characters(text_);
    // Beyond the end, DuckDB names our own text, and of an open quote all the rest of the user's.
    if (ends) {
      message = "it ends too early: an operand or a closing parenthesis is missing";
    } else if (message.starts_with("unterminated")) {
      message = message.substr(0, message.find(" at or near"));
    }
    throw Error(Code::invalid,
                fmt::format("the expression `{}` cannot be read{}: {}", shown(),
                            at && !ends ? fmt::format(", at character {}", *at + 1) : "", message),
                {}, keyword_hint());
  }

  // Of a column whose name SQL takes for one of its own words.
  std::string keyword_hint() const {
    for (const std::string& name : schema_.names()) {
      size_t at = 0;
      auto is_word = [&](size_t i) {
        return i < text_.size() &&
               (std::isalnum(uint8_t(text_[i])) || text_[i] == '_' || text_[i] == '"');
      };
      while ((at = text_.find(name, at)) != std::string::npos &&
             ((at > 0 && is_word(at - 1)) || is_word(at + name.size())))
        ++at;
      if (at == std::string::npos) continue;
      const nlohmann::json alone =
          ask_json(fmt::format("SELECT json_serialize_sql({})", quote_text("SELECT " + name)));
      if (alone.at("error").get<bool>())
        return fmt::format("{} is a word of SQL: the column is written \"{}\"", name, name);
    }
    return {};
  }

  std::string shown() const {
    constexpr size_t most = 200;
    if (text_.size() <= most) return text_;
    size_t cut = most;
    while (cut > 0 && (static_cast<uint8_t>(text_[cut]) & 0xC0) == 0x80) --cut;
    return text_.substr(0, cut) + "…";
  }

  // What DuckDB would bind but a row alone cannot answer.
  void refuse_foreign(const nlohmann::json& parsed) const {
    auto refuse = [](std::string_view what) {
      throw Error(Code::invalid, fmt::format("{} cannot stand in an expression over a row", what));
    };
    for_each_object(parsed, [&](const nlohmann::json& node) {
      if (is_text(node, "class", "SUBQUERY")) refuse("a subquery (SELECT)");
      if (is_text(node, "class", "WINDOW")) {
        refuse(fmt::format("the window function `{}`", node.value("function_name", "")));
      }
      if (is_text(node, "class", "PARAMETER")) {
        refuse(fmt::format("the parameter `${}`", node.value("identifier", "")));
      }
      if (is_text(node, "class", "STAR")) refuse("`*`");
      if (is_text(node, "class", "LAMBDA")) refuse("a lambda (`x -> …`)");
      if (is_text(node, "class", "POSITIONAL_REFERENCE")) refuse("a column by number (`#1`)");
      if (is_text(node, "class", "COLLATE")) refuse("COLLATE");
      if (is_text(node, "class", "DEFAULT")) refuse("DEFAULT");
    });
  }

  // The columns that the text names, each under the name that DuckDB shall know.
  void choose_columns(const nlohmann::json& parsed) {
    std::map<std::string, std::string> chosen;  // by name in lower case
    for_each_object(parsed, [&](const nlohmann::json& node) {
      if (!is_text(node, "class", "COLUMN_REF")) return;
      const auto path = node.at("column_names").get<std::vector<std::string>>();
      const Field* field =
          resolve(path.size() == 1 ? path[0] : fmt::format("{}", fmt::join(path, ".")));
      if (field == nullptr) return;
      auto [it, is_new] = chosen.emplace(lower(field->name), field->name);
      if (is_new) {
        columns_.push_back(*field);
      } else if (it->second != field->name) {
        throw Error(Code::invalid,
                    fmt::format("columns {} and {} differ only in case, so one expression cannot "
                                "read both",
                                it->second, field->name));
      }
    });
  }

  // Null: no column, but a name that DuckDB knows.
  const Field* resolve(const std::string& name) const {
    if (const int exact = schema_.find(name); exact >= 0) return &schema_[size_t(exact)];
    const Field* found = nullptr;
    for (const Field& field : schema_.fields()) {
      if (lower(field.name) != lower(name)) continue;
      if (found != nullptr) {
        throw Error(Code::invalid, fmt::format("`{}` may be column {} or {}: write it exactly",
                                               name, found->name, field.name));
      }
      found = &field;
    }
    if (found != nullptr) return found;
    for (std::string_view clock :
         {"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"}) {
      if (lower(name) == clock) return nullptr;
    }
    const bool quoted = text_.find('"' + name + '"') != std::string::npos;
    throw Error(Code::not_found, fmt::format("there is no column {}", name), Where{.field = name},
                quoted ? fmt::format("text stands in single quotes: '{}'", name)
                       : did_you_mean(name, schema_.names()));
  }

  // The text with `e0` after each constant that DuckDB takes for DECIMAL or HUGEINT.
  std::string as_doubles(const nlohmann::json& parsed) {
    for_each_object(parsed, [&](const nlohmann::json& node) {
      if (!is_text(node, "class", "CONSTANT")) return;
      const nlohmann::json& type = node.at("value").at("type");
      if (is_text(type, "id", "DECIMAL") || is_text(type, "id", "HUGEINT") ||
          is_text(type, "id", "UHUGEINT")) {
        mark_number(node.at("query_location").get<uint64_t>());
      }
    });
    std::sort(inserted_.begin(), inserted_.end());
    inserted_.erase(std::unique(inserted_.begin(), inserted_.end()), inserted_.end());
    std::string text = text_;
    for (auto it = inserted_.rbegin(); it != inserted_.rend(); ++it) text.insert(*it, "e0");
    return text;
  }

  void mark_number(uint64_t location) {
    if (location < before.size() || location - before.size() >= text_.size()) return;
    // Of a negative constant the location may be its sign's.
    size_t at = text_.find_first_not_of("-+( \t\r\n", location - before.size());
    if (at == std::string::npos) return;
    const size_t end = std::min(text_.find_first_not_of("0123456789._", at), text_.size());
    if (end > at) inserted_.push_back(end);
  }

  nlohmann::json plan_of(const std::string& text) const {
    std::string sql = fmt::format("{}{}{}", before, text, after);
    if (!columns_.empty()) {
      sql += " FROM (SELECT ";
      for (size_t i = 0; i < columns_.size(); ++i) {
        sql += fmt::format("{}CAST(NULL AS {}) AS {}", i == 0 ? "" : ", ",
                           sql_name(columns_[i].type), quote_name(columns_[i].name));
      }
      sql += ") AS one_row";
    }
    nlohmann::json bound =
        ask_json(fmt::format("SELECT json_serialize_plan({}, optimize := false)", quote_text(sql)));
    if (bound.at("error").get<bool>()) refuse_binding(bound);
    return std::move(bound.at("plans").at(0));
  }

  [[noreturn]] void refuse_binding(const nlohmann::json& error) const {
    auto message = error.value("error_message", std::string());
    message = message.substr(0, message.find('\n'));
    std::string hint;
    if (is_text(error, "error_subtype", "NO_MATCHING_FUNCTION")) {
      message = fmt::format("no function or operator takes {}", error.value("call", ""));
      hint = "cast the arguments: CAST(x AS type)";
    } else if (is_text(error, "error_type", "catalog") &&
               is_text(error, "type", "Scalar Function")) {
      const auto name = error.value("name", std::string());
      message = fmt::format("there is no function `{}`", name);
      std::vector<std::string> names;
      for (const ExprOp& op : expr_ops()) names.push_back(op.name);
      if (std::string near = nearest(name, names); !near.empty()) {
        hint = fmt::format("did you mean \"{}\"?", near);
      }
    } else if (message.find("GROUP BY clause") != std::string::npos) {
      throw Error(
          Code::invalid,
          fmt::format("an aggregate in `{}` looks at many rows; an expression sees one", shown()),
          {}, "compute it in the table's SQL, for example with avg(x) OVER ()");
    } else if (is_text(error, "error_type", "internal")) {
      message = "DuckDB cannot bind it";
    }
    throw Error(Code::invalid,
                fmt::format("the expression `{}` is wrong{}: {}", shown(), place(error), message),
                {}, hint);
  }

  // Rows must come straight from the columns.
  void refuse_plan(const nlohmann::json& plan) const {
    for_each_object(plan, [&](const nlohmann::json& node) {
      if (is_text(node, "expression_class", "BOUND_AGGREGATE")) {
        throw Error(Code::invalid,
                    fmt::format("the aggregate `{}` looks at many rows; an expression sees one",
                                node.value("name", "") == "count_star" ? "count(*)"
                                                                       : node.value("name", "")));
      }
    });
    const nlohmann::json& below = plan.at("children").at(0);
    const bool plain = is_text(plan, "type", "LOGICAL_PROJECTION") &&
                       (is_text(below, "type", "LOGICAL_PROJECTION") ||
                        is_text(below, "type", "LOGICAL_DUMMY_SCAN"));
    if (!plain || plan.at("expressions").size() != 1) {
      throw Error(Code::invalid, "an expression gives one value for each row, not several");
    }
  }

  const AskText& ask_;
  const std::string& text_;
  const Schema& schema_;
  std::vector<Field> columns_;    // as DuckDB counts them
  std::vector<size_t> inserted_;  // places in text_ of `e0`
};

}  // namespace

Expr bind_expression(const AskText& ask, const std::string& text, const Schema& schema) {
  try {
    return Binder(ask, text, schema).bind();
  } catch (const nlohmann::json::exception& error) {
    throw Error(Code::internal,
                fmt::format("DuckDB's plan of `{}` has an unknown form: {}", text, error.what()));
  }
}

}  // namespace gristmill
