#include "source/quote.h"

#include <fmt/format.h>

namespace gristmill {
namespace {

std::string quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (char c : text) {
    if (c == quote) out += quote;
    out += c;
  }
  return out + quote;
}

}  // namespace

std::string quote_name(std::string_view name) { return quoted(name, '"'); }
std::string quote_text(std::string_view text) { return quoted(text, '\''); }

std::string quote_path(const fs::path& file) {
  std::string escaped;
  for (char c : file.string()) {
    bool wild = c == '*' || c == '?' || c == '[';
    escaped += wild ? fmt::format("[{}]", c) : std::string(1, c);
  }
  return quote_text(escaped);
}

std::string quote_paths(const std::vector<fs::path>& files) {
  std::string out;
  for (const fs::path& file : files) out += (out.empty() ? "" : ", ") + quote_path(file);
  return "[" + out + "]";
}

void add_selected(std::string& list, std::string_view column, std::string_view expression) {
  const std::string name = quote_name(column);
  if (!list.empty()) list += ", ";
  list += expression;
  if (expression != name) list += " AS " + name;
}

std::string parquet_relation(const std::vector<fs::path>& files, std::string_view options) {
  return fmt::format("read_parquet({}, hive_partitioning=false{})", quote_paths(files), options);
}

}  // namespace gristmill
