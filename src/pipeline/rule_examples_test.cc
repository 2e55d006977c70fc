// What the reference shows of each rule is what a project may hold.
#include <gtest/gtest.h>

#include "clean/expect.h"
#include "pipeline/document.h"
#include "pipeline/tables.h"

namespace gristmill {
namespace {

// A flight with what all examples read, and the tables that they look up.
constexpr const char* project =
    R"(sources: {ops: planes.csv, reference: airports.csv, ref: companies.csv}
tables:
  flights: |
    SELECT 1 AS id, 'x' AS name, 'y' AS city, 'AA' AS carrier, 7 AS flight, 'N1' AS tailnum,
      TIMESTAMP '2013-01-01 05:00:00' AS time_hour, 'LAX' AS dest, 2475 AS distance,
      345.0 AS air_time, 'A1' AS gate, 39.0 AS temp, 12.5 AS wind_speed, 10.0 AS visib,
      'AIRBUS INDUSTRIE' AS manufacturer, 180 AS seats, 1999 AS year, '1.299,00' AS price,
      '€ 5' AS fare, '12,5 %' AS share, '12 kg' AS weight, '1h 30m' AS took, '31/12/2013' AS booked,
      '31 Dec 2013 05:00' AS seen, '030 1234' AS phone, 'EWR' AS origin,
      'Acme Inc' AS company, '1 Main Street' AS address
)";

class RuleExamples : public testing::Test {
 protected:
  Project written() {
    disk().write_atomic(dir.path() / project_file, project);
    disk().write_atomic(dir.path() / "planes.csv", "tailnum,year\nN1,1999\n");
    disk().write_atomic(dir.path() / "airports.csv", "faa,lat,lon\nLAX,33.9,-118.4\n");
    disk().write_atomic(dir.path() / "companies.csv",
                        "name,address,sector,size\nACME Inc.,1 Main Street,tools,3\n");
    return Project::read(dir.path(), {});
  }

  ScratchDir dir;
  Project read = written();
  Workspace workspace{dir.path()};
  SilentProgress progress;
  Executor executor{workspace, progress, false, ""};
  Tables tables{read, executor};
  const TableHandle& flights = tables.cleaned("flights");
};

TEST_F(RuleExamples, EachWorks) {
  for (const auto& [name, kind] : Rules::instance()) {
    const nlohmann::json examples = Document::parse(kind.example, name).json();
    ASSERT_TRUE(examples.is_array() && !examples.empty()) << name;
    for (const nlohmann::json& example : examples) {
      ASSERT_EQ(example.size(), 1u) << example;
      ASSERT_EQ(example.begin().key(), name) << example;
      try {
        if (kind.stage == RuleStage::check) {
          const CheckContext context = tables.check_context("flights", flights.schema);
          EXPECT_FALSE(read_expectation(example.begin().value(), context).checks.empty());
          continue;
        }
        const RuleSpec spec{name, example.begin().value(), {}};
        const auto fit = tables.rule_maker("flights").make(spec, flights.schema);
        const auto rows = workspace.engine().query("SELECT * FROM " + flights.relation);
        Batch batch;
        ASSERT_TRUE(rows->next(batch));
        if (fit->needs_rows()) {
          do fit->observe({.rows = batch});
          while (fit->next_pass());
        }
        fit->freeze()->bind(flights.schema);
      } catch (const Error& error) {
        ADD_FAILURE() << example << "\n" << error.what();
      }
    }
  }
}

TEST_F(RuleExamples, EachCheckFits) {
  CheckContext context = tables.check_context("flights", flights.schema);
  context.order = CheckContext::Order::key;
  for (const auto& [name, kind] : Checks::instance()) {
    const nlohmann::json example = Document::parse("{" + kind.example + "}", name).json();
    EXPECT_FALSE(read_expectation(example, context).checks.empty()) << example;
  }
}

}  // namespace
}  // namespace gristmill
