#include "clean/cells.h"

#include <bit>
#include <cmath>

#include <fmt/format.h>

#include "base/text.h"
#include "frame/cell.h"

namespace gristmill {
namespace {

bool all_empty(const Column& column, const uint64_t* hits) {
  bool empty = true;
  for_hits(hits, column.length,
           [&](int64_t i) { empty = empty && column.offsets[i] == column.offsets[i + 1]; });
  return empty;
}

}  // namespace

bool find_missing(const Column& column, uint64_t* hits) {
  uint64_t any = 0;
  const bool floats = column.type == Type::float64;
  if (floats) find_number_hits<double>(column, hits, [](auto v) { return v != v; });
  for (int64_t word = 0; word < words_of_bits(column.length); ++word) {
    uint64_t nulls = full_word(word, column.length) & ~present_word(column, word);
    hits[word] = floats ? hits[word] | nulls : nulls;
    any |= hits[word];
  }
  return any != 0;
}

void make_missing(Column& column, const uint64_t* hits, Scratch& scratch) {
  if (column.type == Type::string && !all_empty(column, hits)) {
    column =
        rewritten(column, hits, scratch, [](int64_t, ColumnBuffer& out) { out.append_null(); });
    return;
  }
  auto* validity = scratch.values<uint64_t>(words_of_bits(column.length));
  for (int64_t word = 0; word < words_of_bits(column.length); ++word)
    validity[word] = present_word(column, word) & ~hits[word];
  column.validity = reinterpret_cast<const uint8_t*>(validity);
}

std::string report_text(const Column& column, int64_t i) {
  if (column.is_null(i)) return "null";
  std::string text = shortened(cell_text(column, i));
  if (column.type != Type::string) return text;
  return "\"" + text + "\"";
}

Touches::Touches(RuleReport* report, const Batch& rows, int64_t first_row, Scratch& scratch)
    : report_(report), rows_(rows.rows), first_row_(first_row) {
  if (report_ == nullptr) return;
  report_->rows += rows_;
  touched_ = scratch.values<uint64_t>(words_of_bits(rows_));
  std::fill_n(touched_, words_of_bits(rows_), uint64_t(0));
}

Touches::~Touches() {
  if (report_ == nullptr) return;
  for (int64_t word = 0; word < words_of_bits(rows_); ++word)
    report_->rows_touched += std::popcount(touched_[word]);
}

void Touches::count(const uint64_t* hits) {
  if (report_ == nullptr) return;
  for (int64_t word = 0; word < words_of_bits(rows_); ++word) {
    touched_[word] |= hits[word];
    report_->cells_touched += std::popcount(hits[word]);
  }
}

void Touches::add(const std::string& name, const uint64_t* hits, const Column& before,
                  const Column& after) {
  if (report_ == nullptr) return;
  count(hits);
  for (int64_t word = 0; word < words_of_bits(rows_); ++word) {
    for (uint64_t bits = hits[word]; bits != 0; bits &= bits - 1) {
      if (report_->examples.size() >= RuleReport::max_examples) return;
      int64_t i = word * 64 + std::countr_zero(bits);
      report_->examples.push_back(
          {first_row_ + i, name, report_text(before, i), report_text(after, i)});
    }
  }
}

size_t bound_column(const Schema& schema, const std::string& name, Type type,
                    const std::string& owner) {
  size_t i = schema.index_of(name, owner);
  if (schema[i].type == type) return i;
  Where where;
  where.field = name;
  throw Error(Code::invalid,
              fmt::format("{} was made for a column of type {}, {} is {} now", owner, name_of(type),
                          name, name_of(schema[i].type)),
              where);
}

}  // namespace gristmill
