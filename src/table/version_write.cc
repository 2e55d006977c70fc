// A query's rows → a table version: sorted, checked, cut, digested, written.
#include <algorithm>
#include <cstring>
#include <deque>
#include <future>

#include <fmt/format.h>

#include "base/error.h"
#include "frame/cell.h"
#include "table/key.h"
#include "table/row_hash.h"
#include "table/sql_text.h"
#include "table/version.h"

namespace gristmill {
namespace {

constexpr std::string_view chunk_type = "application/vnd.apache.parquet";
constexpr int64_t chunk_rows_min = 30000, chunk_rows_max = 240000;
constexpr int64_t chunk_bytes_max = int64_t(96) << 20;
// A chance of 1 in 90,000 a row, after the first 30,000: 120,000 rows on average.
constexpr uint64_t cut_below = ~uint64_t(0) / 90000;
constexpr size_t writers_max = 2;

// SELECT in the version's order.
std::string ordered_sql(const VersionRequest& request, const Schema& schema) {
  std::string order;
  for (const std::string& name : request.key) {
    schema.index_of(name, request.table.empty() ? "the table" : "table " + request.table);
    order += (order.empty() ? " ORDER BY " : ", ") + quote_name(name);
  }
  if (order.empty() && !request.keep_order) order = " ORDER BY ALL";
  if (!request.unique) {
    for (const std::string& name : schema.names()) order += ", " + quote_name(name);
  }
  return fmt::format("SELECT * FROM (\n{}\n){}", trim_sql(request.sql), order);
}

// Writes chunks on threads of its own, at most writers_max at a time.
class ChunkWriter {
 public:
  ChunkWriter(Engine& engine, Store& store, const Schema& schema)
      : engine_(engine), store_(store), names_(json_of_types(schema)) {}
  ~ChunkWriter() {
    for (auto& job : jobs_) job.wait();
  }

  // A buffer to gather the next chunk in.
  std::unique_ptr<BatchBuffer> buffer(const Schema& schema) {
    if (free_.empty()) return std::make_unique<BatchBuffer>(schema);
    std::unique_ptr<BatchBuffer> buffer = std::move(free_.back());
    free_.pop_back();
    buffer->clear();
    return buffer;
  }

  void write(std::unique_ptr<BatchBuffer> rows) {
    while (jobs_.size() >= writers_max) take();
    jobs_.push_back(std::async(std::launch::async, [this, rows = std::move(rows)]() mutable {
      TableChunk chunk = stored(*rows);
      return std::pair(std::move(rows), std::move(chunk));
    }));
  }

  std::vector<TableChunk> finish() {
    while (!jobs_.empty()) take();
    return std::move(chunks_);
  }

 private:
  static std::string json_of_types(const Schema& schema) {
    nlohmann::json out = nlohmann::json::array();
    for (const Field& field : schema.fields()) out.push_back({field.name, name_of(field.type)});
    return out.dump();
  }

  TableChunk stored(const BatchBuffer& rows) {
    Hasher cells;
    hash_rows(rows.view(), 0, rows.rows(), cells);
    TableChunk chunk{rows.rows(), cells.finish(), {}};
    chunk.blob = stored(rows, chunk.cells);
    return chunk;
  }

  Descriptor stored(const BatchBuffer& rows, const Digest& cells) {
    // The same cells under other names are another file.
    const std::string alias = Digest::of(names_ + cells.hex()).hex();
    if (std::optional<Descriptor> known = store_.find_alias(alias)) return *known;
    fs::path file = store_.new_file();
    try {
      engine_.write_parquet(rows.view(), file);
      Descriptor blob = store_.publish(file, std::string(chunk_type));
      store_.set_alias(alias, blob);
      return blob;
    } catch (...) {
      std::error_code ignored;
      fs::remove(file, ignored);
      throw;
    }
  }

  void take() {
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    auto [rows, chunk] = job.get();
    chunks_.push_back(std::move(chunk));
    free_.push_back(std::move(rows));
  }

  Engine& engine_;
  Store& store_;
  std::string names_;
  std::vector<std::unique_ptr<BatchBuffer>> free_;
  std::vector<TableChunk> chunks_;
  std::deque<std::future<std::pair<std::unique_ptr<BatchBuffer>, TableChunk>>> jobs_;
};

// Rows in order → chunks. Where it cuts depends on the rows since the last cut alone.
class Cutter {
 public:
  Cutter(ChunkWriter& writer, const Schema& schema) : writer_(writer), schema_(schema) {
    rows_ = writer_.buffer(schema_);
  }

