// A query's rows as batches.
#include "table/convert.h"
#include "table/result_stream.h"
#include "table/sql_text.h"

namespace gristmill {
namespace {

class StreamReader : public BatchReader {
 public:
  StreamReader(std::unique_ptr<Session> session, std::string sql, const std::string& written,
               const Schema* schema) {
    const bool as_written = sql == written;
    DuckStatement statement = session->prepare(sql);
    const std::vector<ResultColumn> columns = result_columns(statement);
    schema_ = schema_of(columns);
    if (schema != nullptr) schema_ = *schema;
    if (std::string readable = with_text_casts(columns, sql); !readable.empty()) {
      sql = std::move(readable);
      statement = session->prepare(sql);
    }
    stream_ = std::make_unique<ResultStream>(std::move(session), statement,
                                             as_written ? std::move(sql) : written);
    for (size_t i = 0; i < columns.size(); ++i)
      vectors_.emplace_back(stream_->column_type(i).get());
    read_text_.resize(schema_.size());
  }

  const Schema& schema() const override { return schema_; }

  bool next(Batch& batch) override {
    if (!read(rows_)) return false;
    batch = rows_.view();
    return true;
  }

  bool read(BatchBuffer& rows) override {
    rows.reset(schema_);
    for (size_t i = 0; i < schema_.size(); ++i) rows[i].reserve(read_rows_, read_text_[i]);
    int64_t text = 0;
    // 64 MB of text end a batch early: of long cells it holds those of one chunk of DuckDB's more.
    while (rows.rows() < chunk_rows && text < (int64_t(64) << 20) && has_row()) {
      const int64_t count = std::min(fetched_.rows - taken_, chunk_rows - rows.rows());
      rows.append(fetched_, taken_, count);
      for (const Column& column : fetched_.columns) {
        if (column.type == Type::string)
          text += column.offsets[taken_ + count] - column.offsets[taken_];
      }
      taken_ += count;
    }
    read_rows_ = rows.rows();
    for (size_t i = 0; i < schema_.size(); ++i) read_text_[i] = rows[i].text_bytes();
    return rows.rows() > 0;
  }

 private:
  // There is a row that was not taken yet; false at the end.
  bool has_row() {
    while (taken_ == fetched_.rows) {
      chunk_ = stream_->next();
      if (!chunk_) return false;
      view_chunk();
    }
    return true;
  }

  void view_chunk() {
    taken_ = 0;
    fetched_.rows = int64_t(duckdb_data_chunk_get_size(chunk_.get()));
    fetched_.columns.clear();
    for (size_t i = 0; i < vectors_.size(); ++i)
      fetched_.columns.push_back(
          vectors_[i].column(duckdb_data_chunk_get_vector(chunk_.get(), i), fetched_.rows));
  }

  // The query with columns of other types as text; "" when there are none.
  static std::string with_text_casts(const std::vector<ResultColumn>& columns,
                                     const std::string& sql) {
    std::string casts;
    for (const ResultColumn& column : columns) {
      if (is_readable(column.type)) continue;
      bool nested = column.type == DUCKDB_TYPE_LIST || column.type == DUCKDB_TYPE_STRUCT ||
                    column.type == DUCKDB_TYPE_MAP || column.type == DUCKDB_TYPE_ARRAY ||
                    column.type == DUCKDB_TYPE_UNION;
      std::string name = quote_name(column.name);
      casts += fmt::format("{}CAST({} AS VARCHAR) AS {}", casts.empty() ? "" : ", ",
                           nested ? "to_json(" + name + ")" : name, name);
    }
    if (casts.empty()) return {};
    return fmt::format("SELECT * REPLACE ({}) FROM (\n{}\n)", casts, trim_sql(sql));
  }

  Schema schema_;
  std::unique_ptr<ResultStream> stream_;
  std::vector<VectorReader> vectors_;
  DuckChunk chunk_;
  Batch fetched_;      // views of it
  int64_t taken_ = 0;  // rows of it
  BatchBuffer rows_;
  // Of the last batch, as large as which the next is made.
  int64_t read_rows_ = 0;
  std::vector<size_t> read_text_;
};

}  // namespace

std::unique_ptr<BatchReader> stream_query(std::unique_ptr<Session> session, const std::string& sql,
                                          const std::string& written, const Schema* schema) {
  return std::make_unique<StreamReader>(std::move(session), sql, written, schema);
}

}  // namespace gristmill
