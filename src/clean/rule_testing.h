// What the tests of rules share: rows written as JSON, rules made by name, results as text.
#pragma once

#include <algorithm>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "clean/rule.h"
#include "frame/cell.h"

namespace gristmill::testing_rules {

using Json = nlohmann::json;
using Rows = std::vector<std::string>;

// Rows as lists of cells; null is null, "nan" in a float64 column is NaN, dates and times are text.
inline BatchBuffer table(std::vector<Field> fields, const Json& rows) {
  BatchBuffer out{Schema(std::move(fields))};
  for (const Json& row : rows) {
    for (size_t c = 0; c < out.schema().size(); ++c) {
      const Json& cell = row.at(c);
      ColumnBuffer& column = out[c];
      if (cell.is_null())
        column.append_null();
      else if (column.type() == Type::string)
        column.append(std::string_view(cell.get_ref<const std::string&>()));
      else if (!append_parsed(column, cell.is_string() ? cell.get<std::string>() : cell.dump()))
        ADD_FAILURE() << "not a cell: " << cell.dump();
    }
  }
  return out;
}

// A row as its cells with | between, nulls as ~.
inline Rows texts(const Batch& batch) {
  Rows rows;
  for (int64_t i = 0; i < batch.rows; ++i) {
    std::string text;
    for (const Column& column : batch.columns) {
      if (&column != &batch.columns[0]) text += '|';
      text += column.is_null(i) ? "~" : cell_text(column, i);
    }
    rows.push_back(text);
  }
  return rows;
}

// One table, once.
class OneTable : public BatchReader {
 public:
  explicit OneTable(const BatchBuffer& rows) : rows_(rows) {}
  const Schema& schema() const override { return rows_.schema(); }
  bool next(Batch& batch) override {
    if (done_) return false;
    batch = rows_.view();
    return done_ = true;
  }

 private:
  const BatchBuffer& rows_;
  bool done_ = false;
};

// Stands for those who bind expressions and open tables.
struct World {
  std::map<std::string, std::function<ExprNode()>> expressions;
  std::map<std::string, BatchBuffer> tables;

  RuleContext context(const Schema& schema) const {
    return {schema,
            [this](const std::string& text, const Schema& over) {
              return Expr(expressions.at(text)(), over);
            },
            [this](const std::string& name) -> std::unique_ptr<BatchReader> {
              auto found = tables.find(name);
              if (found == tables.end()) throw Error(Code::not_found, "no table " + name);
              return std::make_unique<OneTable>(found->second);
            }};
  }
  std::unique_ptr<RuleFit> fit(const std::string& kind, const Json& params,
                               const Schema& schema) const {
    return Rules::instance().get(kind, "rule").make(params, context(schema));
  }
  // Of a rule that needs no rows.
  RuleChain chain(const std::string& kind, const Json& params, const Schema& schema) const {
    auto made = fit(kind, params, schema);
    EXPECT_FALSE(made->needs_rows());
    RuleChain chain(schema, {});
    chain.append(kind, made->freeze());
    return chain;
  }
};

// Fitted on the rows in chunks, merged in order.
inline std::unique_ptr<RuleFit> fit_in_chunks(const World& world, const std::string& kind,
                                              const Json& params, const BatchBuffer& rows,
                                              int64_t chunk) {
  auto fit = world.fit(kind, params, rows.schema());
  for (int64_t at = 0; at < rows.rows(); at += chunk) {
    BatchBuffer piece(rows.schema());
    piece.append(rows.view(), at, std::min(chunk, rows.rows() - at));
    auto part = fit->clone_empty();
    part->observe({.rows = piece.view(), .first_row = at});
    fit->merge(std::move(*part));
  }
  return fit;
}

inline ExprNode column_node(const std::string& name, Type type) {
  ExprNode node;
  node.op = "column", node.type = type, node.column = name;
  return node;
}
inline ExprNode constant_node(Json value, Type type) {
  ExprNode node;
  node.op = "constant", node.type = type, node.value = std::move(value);
  return node;
}
inline ExprNode call_node(const std::string& op, Type type, std::vector<ExprNode> args) {
  ExprNode node;
  node.op = op, node.type = type, node.args = std::move(args);
  return node;
}

inline Rows apply(const RuleChain& chain, const BatchBuffer& rows, RuleReport* report = nullptr,
                  int64_t first_row = 0) {
  Batch batch = rows.view();
  Scratch scratch;
  std::vector<RuleReport> reports;
  chain.apply(batch, scratch, report ? &reports : nullptr, first_row);
  if (report) *report = reports[0];
  EXPECT_EQ(batch.schema->size(), batch.columns.size());
  for (size_t i = 0; i < batch.columns.size(); ++i) {
    const Field& field = (*batch.schema)[i];
    EXPECT_EQ(field.type, batch.columns[i].type) << field.name;
    if (!field.nullable) {
      EXPECT_EQ(batch.columns[i].null_count(), 0) << field.name;
    }
    if (field.type != Type::string) continue;
    for (int64_t r = 0; r < batch.rows; ++r) {
      EXPECT_TRUE(!batch.columns[i].is_null(r) || batch.columns[i].string(r).empty());
    }
  }
  return texts(batch);
}

// Random rows of every type: columns b, i, f, s, d, t, z with nulls and few different values.
inline BatchBuffer random_rows(int64_t rows, uint64_t seed) {
  BatchBuffer out(Schema({{"b", Type::boolean, true},
                          {"i", Type::int64, true},
                          {"f", Type::float64, true},
                          {"s", Type::string, true},
                          {"d", Type::date, true},
                          {"t", Type::timestamp, true},
                          {"z", Type::timestamptz, true}}));
  std::mt19937_64 random(seed);
  const std::string texts[] = {"", "N/A", "-999", "alpha", "a longer text than most", "ärger"};
  for (int64_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < out.schema().size(); ++c) {
      auto value = int64_t(random() % 9) - 4;
      ColumnBuffer& column = out[c];
      if (random() % 5 == 0) {
        column.append_null();
        continue;
      }
      switch (column.type()) {
        case Type::boolean:
          column.append(value > 0);
          break;
        case Type::float64:
          column.append(value == 4 ? std::numeric_limits<double>::quiet_NaN() : value * 0.5);
          break;
        case Type::string:
          column.append(std::string_view(texts[size_t(value + 4) % 6]));
          break;
        case Type::date:
          column.append_days(int32_t(value));
          break;
        default:
          column.append(value);
      }
    }
  }
  return out;
}

