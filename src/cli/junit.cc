#include "cli/junit.h"

#include <fmt/format.h>

namespace gristmill {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
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
      case '\n':
        out += "&#10;";
        break;
      case '\r':
        out += "&#13;";
        break;
      case '\t':
        out += "&#9;";
        break;
      default:
        // U+FFFE and U+FFFF are no characters of XML either.
        if (c == '\xef' && i + 2 < text.size() && text[i + 1] == '\xbf' &&
            (text[i + 2] == '\xbe' || text[i + 2] == '\xbf')) {
          out += "\xef\xbf\xbd";
          i += 2;
        } else if (static_cast<unsigned char>(c) < 0x20) {
          out += "\xef\xbf\xbd";
        } else {
          out += c;
        }
    }
  }
  return out;
}

std::string details(const Finding& finding) {
  std::string text = finding.message;
  for (const std::string& example : finding.examples) text += "\n" + example;
  return escaped(text);
}

std::string case_xml(const std::string& table, const CheckOutcome& outcome) {
  std::string out = fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"0\"",
                                escaped(table), escaped(outcome.name));
  if (outcome.status() == "failed") {
    out += fmt::format(">\n      <failure message=\"{}\">{}</failure>\n    </testcase>\n",
                       escaped(outcome.finding.message), details(outcome.finding));
  } else if (outcome.status() == "warned") {
    out += fmt::format(">\n      <system-out>warning: {}</system-out>\n    </testcase>\n",
                       details(outcome.finding));
  } else {
    out += "/>\n";
  }
  return out;
}

// A table that could not be checked is a case of its own.
std::string error_xml(const CheckedTable& table) {
  return fmt::format(
      "    <testcase classname=\"{0}\" name=\"{0}\" time=\"0\">\n      <error message=\"{1}\">{2}"
      "</error>\n    </testcase>\n",
      escaped(table.table), escaped(table.error->message()), escaped(table.error->what()));
}

}  // namespace

std::string junit_xml(const CheckReport& report) {
  std::string suites;
  size_t tests = 0;
  double seconds = 0;
  for (const CheckedTable& table : report.tables) {
    const size_t errors = table.error ? 1 : 0, cases = table.outcomes.size() + errors;
    tests += cases;
    seconds += table.seconds;
    suites += fmt::format(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"0\" "
        "time=\"{:.3f}\">\n",
        escaped(table.table), cases, table.count("failed"), errors, table.seconds);
    for (const CheckOutcome& outcome : table.outcomes) suites += case_xml(table.table, outcome);
    if (table.error) suites += error_xml(table);
    suites += "  </testsuite>\n";
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"gristmill check\" "
      "tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{:.3f}\">\n{}</testsuites>\n",
      tests, report.count("failed"), report.count("error"), seconds, suites);
}

}  // namespace gristmill
