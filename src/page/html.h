// Pieces of HTML. Whatever came from outside goes through escaped().
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gristmill {

// Text as HTML shows it, in elements and in quoted attributes; control characters and what is not
// UTF-8 are replaced.
std::string escaped(std::string_view text);

// One cell of a table: HTML, and whether it is a number, which stands to the right.
struct HtmlCell {
  std::string html;
  bool number = false;
};
HtmlCell text_cell(std::string_view text);
HtmlCell number_cell(std::string_view text);

std::string html_table(const std::vector<std::string>& head,
                       const std::vector<std::vector<HtmlCell>>& rows);

// A whole document without anything that is loaded from elsewhere.
std::string html_document(std::string_view title, const std::string& body);

}  // namespace gristmill