// What holds for every rule: save → load applies equally; one row at a time, odd pieces and all at
// once give the same cells; reports of pieces merge into the report of the whole; once warm, the
// scratch hands out the same memory; empty batches pass.
inline void expect_sound(const RuleChain& chain, const BatchBuffer& rows) {
  const RuleChain loaded = RuleChain::load(chain.save());
  EXPECT_EQ(loaded.output(), chain.output());
  EXPECT_EQ(loaded.save().digest_hex(), chain.save().digest_hex());

  RuleReport report;
  const Rows whole = apply(chain, rows, &report);
  EXPECT_EQ(apply(loaded, rows), whole);
  EXPECT_EQ(report.rows, rows.rows());
  EXPECT_LE(report.rows_touched, report.rows);
  EXPECT_EQ(RuleReport::from_json(report.json()).json(), report.json());
  for (int64_t size : {1, 63, 64, 65, 1000}) {
    Rows pieces;
    RuleReport merged;
    Scratch scratch;
    for (int64_t at = 0; at < rows.rows(); at += size) {
      BatchBuffer piece(rows.schema());
      piece.append(rows.view(), at, std::min(size, rows.rows() - at));
      Batch batch = piece.view();
      scratch.clear();
      std::vector<RuleReport> reports;
      chain.apply(batch, scratch, &reports, at);
      merged.merge(reports[0]);
      for (std::string& text : texts(batch)) pieces.push_back(std::move(text));
    }
    EXPECT_EQ(pieces, whole) << "pieces of " << size;
    EXPECT_EQ(merged.rows_touched, report.rows_touched);
    EXPECT_EQ(merged.cells_touched, report.cells_touched);
    EXPECT_EQ(merged.cells_unmatched, report.cells_unmatched);
  }

  EXPECT_TRUE(apply(chain, BatchBuffer(rows.schema())).empty());

  Scratch scratch;
  std::vector<const void*> first;
  for (int round = 0; round < 3; ++round) {
    scratch.clear();
    Batch batch = rows.view();
    chain.apply(batch, scratch, nullptr, 0);
    std::vector<const void*> now;
    for (const Column& column : batch.columns) now.push_back(column.data);
    if (round == 1) first = now;
    if (round == 2) {
      EXPECT_EQ(first, now);
    }
  }
}

// The message of the Error that `run` throws.
template <class Run>
std::string error_of(Run&& run, Code code = Code::invalid) {
  try {
    run();
  } catch (const Error& error) {
    EXPECT_EQ(name_of(error.code()), name_of(code)) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

}  // namespace gristmill::testing_rules
