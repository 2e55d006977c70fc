// DuckDB itself as the judge of expressions, and cells as text that tells bits apart.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "frame/batch.h"
#include "table/bind.h"
#include "table/handles.h"

namespace gristmill::testing_bind {

// A cell as text that tells bits apart; null: "NULL".
inline std::string cell(const Column& column, int64_t i) {
  if (column.is_null(i)) return "NULL";
  switch (column.type) {
    case Type::boolean:
      return column.boolean(i) ? "true" : "false";
    case Type::float64: {
      const double value = column.values<double>()[i];
      return std::isnan(value) ? "nan" : fmt::format("{:a}", value);
    }
    case Type::string:
      return fmt::format("'{}'", column.string(i));
    case Type::date:
      return fmt::format("{}", column.values<int32_t>()[i]);
    default:
      return fmt::format("{}", column.values<int64_t>()[i]);
  }
}

// A DuckDB in memory that evaluates just what is written.
class Duck {
 public:
  Duck() {
    duckdb_open(nullptr, database_.out());
    duckdb_connect(database_.get(), connection_.out());
    for (const char* sql :
         {"SET TimeZone = 'UTC'", "SET threads = 1", "PRAGMA disable_optimizer"}) {
      std::string error;
      cells(sql, error);
      EXPECT_EQ(error, "");
    }
  }

  AskText ask() {
    return [this](const std::string& sql) {
      std::string error;
      auto answer = cells(sql, error);
      if (!error.empty()) throw duckdb_failure(error, sql);
      return answer.at(0).substr(1, answer.at(0).size() - 2);
    };
  }

  // The one column of the result.
  std::vector<std::string> cells(const std::string& sql, std::string& error) {
    DuckResult result;
    std::vector<std::string> out;
    if (duckdb_query(connection_.get(), sql.c_str(), result.get()) == DuckDBError) {
      error = duckdb_result_error(result.get());
      return out;
    }
    while (true) {
      DuckChunk chunk(duckdb_fetch_chunk(*result.get()));
      if (!chunk) return out;
      append(chunk, out);
    }
  }

  void load(const Batch& batch) {
    std::string sql = "CREATE OR REPLACE TABLE t(id BIGINT";
    for (const Field& field : batch.schema->fields()) {
      sql += fmt::format(", \"{}\" {}", field.name, sql_name(field.type));
    }
    std::string error;
    cells(sql + ")", error);
    ASSERT_EQ(error, "");
    duckdb_appender appender;
    duckdb_appender_create(connection_.get(), nullptr, "t", &appender);
    for (int64_t i = 0; i < batch.rows; ++i) {
      duckdb_append_int64(appender, i);
      for (const Column& column : batch.columns) append_cell(appender, column, i);
      duckdb_appender_end_row(appender);
    }
    ASSERT_EQ(duckdb_appender_destroy(&appender), DuckDBSuccess);
  }

 private:
  static void append_cell(duckdb_appender appender, const Column& column, int64_t i) {
    if (column.is_null(i)) {
      duckdb_append_null(appender);
      return;
    }
    switch (column.type) {
      case Type::boolean:
        duckdb_append_bool(appender, column.boolean(i));
        return;
      case Type::int64:
        duckdb_append_int64(appender, column.values<int64_t>()[i]);
        return;
      case Type::float64:
        duckdb_append_double(appender, column.values<double>()[i]);
        return;
      case Type::string:
        duckdb_append_varchar_length(appender, column.string(i).data(), column.string(i).size());
        return;
      case Type::date:
        duckdb_append_date(appender, {column.values<int32_t>()[i]});
        return;
      default:
        duckdb_append_timestamp(appender, {column.values<int64_t>()[i]});
    }
  }

  static void append(const DuckChunk& chunk, std::vector<std::string>& out) {
    duckdb_vector vector = duckdb_data_chunk_get_vector(chunk.get(), 0);
    DuckType type(duckdb_vector_get_column_type(vector));
    const void* data = duckdb_vector_get_data(vector);
    uint64_t* validity = duckdb_vector_get_validity(vector);
    for (idx_t i = 0; i < duckdb_data_chunk_get_size(chunk.get()); ++i) {
      if (validity != nullptr && !duckdb_validity_row_is_valid(validity, i)) {
        out.emplace_back("NULL");
      } else {
        out.push_back(one(duckdb_get_type_id(type.get()), data, i));
      }
    }
  }

  static std::string one(duckdb_type type, const void* data, idx_t i) {
    switch (type) {
      case DUCKDB_TYPE_BOOLEAN:
        return static_cast<const bool*>(data)[i] ? "true" : "false";
      case DUCKDB_TYPE_DOUBLE: {
        const double value = static_cast<const double*>(data)[i];
        return std::isnan(value) ? "nan" : fmt::format("{:a}", value);
      }
      case DUCKDB_TYPE_VARCHAR: {
        auto text = static_cast<const duckdb_string_t*>(data)[i];
        return fmt::format(
            "'{}'", std::string_view(duckdb_string_t_data(&text), duckdb_string_t_length(text)));
      }
      case DUCKDB_TYPE_TINYINT:
        return fmt::format("{}", static_cast<const int8_t*>(data)[i]);
      case DUCKDB_TYPE_SMALLINT:
        return fmt::format("{}", static_cast<const int16_t*>(data)[i]);
      case DUCKDB_TYPE_INTEGER:
      case DUCKDB_TYPE_DATE:
        return fmt::format("{}", static_cast<const int32_t*>(data)[i]);
      case DUCKDB_TYPE_BIGINT:
      case DUCKDB_TYPE_TIMESTAMP:
      case DUCKDB_TYPE_TIMESTAMP_TZ:
        return fmt::format("{}", static_cast<const int64_t*>(data)[i]);
      default:
        return fmt::format("type {}", int(type));
    }
  }

  DuckDatabase database_;
  DuckConnection connection_;
};

}  // namespace gristmill::testing_bind
