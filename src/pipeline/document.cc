#include "pipeline/document.h"

#include <algorithm>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "base/text.h"
#include "frame/cell.h"

namespace gristmill {
namespace {

// Aliases unfold: a small file can stand for more than memory holds. A pointer is kept for each
// value, so the names on the way to it count as well.
constexpr int64_t max_nodes = 1'000'000;
constexpr size_t max_bytes = size_t(64) << 20;

// YAML 1.2 core schema, without its other spellings of booleans.
nlohmann::json plain_value(const std::string& text) {
  if (text.empty() || text == "~" || text == "null") return nullptr;
  if (text == "true") return true;
  if (text == "false") return false;
  const bool numeric = text.find_first_not_of("0123456789+-.eE") == std::string::npos &&
                       text.find_first_of("0123456789") != std::string::npos;
  int64_t integer = 0;
  if (numeric && parse_int64(text, integer)) return integer;
  double number = 0;
  if (numeric && parse_float64(text, number)) return number;
  return text;
}

// A bracket or quote that opens and never closes, outside other quotes.
bool looks_cut(const std::string& text) {
  std::string open;
  char quote = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' ||
               (c == '\'' && (i == 0 || !isalnum(static_cast<unsigned char>(text[i - 1]))))) {
      quote = c;
    } else if (c == '(' || c == '[') {
      open += c;
    } else if (c == ')' || c == ']') {
      if (!open.empty()) open.pop_back();
    }
  }
  return quote != 0 || !open.empty();
}

}  // namespace

struct Converter {
  Document& document;
  const std::string& text;
  int64_t nodes = 0;
  size_t bytes = 0;

  Where at(const YAML::Mark& mark) const {
    return {document.file_, mark.line + 1, mark.column + 1, "", "", -1};
  }

  void count(size_t more, const YAML::Mark& mark) {
    bytes += more;
    if (bytes <= max_bytes) return;
    throw Error(Code::invalid, "the file unfolds to more than 64 MiB of text", at(mark),
                "anchors may be used, but not to multiply long texts");
  }

  nlohmann::json convert(const YAML::Node& node, const std::string& pointer, int depth) {
    count(pointer.size() + (node.IsScalar() ? node.Scalar().size() : 0), node.Mark());
    if (++nodes > max_nodes) {
      throw Error(Code::invalid, "the file unfolds to more than a million values", at(node.Mark()),
                  "anchors may be used, but not to multiply each other");
    }
    if (depth > 60) throw Error(Code::invalid, "values are nested too deeply", at(node.Mark()));
    document.marks_[pointer] = {document.file_, node.Mark().line + 1, node.Mark().column + 1};
    switch (node.Type()) {
      case YAML::NodeType::Map:
        return convert_map(node, pointer, depth);
      case YAML::NodeType::Sequence: {
        nlohmann::json list = nlohmann::json::array();
        for (const auto& item : node) {
          const std::string inner = pointer + "/" + std::to_string(list.size());
          list.push_back(convert(item, inner, depth + 1));
        }
        return list;
      }
      case YAML::NodeType::Scalar:
        return convert_scalar(node);
      default:
        return nullptr;
    }
  }

  nlohmann::json convert_map(const YAML::Node& node, const std::string& pointer, int depth) {
    nlohmann::json map = nlohmann::json::object();
    for (const auto& item : node) {
      if (!item.first.IsScalar())
        throw Error(Code::invalid, "a key must be text", at(item.first.Mark()));
      const std::string key = item.first.Scalar();
      if (map.contains(key)) {
        throw Error(Code::invalid, fmt::format("the key `{}` occurs twice", shortened(key)),
                    at(item.first.Mark()));
      }
      const std::string inner = pointer_to(pointer, key);
      map[key] = convert(item.second, inner, depth + 1);
      const YAML::Mark mark = item.first.Mark();
      document.marks_[inner] = {document.file_, mark.line + 1, mark.column + 1};
    }
    return map;
  }

  // yaml-cpp takes the end of the file as the end of a quoted text.
  void check_closed(const YAML::Mark& mark) const {
    const size_t begin = size_t(mark.pos);
    if (begin >= text.size() || (text[begin] != '"' && text[begin] != '\'')) return;
    const char quote = text[begin];
    for (size_t i = begin + 1; i < text.size(); ++i) {
      const bool doubled = quote == '\'' && text.compare(i, 2, "''") == 0;
      if (doubled || (quote == '"' && text[i] == '\\')) {
        ++i;  // what follows belongs to the text
      } else if (text[i] == quote) {
        return;
      }
    }
    throw Error(Code::invalid, "not valid YAML: a quote opens and never closes", at(mark));
  }

  nlohmann::json convert_scalar(const YAML::Node& node) {
    const bool plain = node.Tag() == "?";
    if (!plain) {
      check_closed(node.Mark());
      return node.Scalar();
    }
    if (looks_cut(node.Scalar())) {
      throw Error(Code::invalid,
                  fmt::format("this value looks cut: `{}`", shortened(node.Scalar())),
                  at(node.Mark()),
                  "YAML ends a value at a comma inside braces and at ` #`; write it in block form "
                  "or in quotes");
    }
    return plain_value(node.Scalar());
  }
};

