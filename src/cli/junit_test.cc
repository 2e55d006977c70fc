#include "cli/junit.h"

#include <gtest/gtest.h>

namespace gristmill {
namespace {

TEST(JUnit, ACaseACheck) {
  CheckReport report;
  report.tables.push_back(
      {.table = "a & b",
       .seconds = 0.25,
       .outcomes = {{"nulls x", false, {}, {}},
                    {"range \"x\"", false, {}, {true, "1 < 2", {"row 1: x = \x01\n\xef\xbf\xbf"}}},
                    {"rows", true, {}, {true, "it has 0 rows", {}}}}});
  report.tables.push_back({.table = "gone", .error = Error(Code::not_found, "no table")});
  EXPECT_EQ(junit_xml(report), R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="gristmill check" tests="4" failures="1" errors="1" time="0.250">
  <testsuite name="a &amp; b" tests="3" failures="1" errors="0" skipped="0" time="0.250">
    <testcase classname="a &amp; b" name="nulls x" time="0"/>
    <testcase classname="a &amp; b" name="range &quot;x&quot;" time="0">
      <failure message="1 &lt; 2">1 &lt; 2&#10;row 1: x = �&#10;�</failure>
    </testcase>
    <testcase classname="a &amp; b" name="rows" time="0">
      <system-out>warning: it has 0 rows</system-out>
    </testcase>
  </testsuite>
  <testsuite name="gone" tests="1" failures="0" errors="1" skipped="0" time="0.000">
    <testcase classname="gone" name="gone" time="0">
      <error message="no table">no table</error>
    </testcase>
  </testsuite>
</testsuites>
)");
}

TEST(JUnit, OfNothing) {
  EXPECT_EQ(junit_xml({}),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"gristmill check\" "
            "tests=\"0\" failures=\"0\" errors=\"0\" time=\"0.000\">\n</testsuites>\n");
}

}  // namespace
}  // namespace gristmill
