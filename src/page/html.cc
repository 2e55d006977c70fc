#include "page/html.h"

#include <fmt/format.h>

#include "base/text.h"
#include "page/style.h"

namespace gristmill {

std::string escaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t valid = std::min(find_invalid_utf8(text), text.size());
    for (const char c : text.substr(0, valid)) {
      switch (c) {
        case '&':
          out += "&amp;";
          break;
        case '<':
          out += "&lt;";
          break;
        case '>':
          out += "&gt;";
          break;
        case '"':
          out += "&quot;";
          break;
        default:
          out += uint8_t(c) < 0x20 || c == 0x7f ? ' ' : c;
      }
    }
    text.remove_prefix(valid);
    if (text.empty()) break;
    out += "\uFFFD";
    text.remove_prefix(1);
  }
  return out;
}

HtmlCell text_cell(std::string_view text) { return {escaped(text), false}; }
HtmlCell number_cell(std::string_view text) { return {escaped(text), true}; }

std::string html_table(const std::vector<std::string>& head,
                       const std::vector<std::vector<HtmlCell>>& rows) {
  std::string out = "<div class=\"wide\"><table><thead><tr>";
  for (size_t c = 0; c < head.size(); ++c) {
    const bool number = !rows.empty() && rows[0][c].number;
    out += fmt::format("<th{}>{}</th>", number ? " class=\"number\"" : "", escaped(head[c]));
  }
  out += "</tr></thead><tbody>";
  for (const auto& row : rows) {
    out += "<tr>";
    for (const HtmlCell& cell : row)
      out += fmt::format("<td{}>{}</td>", cell.number ? " class=\"number\"" : "", cell.html);
    out += "</tr>";
  }
  return out + "</tbody></table></div>\n";
}

std::string html_document(std::string_view title, const std::string& body) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n<style>{}</style>\n"
      "</head>\n<body>\n<main>\n{}</main>\n</body>\n</html>\n",
      escaped(title), page_style, body);
}

}  // namespace gristmill
