// Table versions: a manifest over Parquet chunks in the order of the key, cut by content, so that
// two versions share what they share.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "store/store.h"
#include "table/engine.h"

namespace gristmill {

struct TableChunk {
  int64_t rows = 0;
  Digest cells;     // over canonical cell values
  Descriptor blob;  // Parquet
};

struct TableVersion {
  Schema schema;
  std::vector<std::string> key;
  int64_t rows = 0;
  Digest digest;  // over schema and the chunks' cell digests: equal content, equal digest
  std::vector<TableChunk> chunks;

  Manifest manifest() const;
  static TableVersion from_manifest(const Manifest& manifest);
};

struct VersionRequest {
  std::string sql;
  std::vector<std::string> key;  // empty: none
  bool keep_order = false;  // a single unjoined file: its own order; else by key or all columns
  std::string table;        // for errors
  bool unique = true;       // the key tells every row; else rows are sorted by it and what follows
};

// Runs the query, sorts, cuts (about 120,000 rows a chunk, by row hash), writes what the store does
// not hold yet. Rows stream: at most four chunks of at most 240,000 rows and 96 MB are held; the
// sort spills. A column of the schema is nullable when it holds nulls. Code::invalid when the key
// has nulls or is not unique though it must be, or text holds a zero byte, with an example;
// Code::not_found for a key column that is not there.
TableVersion write_version(Engine& engine, Store& store, const VersionRequest& request,
                           Progress& progress);

// Its rows in order, all chunks checked. `columns` empty: all.
std::unique_ptr<BatchReader> read_version(Engine& engine, Store& store, const TableVersion& version,
                                          const std::vector<std::string>& columns);
// Code::corrupt when a chunk is damaged or gone; each is read for it once in the store's life.
void check_chunks(Store& store, const TableVersion& version);
// SQL relation of a version's rows. Who reads them calls check_chunks() before.
std::string version_relation(const Store& store, const TableVersion& version);

// One join of a query and how it went.
struct JoinReport {
  std::string left, right, kind;  // "flights", "weather", "left"
  std::string on;
  int64_t left_rows = 0, matched = 0, joined_rows = 0;  // joined_rows: after this join
};
struct QueryReport {
  std::vector<std::pair<std::string, int64_t>> rows_in;  // by table read
  std::string whole;  // a table that was not counted: the query gives each of its rows once
  std::vector<JoinReport> joins;
  std::vector<std::string> warnings;  // "the left join with weather multiplies rows: …"
  std::vector<std::string> notes;     // of tables that are not read whole
  nlohmann::json json() const;
};
// Counts for the joins of each SELECT; joins it cannot follow are left out.
QueryReport report_query(Engine& engine, const std::string& sql);

}  // namespace gristmill
