#include "table/version.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <thread>

#include "base/testing.h"
#include "frame/cell.h"
#include "table/row_hash.h"

namespace gristmill {
namespace {

class VersionTest : public testing::Test {
 protected:
  ScratchDir dir;
  Engine engine{{.temp_dir = dir.path() / "spill", .threads = 2, .memory_bytes = 1 << 30}};
  Store store{dir.path() / "store"};
  SilentProgress progress;

  TableVersion write(const std::string& sql, std::vector<std::string> key = {},
                     bool keep_order = false) {
    return write_version(engine, store, {sql, std::move(key), keep_order, "t"}, progress);
  }

  std::string text(const TableVersion& version, const std::vector<std::string>& columns = {}) {
    std::string out;
    std::unique_ptr<BatchReader> reader = read_version(engine, store, version, columns);
    Batch batch;
    while (reader->next(batch)) {
      for (int64_t row = 0; row < batch.rows; ++row) {
        for (const Column& column : batch.columns) {
          out += column.is_null(row) ? "∅" : cell_text(column, row);
          out += '|';
        }
        out += '\n';
      }
    }
    return out;
  }

  int64_t blobs() { return store.collect({}, true).blobs; }
};

TEST_F(VersionTest, KeepsRowsInTheOrderOfTheKey) {
  TableVersion version = write(
      "SELECT * FROM (VALUES (3, 'c', 1.5), (1, NULL, 2), (2, 'b', NULL)) t(id, s, d)", {"id"});
  EXPECT_EQ(version.rows, 3);
  EXPECT_EQ(text(version), "1|∅|2|\n2|b|∅|\n3|c|1.5|\n");
  EXPECT_EQ(text(version, {"s"}), "∅|\nb|\nc|\n");
  EXPECT_FALSE(version.schema[0].nullable);
  EXPECT_TRUE(version.schema[1].nullable);
  EXPECT_TRUE(version.schema[2].nullable);
  EXPECT_EQ(version.schema[2].type, Type::float64);
  EXPECT_EQ(read_version(engine, store, version, {})->schema(), version.schema);
}

TEST_F(VersionTest, EqualContentHasOneDigestInWhateverOrderItComes) {
  std::string rows = "SELECT i, 'x' || (i % 7) AS s, i / 3.0::DOUBLE AS d FROM range(1000) r(i)";
  TableVersion a = write(rows + " ORDER BY i");
  TableVersion b = write(rows + " ORDER BY i DESC");
  EXPECT_EQ(a.digest, b.digest);
  EXPECT_EQ(a.chunks[0].blob.digest, b.chunks[0].blob.digest);
  EXPECT_NE(write(rows + " LIMIT 999").digest, a.digest);
  // Its own order is another table; so are other names and other types.
  EXPECT_NE(write(rows + " ORDER BY i DESC", {}, true).digest, a.digest);
  EXPECT_NE(write("SELECT i AS j, s, d FROM (" + rows + ")").digest, a.digest);
  EXPECT_NE(write("SELECT i::DOUBLE AS i, s, d FROM (" + rows + ")").digest, a.digest);
}

TEST_F(VersionTest, CountsOneZeroAndOneNan) {
  TableVersion a = write("SELECT 0.0::DOUBLE AS a, 'nan'::DOUBLE AS b");
  TableVersion b = write("SELECT -0.0::DOUBLE AS a, -('nan'::DOUBLE) AS b");
  EXPECT_EQ(a.digest, b.digest);
}

TEST_F(VersionTest, KeepsTheOrderOfAFileWhenAsked) {
  TableVersion version = write("SELECT * FROM (VALUES (3), (1), (2)) t(id)", {}, true);
  EXPECT_EQ(text(version), "3|\n1|\n2|\n");
}

TEST_F(VersionTest, EveryTypeComesBackAsItWas) {
  std::string sql =
      "SELECT i, i % 3 = 0 AS b, i / 7.0::DOUBLE AS d, 'é' || i AS s, DATE '1969-12-01' + i::INT "
      "AS day, "
      "TIMESTAMP '1969-12-31 23:00:00' + INTERVAL (i) MINUTE AS t, "
      "TIMESTAMPTZ '2013-03-31 00:00:00' + INTERVAL (i) MINUTE AS z, "
      "(i * 1.01)::DECIMAL(10, 2) AS dec, [i, i + 1] AS list, TIME '10:00:00' AS clock "
      "FROM range(300) r(i)";
  TableVersion version = write(sql, {"i"});
  EXPECT_EQ(version.schema[4].type, Type::date);
  EXPECT_EQ(version.schema[5].type, Type::timestamp);
  EXPECT_EQ(version.schema[6].type, Type::timestamptz);
  EXPECT_EQ(version.schema[7].type, Type::float64);
  std::string expected;
  for (const auto& row : engine.rows(sql)) {
    for (const std::string& cell : row) expected += cell + "|";
    expected += "\n";
  }
  EXPECT_EQ(text(version), expected);
}

TEST_F(VersionTest, AnEmptyTableHasItsColumns) {
  TableVersion version = write("SELECT 1 AS a, 'x' AS s WHERE false");
  EXPECT_EQ(version.rows, 0);
  EXPECT_EQ(text(version), "");
  EXPECT_EQ(engine.describe("SELECT * FROM " + version_relation(store, version)).names(),
            version.schema.names());
}

TEST_F(VersionTest, ManifestsComeBack) {
  TableVersion version = write("SELECT i FROM range(10) r(i)", {"i"});
  Digest stored = store.put_manifest(version.manifest());
  TableVersion back = TableVersion::from_manifest(store.manifest(stored));
  EXPECT_EQ(back.digest, version.digest);
  EXPECT_EQ(back.schema, version.schema);
  EXPECT_EQ(back.key, version.key);
  EXPECT_EQ(text(back), text(version));
  EXPECT_EQ(store.put_manifest(back.manifest()), stored);
  Manifest wrong = version.manifest();
  wrong.layers.clear();
  EXPECT_EQ(failure([&] { TableVersion::from_manifest(wrong); }).code(), Code::corrupt);
  wrong = version.manifest();
  wrong.config.erase("schema");
  EXPECT_EQ(failure([&] { TableVersion::from_manifest(wrong); }).code(), Code::corrupt);
  fs::remove(store.path_of(version.chunks[0].blob.digest));
  EXPECT_EQ(failure([&] { text(version); }).code(), Code::corrupt);
}

TEST_F(VersionTest, VersionsShareTheChunksTheyShare) {
  std::string rows =
      "SELECT i, hash(i)::VARCHAR AS s, (i % 1000) / 7.0::DOUBLE AS d FROM range({}) r(i)";
  TableVersion a = write(fmt::format(fmt::runtime(rows), 1000000), {"i"});
  ASSERT_GT(a.chunks.size(), 5u);
  ASSERT_LT(a.chunks.size(), 14u);
  int64_t total = 0;
  for (const TableChunk& chunk : a.chunks) {
    EXPECT_LE(chunk.rows, 240000);
    total += chunk.rows;
  }
  EXPECT_EQ(total, 1000000);
  for (size_t i = 0; i + 1 < a.chunks.size(); ++i) EXPECT_GE(a.chunks[i].rows, 30000);
  int64_t before = blobs();
  // One row gone in the middle: one chunk, or two where a cut moved, is new.
  TableVersion b = write(
      fmt::format("SELECT * FROM ({}) WHERE i <> 500000", fmt::format(fmt::runtime(rows), 1000000)),
      {"i"});
  EXPECT_EQ(b.rows, 999999);
  EXPECT_LE(blobs() - before, 2);
  EXPECT_NE(a.digest, b.digest);
  // The same again writes nothing.
  before = blobs();
  TableVersion c = write(fmt::format(fmt::runtime(rows), 1000000), {"i"});
  EXPECT_EQ(c.digest, a.digest);
  EXPECT_EQ(blobs(), before);
}

TEST_F(VersionTest, BytesDoNotDependOnThreads) {
  std::string sql =
      "SELECT a.i, hash(a.i)::VARCHAR AS s, b.k AS k FROM range(300000) a(i) "
      "LEFT JOIN range(0, 300000, 3) b(k) ON a.i = b.k";
  std::vector<Digest> blobs, digests;
  for (int threads : {1, 2, 7}) {
    Engine other({.temp_dir = dir.path() / std::to_string(threads), .threads = threads});
    Store fresh(dir.path() / ("store" + std::to_string(threads)));
    TableVersion version = write_version(other, fresh, {sql, {}, false, "t"}, progress);
    digests.push_back(version.digest);
    for (const TableChunk& chunk : version.chunks) blobs.push_back(chunk.blob.digest);
  }
  EXPECT_EQ(digests[0], digests[1]);
  EXPECT_EQ(digests[0], digests[2]);
  size_t n = blobs.size() / 3;
  ASSERT_GT(n, 1u);
  for (size_t i = 0; i < n; ++i) {
    EXPECT_EQ(blobs[i], blobs[n + i]);
    EXPECT_EQ(blobs[i], blobs[2 * n + i]);
  }
}

TEST_F(VersionTest, AKeyMustTellEveryRow) {
  Error error = failure([&] {
    write("SELECT * FROM (VALUES ('UA', 1), ('AA', 2), ('UA', 1)) t(carrier, flight)",
          {"carrier", "flight"});
  });
  EXPECT_EQ(error.code(), Code::invalid);
  EXPECT_NE(error.message().find("carrier = UA, flight = 1"), std::string::npos) << error.what();
  EXPECT_EQ(error.where().table, "t");
  error = failure([&] { write("SELECT * FROM (VALUES (1), (NULL)) t(id)", {"id"}); });
  EXPECT_EQ(error.code(), Code::invalid);
  EXPECT_EQ(error.where().field, "id");
  error = failure([&] { write("SELECT 1 AS carrier", {"carier"}); });
  EXPECT_EQ(error.code(), Code::not_found);
  EXPECT_EQ(error.hint(), "did you mean \"carrier\"?");
}

TEST_F(VersionTest, ErrorsPointIntoTheUsersSql) {
  Error error = failure([&] { write("SELECT 1 AS a,\n  b FROM (SELECT 1 AS c)"); });
  EXPECT_EQ(error.where().line, 2);
  EXPECT_EQ(error.where().column, 3);
  error = failure([&] {
    write("SELECT 1 AS a,\n  CAST('x' || i AS INT) AS b FROM range(3) r(i) -- the end;");
  });
  EXPECT_EQ(error.code(), Code::invalid);
  EXPECT_EQ(error.where().line, 2);
  EXPECT_EQ(blobs(), 0);
}

TEST_F(VersionTest, RefusesZeroBytes) {
  Error error = failure([&] {
    write(
        "SELECT i, CASE WHEN i = 70001 THEN 'a' || chr(0) ELSE 'b' END AS s "
        "FROM range(100000) r(i)",
        {"i"});
  });
  EXPECT_EQ(error.code(), Code::invalid);
  EXPECT_EQ(error.where().row, 70001);
  EXPECT_EQ(error.where().field, "s");
}

TEST_F(VersionTest, HoldsWideAndLongRows) {
  std::string columns;
  for (int i = 0; i < 3000; ++i) columns += fmt::format("{}i + {} AS c{}", i > 0 ? ", " : "", i, i);
  TableVersion wide = write("SELECT " + columns + " FROM range(100) r(i)", {"c0"});
  EXPECT_EQ(wide.schema.size(), 3000u);
  EXPECT_EQ(wide.rows, 100);
  TableVersion longest = write("SELECT i, repeat('x', 30000000) AS s FROM range(8) r(i)", {"i"});
  EXPECT_EQ(longest.rows, 8);
  EXPECT_GE(longest.chunks.size(), 2u);
  EXPECT_EQ(
      engine.rows("SELECT sum(length(s))::BIGINT FROM " + version_relation(store, longest))[0][0],
      "240000000");
}

TEST_F(VersionTest, RemainsWholeWhenTheDiskIsFull) {
  // Writing anywhere below a file that is no folder fails as a disk does.
  TableVersion first = write("SELECT 1 AS a");
  fs::remove_all(store.dir() / "tmp");
  std::ofstream(store.dir() / "tmp") << "in the way";
  Error error = failure([&] { write("SELECT i FROM range(10) r(i)"); });
  EXPECT_EQ(error.code(), Code::unavailable) << error.what();
  fs::remove(store.dir() / "tmp");
  fs::create_directories(store.dir() / "tmp");
  EXPECT_EQ(text(first), "1|\n");
  EXPECT_EQ(write("SELECT i FROM range(10) r(i)").rows, 10);
}

// A full disk, as the kernel says it: files may not grow beyond 100 kB.
TEST_F(VersionTest, SaysThatTheDiskIsFull) {
  pid_t pid = ::fork();
  if (pid == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{100000, 100000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    int code = 1;
    try {
      Engine own({.temp_dir = dir.path() / "own", .threads = 2, .memory_bytes = 1 << 30});
      write_version(own, store,
                    {"SELECT hash(i)::VARCHAR AS s FROM range(100000) r(i)", {}, false, "t"},
                    progress);
    } catch (const Error& error) {
      code = error.code() == Code::unavailable ? 0 : 2;
    }
    ::_exit(code);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(disk().list(store.dir() / "tmp").size(), 0u);
  // A chunk small enough to fit may be there: then it is whole.
  for (const fs::path& blob : disk().list(store.dir() / "blobs" / "sha256")) {
    EXPECT_EQ(Digest::of(disk().read(blob)).hex(), blob.filename().string());
    EXPECT_GT(
        std::stoll(engine.rows("SELECT count(s) FROM read_parquet('" + blob.string() + "')")[0][0]),
        0);
  }
}

TEST_F(VersionTest, StopsWhenInterrupted) {
  std::thread signal([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    interrupted() = true;
  });
  Error error = failure([&] {
    write("SELECT i, hash(i)::VARCHAR || repeat('x', 50) AS s FROM range(30000000) r(i)");
  });
  signal.join();
  interrupted() = false;
  EXPECT_EQ(error.code(), Code::interrupted);
  EXPECT_EQ(disk().list(store.dir() / "tmp").size(), 0u);
  EXPECT_EQ(write("SELECT 1 AS a").rows, 1);
}

TEST(RowHash, DoesNotSeeTheBatch) {
  ScratchDir dir;
  Engine engine({.temp_dir = dir.path(), .threads = 2});
  std::unique_ptr<BatchReader> reader = engine.query(
      "SELECT i, CASE WHEN i % 3 = 0 THEN NULL ELSE 'text' || i END AS s, i % 2 = 0 AS b, "
      "DATE '2013-01-01' + i::INT AS d, i / 7.0::DOUBLE AS f FROM range(1000) r(i)");
  Batch batch;
  ASSERT_TRUE(reader->next(batch));
  std::vector<uint64_t> whole, part;
  std::vector<int64_t> bytes;
  hash_rows_fast(batch, whole, bytes);
  EXPECT_EQ(bytes[1], 9 * 5 + 5);
  BatchBuffer buffer(reader->schema());
  buffer.append(batch, 501, 100);
  hash_rows_fast(buffer.view(), part, bytes);
  for (size_t i = 0; i < 100; ++i) EXPECT_EQ(part[i], whole[501 + i]);
  std::sort(whole.begin(), whole.end());
  EXPECT_EQ(std::unique(whole.begin(), whole.end()), whole.end());
}

}  // namespace
}  // namespace gristmill
