// DuckDB's messages, read as people are meant to read them.
#include <charconv>
#include <map>
#include <optional>

#include "base/secrets.h"
#include "table/functions.h"
#include "table/handles.h"

namespace gristmill {
namespace {

const std::map<std::string_view, Code>& code_of_kind() {
  static const std::map<std::string_view, Code> codes = {
      {"Parser Error", Code::invalid},
      {"Syntax Error", Code::invalid},
      {"Binder Error", Code::invalid},
      {"Catalog Error", Code::invalid},
      {"Conversion Error", Code::invalid},
      {"Invalid Input Error", Code::invalid},
      {"Invalid Error", Code::invalid},
      {"Out of Range Error", Code::invalid},
      {"Mismatch Type Error", Code::invalid},
      {"Constraint Error", Code::invalid},
      {"Not implemented Error", Code::invalid},
      {"Serialization Error", Code::corrupt},
      {"IO Error", Code::unavailable},
      {"Permission Error", Code::unavailable},
      {"Missing Extension Error", Code::unavailable},
      {"Extension Autoloading Error", Code::unavailable},
      {"HTTP Error", Code::unavailable},
      {"Out of Memory Error", Code::exhausted},
      {"Sequence Error", Code::invalid},
      {"INTERRUPT Error", Code::interrupted},
      {"Interrupt Error", Code::interrupted},
      {"INTERNAL Error", Code::internal},
      {"FATAL Error", Code::internal},
  };
  return codes;
}

int number_at(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string_view line_of(std::string_view text, int line) {
  for (int i = 1; i < line; ++i) {
    size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

// From "LINE 2: … some SQL …\n       ^" at the end of the message; DuckDB shortens long lines with
// "..." at either end, so the excerpt is looked up in the SQL itself.
void find_place(std::string_view text, std::string_view sql, Where& where) {
  size_t at = text.rfind("\nLINE ");
  if (at == std::string_view::npos) return;
  std::string_view line = text.substr(at + 1);
  size_t colon = line.find(": "), end = line.find('\n');
  if (colon == std::string_view::npos || end == std::string_view::npos || end < colon) return;
  where.line = number_at(line.substr(5));
  size_t caret = line.find('^', end);
  if (caret == std::string_view::npos || caret < end + 1 + colon + 2) return;
  size_t offset = caret - (end + 1) - (colon + 2);
  std::string_view excerpt = line.substr(colon + 2, end - colon - 2);
  std::string_view cut = excerpt;
  if (cut.starts_with("...") && offset >= 3) {
    cut.remove_prefix(3);
    offset -= 3;
  }
  if (cut.ends_with("...")) cut.remove_suffix(3);
  size_t found = line_of(sql, where.line).find(cut);
  if (found != std::string_view::npos) where.column = int(found + offset) + 1;
}

// The names in quotes after `mark`.
std::vector<std::string> quoted_after(std::string_view text, std::string_view mark) {
  std::vector<std::string> names;
  size_t at = text.find(mark);
  if (at == std::string_view::npos) return names;
  std::string_view rest = text.substr(at + mark.size());
  rest = rest.substr(0, rest.find('\n'));
  while ((at = rest.find('"')) != std::string_view::npos) {
    size_t end = rest.find('"', at + 1);
    if (end == std::string_view::npos) break;
    names.emplace_back(rest.substr(at + 1, end - at - 1));
    rest.remove_prefix(end + 1);
  }
  return names;
}

std::string hint_of(std::string_view text) {
  std::vector<std::string> near = quoted_after(text, "Did you mean ");
  bool of_the_system =
      near.size() == 1 && (near[0].starts_with("sqlite_") || near[0].starts_with("pg_"));
  if (near.size() == 1 && !of_the_system) return "did you mean \"" + near[0] + "\"?";
  std::vector<std::string> candidates = quoted_after(text, "Candidate bindings: ");
  std::vector<std::string> asked = quoted_after(text, "Referenced column ");
  if (asked.empty()) asked = quoted_after(text, "does not have a column named ");
  if (text.find("syntax error at or near \"-\"") != std::string_view::npos)
    return "a name with a dash in it stands in double quotes: \"my-table\"";
  if (candidates.empty() || asked.empty()) return {};
  // "w.temp" is as near as "temp".
  for (std::string& candidate : candidates) {
    size_t dot = candidate.rfind('.');
    if (dot != std::string::npos) candidate.erase(0, dot + 1);
  }
  return did_you_mean(asked[0], candidates);
}

// An Error of ours that came through DuckDB.
constexpr std::string_view packed_mark = "gristmill error ";

std::optional<Error> unpacked(std::string_view text) {
  const size_t at = text.find(packed_mark), end = text.rfind('}');
  if (at == std::string_view::npos || end == std::string_view::npos) return std::nullopt;
  const auto json = nlohmann::json::parse(
      text.substr(at + packed_mark.size(), end + 1 - at - packed_mark.size()), nullptr, false);
  if (json.is_discarded()) return std::nullopt;
  return Error(Code(json.at("code").get<int>()), json.at("message"),
               {.file = json.at("file"),
                .line = json.at("line"),
                .field = json.at("field"),
                .row = json.at("row")},
               json.at("hint"));
}

std::string_view first_paragraph(std::string_view text) {
  for (std::string_view mark : {"\n\nLINE ", "\nLINE ", "\nDid you mean", "\nCandidate bindings",
                                "\n\nPossible solutions"}) {
    text = text.substr(0, text.find(mark));
  }
  while (!text.empty() && (text.back() == '\n' || text.back() == '!' || text.back() == '.')) {
    text.remove_suffix(1);
  }
  return text;
}

}  // namespace

std::string packed(const Error& error) {
  const nlohmann::json json = {{"code", int(error.code())},    {"message", error.message()},
                               {"file", error.where().file},   {"line", error.where().line},
                               {"field", error.where().field}, {"row", error.where().row},
                               {"hint", error.hint()}};
  return std::string(packed_mark) +
         json.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

Error duckdb_failure(std::string_view said, std::string_view sql) {
  const std::string shown =
      without_secrets(std::string(said.substr(0, said.find("\n\nStack Trace:"))));
  std::string_view text = shown;
  // A query that failed while it was waited for wraps its own error.
  if (size_t wrapped = text.find("pending query result\nError: "); wrapped != text.npos) {
    text.remove_prefix(text.find("Error: ", wrapped) + 7);
  }
  Where where;
  std::string message, hint;
  size_t colon = text.find(": ");
  Code code = Code::invalid;
  std::string_view body = text;
  if (colon != std::string_view::npos) {
    auto found = code_of_kind().find(text.substr(0, colon));
    if (found != code_of_kind().end()) {
      code = found->second;
      body = text.substr(colon + 2);
    }
  }
  if (code == Code::interrupted) return {code, "interrupted"};
  if (const std::optional<Error> ours = unpacked(body)) return *ours;
  find_place(body, sql, where);
  hint = hint_of(body);
  message = first_paragraph(body);
  bool missing_name = message.find("does not exist") != std::string::npos ||
                      message.starts_with("Referenced column") ||
                      message.find("does not have a column named") != std::string::npos;
  if (code == Code::invalid && missing_name) code = Code::not_found;
  if (message.starts_with("No files found")) code = Code::not_found;
  // MySQL's client gives no reason when a connection is cut.
  if (message.starts_with("Failed to fetch result row for MySQL query") &&
      message.ends_with("\": "))
    message = "the connection to the MySQL server was cut while rows were read";
  static constexpr const char* cuts[] = {
      "MySQL server was cut", "MySQL server has gone away", "Lost connection to",
      "server closed the connection unexpectedly", "terminating connection due to"};
  const bool cut = std::any_of(std::begin(cuts), std::end(cuts), [&](const char* words) {
    return message.find(words) != message.npos;
  });
  if (cut && hint.empty())
    hint = "run it again; when it happens again, the server's log says why it ended the connection";
  if (code == Code::exhausted && hint.empty()) {
    hint = "give the run more memory, or more room in the folder where it spills";
  }
  return {code, message, where, hint};
}

}  // namespace gristmill
