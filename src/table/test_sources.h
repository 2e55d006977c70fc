// Sources through the engine, over files made by the tests.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <zlib.h>
#include <zstd.h>

#include <fstream>

#include "base/testing.h"
#include "source/source.h"
#include "table/engine.h"

namespace gristmill {

// As `gzip` and `zstd` write it.
inline std::string gzipped(const std::string& bytes) {
  const ScratchDir dir;
  const std::string path = (dir.path() / "x.gz").string();
  gzFile out = gzopen(path.c_str(), "wb");
  gzwrite(out, bytes.data(), unsigned(bytes.size()));
  gzclose(out);
  return disk().read(path);
}
inline std::string zstd_packed(const std::string& bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 3));
  return out;
}

class SourcesTest : public testing::Test {
 protected:
  ScratchDir dir;
  Engine engine{{.temp_dir = dir.path() / "spill", .threads = 2}};

  void write(const std::string& name, const std::string& bytes) {
    fs::create_directories((dir.path() / name).parent_path());
    std::ofstream(dir.path() / name, std::ios::binary) << bytes;
  }
  void sqlite(const std::string& name, const std::string& sql) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open((dir.path() / name).c_str(), &handle), SQLITE_OK);
    char* message = nullptr;
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &message), SQLITE_OK) << message;
    sqlite3_close(handle);
  }
  std::vector<SourceTable> open(nlohmann::json given, FileDigests* digests = nullptr) {
    SourceSpec spec{.name = "s", .given = std::move(given), .base = dir.path(), .digests = digests};
    std::vector<SourceTable> tables = make_source(spec)->open(engine);
    for (const SourceTable& table : tables) engine.define(table.schema, table.name, table.relation);
    return tables;
  }

  std::string all(const std::string& sql) {
    std::string out;
    for (const auto& row : engine.rows(sql)) {
      for (const std::string& cell : row) out += cell + "|";
      out += "\n";
    }
    return out;
  }
  std::string types(const SourceTable& table) {
    std::string out;
    for (const Field& field : table.columns.fields()) {
      out += field.name + " " + std::string(name_of(field.type)) + ", ";
    }
    return out;
  }
};

}  // namespace gristmill
