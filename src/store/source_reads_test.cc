#include "store/source_reads.h"

#include <gtest/gtest.h>

#include "base/file_system.h"

namespace gristmill {
namespace {

constexpr int64_t hour = int64_t(3600) * 1'000'000;

TEST(SourceReads, AReadingCountsAsLongAsItIsYoung) {
  ScratchDir dir;
  Database database(dir.path() / "a.db");
  const int64_t first = SourceReads(database).instant("ops", 0);
  SourceReads later(database);
  EXPECT_EQ(later.instant("ops", hour), first);
  EXPECT_GT(SourceReads(database).instant("ops", 0), first);
}

TEST(SourceReads, OneRunReadsAtOneInstant) {
  ScratchDir dir;
  Database database(dir.path() / "a.db");
  SourceReads reads(database);
  const int64_t instant = reads.instant("ops", 0);
  EXPECT_EQ(reads.instant("ops", 0), instant);
  EXPECT_NE(reads.instant("other", 0), 0);
}

}  // namespace
}  // namespace gristmill