  void add(const Batch& batch) {
    hash_rows_fast(batch, hash_, bytes_);
    int64_t begin = 0;
    for (int64_t row = 0; row < batch.rows; ++row) {
      ++chunk_rows_;
      chunk_bytes_ += bytes_[size_t(row)];
      bool full = chunk_rows_ >= chunk_rows_max || chunk_bytes_ >= chunk_bytes_max;
      if (full || (chunk_rows_ >= chunk_rows_min && hash_[size_t(row)] < cut_below)) {
        gather(batch, begin, row + 1 - begin);
        begin = row + 1;
        cut();
      }
    }
    gather(batch, begin, batch.rows - begin);
  }

  void finish() {
    if (chunk_rows_ > 0) cut();
  }

 private:
  void gather(const Batch& batch, int64_t begin, int64_t rows) {
    if (rows > 0) rows_->append(batch, begin, rows);
  }

  void cut() {
    writer_.write(std::move(rows_));
    rows_ = writer_.buffer(schema_);
    chunk_rows_ = chunk_bytes_ = 0;
  }

  ChunkWriter& writer_;
  const Schema& schema_;
  std::unique_ptr<BatchBuffer> rows_;
  int64_t chunk_rows_ = 0, chunk_bytes_ = 0;
  std::vector<uint64_t> hash_;
  std::vector<int64_t> bytes_;
};

// Text with a zero byte in it comes from a damaged file, and programs after us would cut it there.
void refuse_zero_bytes(const Batch& batch, int64_t first_row, const std::string& table) {
  for (size_t c = 0; c < batch.columns.size(); ++c) {
    const Column& column = batch.columns[c];
    if (column.type != Type::string || batch.rows == 0) continue;
    const char* begin = static_cast<const char*>(column.data) + column.offsets[0];
    auto size = size_t(column.offsets[batch.rows] - column.offsets[0]);
    const void* zero = size == 0 ? nullptr : std::memchr(begin, 0, size);
    if (zero == nullptr) continue;
    auto at = int32_t(static_cast<const char*>(zero) - static_cast<const char*>(column.data));
    const int32_t* end = column.offsets + batch.rows + 1;
    int64_t row = std::upper_bound(column.offsets, end, at) - column.offsets - 1;
    throw Error(Code::invalid, "there is a zero byte in this text",
                {.table = table, .field = (*batch.schema)[c].name, .row = first_row + row},
                "the file it comes from is damaged; replace(…, chr(0), '') takes zero bytes out");
  }
}

class NullSeen {
 public:
  explicit NullSeen(size_t columns) : seen_(columns) {}
  void look(const Batch& batch) {
    for (size_t i = 0; i < seen_.size(); ++i) {
      if (!seen_[i]) seen_[i] = batch.columns[i].null_count() > 0;
    }
  }
  Schema narrowed(Schema schema) const {
    for (size_t i = 0; i < seen_.size(); ++i) {
      Field field = schema[i];
      field.nullable = seen_[i];
      schema.replace(i, std::move(field));
    }
    return schema;
  }

 private:
  std::vector<bool> seen_;
};

Digest digest_of(const TableVersion& version) {
  Hasher hasher;
  hasher.update(version.schema.json().dump());
  for (const TableChunk& chunk : version.chunks) {
    hasher.update(chunk.cells.bytes().data(), chunk.cells.bytes().size());
  }
  return hasher.finish();
}

class Step {
 public:
  Step(Progress& progress, const std::string& table) : progress_(progress) {
    progress_.begin("table " + table, 0, "rows");
  }
  ~Step() { progress_.end(); }

 private:
  Progress& progress_;
};

}  // namespace

TableVersion write_version(Engine& engine, Store& store, const VersionRequest& request,
                           Progress& progress) {
  Schema schema = engine.describe(request.sql);
  Step step(progress, request.table);
  TableVersion version;
  version.key = request.key;
  try {
    std::unique_ptr<BatchReader> reader = engine.query(ordered_sql(request, schema), schema);
    ChunkWriter writer(engine, store, schema);
    Cutter cutter(writer, schema);
    KeyCheck key(request.key, schema, request.table, request.unique);
    NullSeen nulls(schema.size());
    Batch batch;
    while (reader->next(batch)) {
      check_interrupted();
      refuse_zero_bytes(batch, version.rows, request.table);
      key.check(batch, version.rows);
      nulls.look(batch);
      cutter.add(batch);
      version.rows += batch.rows;
      progress.advance(batch.rows);
    }
    cutter.finish();
    version.chunks = writer.finish();
    version.schema = nulls.narrowed(std::move(schema));
  } catch (const Error& error) {
    // One line of our own stands before the user's SQL.
    Where where = error.where();
    if (where.file.empty() && where.line > 1) --where.line;
    throw Error(error.code(), error.message(), where, error.hint()).at({.table = request.table});
  }
  version.digest = digest_of(version);
  return version;
}

}  // namespace gristmill
