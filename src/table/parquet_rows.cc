#include "table/parquet_rows.h"

#include <cmath>

#include <fmt/format.h>

#include "expr/op.h"
#include "frame/cell.h"
#include "frame/decoding.h"

namespace gristmill {
namespace {

bool is_timestamp(Type type) { return type == Type::timestamp || type == Type::timestamptz; }

// Without a look at the values. float64 as int64 depends on them.
bool takes(Type wanted, Type found) {
  return wanted == found || (wanted == Type::float64 && found == Type::int64) ||
         (is_timestamp(wanted) && (is_timestamp(found) || found == Type::date));
}

class ParquetRows : public BatchReader {
 public:
  ParquetRows(Engine& engine, const std::string& path, const Expected& expected,
              const Unknown& unknown)
      : engine_(engine),
        path_(path),
        relation_(parquet_relation({path})),
        schema_(expected.schema) {
    const Schema found = of_file([&] { return engine.describe("SELECT * FROM " + relation_); });
    const ColumnMatch match = match_columns(expected, found.names());
    if (unknown && !match.unknown.empty()) unknown(match.unknown);
    std::string list;
    for (size_t i = 0; i < schema_.size(); ++i) {
      const int source = match.source[i];
      list += (list.empty() ? "" : ", ") +
              (source < 0 ? null_of(schema_[i]) : selected(schema_[i], found[size_t(source)]));
    }
    rows_ = engine.query(fmt::format("SELECT {} FROM {}", list, relation_));
  }

  const Schema& schema() const override { return schema_; }

  bool next(Batch& batch) override {
    if (!of_file([&] { return rows_->next(batch); })) return false;
    for (size_t i = 0; i < schema_.size(); ++i) {
      Column& column = batch.columns[i];
      if (!schema_[i].nullable && column.null_count() > 0) fail_null(column, schema_[i]);
      if (column.type != schema_[i].type) column = whole(column, schema_[i], integers_[i]);
    }
    done_ += batch.rows;
    batch.schema = &schema_;
    return true;
  }

 private:
  // The place in SQL that no user wrote says nothing.
  template <class Call>
  auto of_file(const Call& call) -> decltype(call()) {
    try {
      return call();
    } catch (const Error& error) {
      throw Error(error.code(), error.message(), {.file = path_}, error.hint());
    }
  }

  static std::string null_of(const Field& field) {
    return fmt::format("CAST(NULL AS {}) AS {}", sql_name(field.type), quote_name(field.name));
  }

  // The column in SQL: its own type where that fits, or the one that is wanted.
  std::string selected(const Field& wanted, const Field& found) {
    const std::string name = quote_name(wanted.name);
    if (wanted.type == Type::int64 && found.type == Type::float64) {
      integers_.resize(schema_.size());
      return fmt::format("CAST({0} AS DOUBLE) AS {0}", name);
    }
    if (takes(wanted.type, found.type))
      return fmt::format("CAST({0} AS {1}) AS {0}", name, sql_name(wanted.type));
    // A column without values has a type by chance.
    const auto example = engine_.rows(fmt::format(
        "SELECT CAST({0} AS VARCHAR) FROM {1} WHERE {0} IS NOT NULL LIMIT 1", name, relation_));
    if (example.empty()) return null_of(wanted);
    throw Error(Code::invalid,
                fmt::format("column \"{}\" takes {}; in this file it is {}: {}", wanted.name,
                            kind_of(wanted.type), name_of(found.type), excerpt(example[0][0])),
                {.field = wanted.name});
  }

  [[noreturn]] void fail_null(const Column& column, const Field& field) const {
    int64_t row = 0;
    while (!column.is_null(row)) ++row;
    throw missing_value(field, done_ + row);
  }

  Column whole(const Column& column, const Field& field, ColumnBuffer& out) const {
    constexpr double most = 9007199254740992;  // 2^53: beyond it not every integer is a double
    out.reset(Type::int64);
    for (int64_t row = 0; row < column.length; ++row) {
      const double value = column.values<double>()[row];
      if (column.is_null(row)) {
        out.append_null();
      } else if (std::trunc(value) == value && std::abs(value) <= most) {
        out.append(int64_t(value));
      } else {
        throw Error(Code::invalid,
                    fmt::format("column \"{}\" takes {}, not {}", field.name, kind_of(field.type),
                                cell_text(column, row)),
                    {.field = field.name, .row = done_ + row});
      }
    }
    return out.view();
  }

  Engine& engine_;
  std::string path_, relation_;
  Schema schema_;
  std::vector<ColumnBuffer> integers_;  // by column, where there is one to convert
  std::unique_ptr<BatchReader> rows_;
  int64_t done_ = 0;
};

}  // namespace

std::unique_ptr<BatchReader> read_parquet(Engine& engine, const std::string& path,
                                          const Expected& expected, const Unknown& unknown) {
  return std::make_unique<ParquetRows>(engine, path, expected, unknown);
}

}  // namespace gristmill