void require_utf8(std::string_view text, const std::string& file) {
  const size_t bad = find_invalid_utf8(text);
  if (bad == std::string_view::npos) return;
  const std::string_view before = text.substr(0, bad);
  const size_t line_begin = before.rfind('\n') + 1;  // npos + 1: the first line
  throw Error(Code::invalid, "the text is not UTF-8",
              {.file = file,
               .line = 1 + int(std::count(before.begin(), before.end(), '\n')),
               .column = 1 + int(bad - line_begin)},
              "save it as UTF-8");
}

Document Document::parse(const std::string& text, const std::string& file) {
  Document document;
  document.file_ = file;
  if (text.size() > max_bytes)
    throw Error(Code::invalid, "the project file is larger than 64 MiB", {.file = file});
  if (text.find('\0') != std::string::npos) {
    throw Error(Code::invalid, "the project file holds a NUL byte", {.file = file},
                "it must be text in UTF-8");
  }
  require_utf8(text, file);
  Converter converter{document, text};
  try {
    const std::vector<YAML::Node> nodes = YAML::LoadAll(text);
    if (nodes.size() > 1) {
      throw Error(Code::invalid, "the project file holds several YAML documents",
                  converter.at(nodes[1].Mark()), "remove the line `---`");
    }
    document.json_ = nodes.empty() ? nlohmann::json() : converter.convert(nodes[0], "", 0);
  } catch (const YAML::Exception& error) {
    const char* hint = "";
    if (error.msg == YAML::ErrorMsg::END_OF_MAP_FLOW ||
        error.msg == YAML::ErrorMsg::END_OF_SEQ_FLOW)
      hint = "YAML ends a value at a comma inside braces; write it in block form or in quotes";
    if (error.msg == YAML::ErrorMsg::END_OF_MAP || error.msg == YAML::ErrorMsg::END_OF_SEQ)
      hint =
          "a value that begins with a quote ends with that quote; put all of it in other quotes, "
          "or begin it on a line of its own after `|`";
    if (error.msg == YAML::ErrorMsg::UNKNOWN_TOKEN)
      hint = "text that begins with %, @ or ` stands in quotes";
    if (text.find("\n\t") != text.npos) hint = "YAML is indented with spaces, not with tabs";
    throw Error(Code::invalid, fmt::format("not valid YAML: {}", error.msg),
                converter.at(error.mark), hint);
  }
  return document;
}

Document Document::read(const fs::path& path) {
  std::error_code unknown;  // what is not there is said in reading
  if (fs::exists(path, unknown) && !fs::is_regular_file(path, unknown))
    throw Error(Code::invalid, fmt::format("`{}` is not a file", path.string()));
  return parse(disk().read(path), path.filename().string());
}

void Document::lay_over(const Document& over) {
  if (!json_.is_object() || !over.json_.is_object())
    throw Error(Code::invalid, "it must be a mapping, of what is to be replaced",
                over.json_.is_object() ? where("") : over.where(""));
  merge(json_, over, over.json_, "");
}

void Document::merge(nlohmann::json& into, const Document& over, const nlohmann::json& from,
                     const std::string& pointer) {
  for (const auto& [key, value] : from.items()) {
    const std::string inner = pointer_to(pointer, key);
    const auto found = into.find(key);
    if (value.is_null() && found == into.end())
      throw Error(Code::invalid,
                  fmt::format("`{}` removes what is not there", shortened(inner.substr(1))),
                  over.where(inner), fmt::format("{} has no such value", file_));
    if (found != into.end() && found->is_object() && value.is_object()) {
      merge(*found, over, value, inner);
      continue;
    }
    forget_marks(inner);
    if (value.is_null()) {
      into.erase(key);
      continue;
    }
    into[key] = value;
    take_marks(over, inner);
  }
}

void Document::forget_marks(const std::string& pointer) {
  marks_.erase(pointer);
  const auto begin = marks_.lower_bound(pointer + "/"), end = marks_.lower_bound(pointer + "0");
  marks_.erase(begin, end);  // '0' follows '/'
}

void Document::take_marks(const Document& other, const std::string& pointer) {
  marks_[pointer] = other.marks_.at(pointer);
  marks_.insert(other.marks_.lower_bound(pointer + "/"), other.marks_.lower_bound(pointer + "0"));
}

Where Document::where(std::string pointer) const {
  while (true) {
    auto found = marks_.find(pointer);
    if (found != marks_.end())
      return {found->second.file, found->second.line, found->second.column, "", "", -1};
    if (pointer.empty()) return {.file = file_};
    pointer.resize(pointer.rfind('/'));
  }
}

std::string pointer_to(const std::string& parent, const std::string& key) {
  std::string escaped;
  for (const char c : key) {
    if (c == '~') {
      escaped += "~0";
    } else if (c == '/') {
      escaped += "~1";
    } else {
      escaped += c;
    }
  }
  return parent + "/" + escaped;
}

}  // namespace gristmill
