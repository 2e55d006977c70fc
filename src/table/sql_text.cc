#include "table/sql_text.h"

#include <cctype>

namespace gristmill {
namespace {

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || (c & 0x80) != 0;
}

size_t end_of(std::string_view sql, size_t from, std::string_view mark) {
  size_t found = sql.find(mark, from);
  return found == std::string_view::npos ? sql.size() : found + mark.size();
}

// Block comments nest, as in PostgreSQL.
size_t end_of_comment(std::string_view sql, size_t at) {
  int depth = 0;
  while (at < sql.size()) {
    if (sql.substr(at, 2) == "/*") {
      ++depth;
      at += 2;
    } else if (sql.substr(at, 2) == "*/") {
      at += 2;
      if (--depth == 0) return at;
    } else {
      ++at;
    }
  }
  return sql.size();
}

size_t end_of_quote(std::string_view sql, size_t at, bool escapes) {
  char quote = sql[at++];
  while (at < sql.size()) {
    if (escapes && sql[at] == '\\') {
      at += 2;
    } else if (sql[at] == quote && sql.substr(at, 2) == std::string(2, quote)) {
      at += 2;
    } else if (sql[at++] == quote) {
      return at;
    }
  }
  return sql.size();
}

// `$tag$` at `at`, or "" when it is not a dollar quote.
std::string_view dollar_tag(std::string_view sql, size_t at) {
  size_t end = at + 1;
  while (end < sql.size() && is_word(sql[end])) ++end;
  if (end >= sql.size() || sql[end] != '$') return {};
  if (end > at + 1 && std::isdigit(static_cast<unsigned char>(sql[at + 1]))) return {};
  return sql.substr(at, end + 1 - at);
}

}  // namespace

std::vector<SqlPiece> sql_pieces(std::string_view sql) {
  std::vector<SqlPiece> pieces;
  size_t begin = 0, at = 0;
  auto close = [&](SqlPiece::Kind kind, size_t end) {
    if (at > begin) pieces.push_back({SqlPiece::code, sql.substr(begin, at - begin)});
    pieces.push_back({kind, sql.substr(at, end - at)});
    begin = at = end;
  };
  while (at < sql.size()) {
    char c = sql[at];
    bool after_word = at > begin && is_word(sql[at - 1]);
    if (c == '\'' || c == '"') {
      bool escapes = c == '\'' && after_word && (sql[at - 1] == 'e' || sql[at - 1] == 'E') &&
                     (at < begin + 2 || !is_word(sql[at - 2]));
      close(SqlPiece::quoted, end_of_quote(sql, at, escapes));
    } else if (sql.substr(at, 2) == "--") {
      close(SqlPiece::comment, end_of(sql, at, "\n"));
    } else if (sql.substr(at, 2) == "/*") {
      close(SqlPiece::comment, end_of_comment(sql, at));
    } else if (std::string_view tag;
               c == '$' && !after_word && !(tag = dollar_tag(sql, at)).empty()) {
      close(SqlPiece::quoted, end_of(sql, at + tag.size(), tag));
    } else {
      ++at;
    }
  }
  if (at > begin) pieces.push_back({SqlPiece::code, sql.substr(begin)});
  return pieces;
}

std::string trim_sql(std::string_view sql) {
  std::vector<SqlPiece> pieces = sql_pieces(sql);
  while (!pieces.empty()) {
    SqlPiece& last = pieces.back();
    if (last.kind == SqlPiece::quoted) break;
    if (last.kind == SqlPiece::code) {
      size_t end = last.text.find_last_not_of("; \t\r\n");
      if (end != std::string_view::npos) {
        last.text = last.text.substr(0, end + 1);
        break;
      }
    }
    pieces.pop_back();
  }
  std::string out;
  for (const SqlPiece& piece : pieces) out += piece.text;
  return out;
}

}  // namespace gristmill
