// The text form of SVMlight and LIBSVM: a label, then the features that are not zero.
#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "base/progress.h"
#include "base/text.h"
#include "frame/cell.h"
#include "source/file_scan.h"
#include "source/files.h"
#include "source/lines.h"

namespace gristmill {
namespace {

using nlohmann::json;

// As a table these rows are dense: what stands here bounds their width.
constexpr int64_t features_max = 10000;
constexpr int64_t block_rows = 1024;

struct SvmRow {
  double label = 0;
  std::optional<int64_t> query;  // "qid"
  std::vector<std::pair<int64_t, double>> features;
};

[[noreturn]] void fail(int64_t line, const std::string& message) {
  throw Error(Code::invalid, message, {.line = int(line)},
              "a line is a label, then features: 1 3:0.5 7:1");
}

bool parse_index(std::string_view text, int64_t& index) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), index);
  return failed == std::errc() && end == text.data() + text.size() && index >= 0;
}

// The next word of the line; "" at its end.
std::string_view take_word(std::string_view& line) {
  const size_t begin = std::min(line.find_first_not_of(" \t\r"), line.size());
  line.remove_prefix(begin);
  const std::string_view word = line.substr(0, line.find_first_of(" \t\r"));
  line.remove_prefix(word.size());
  return word;
}

// False for a line without a row: blank, or a remark alone.
bool parse_row(std::string_view line, int64_t number, SvmRow& row) {
  line = line.substr(0, line.find('#'));
  std::string_view word = take_word(line);
  if (word.empty()) return false;
  row.features.clear();
  row.query.reset();
  std::string_view label = word.starts_with('+') ? word.substr(1) : word;
  if (!parse_float64(label, row.label))
    fail(number, fmt::format("{} is no label, which is a number", excerpt(word)));
  while (!(word = take_word(line)).empty()) {
    const size_t colon = word.find(':');
    int64_t index = 0;
    double value = 0;
    if (colon == word.npos) fail(number, fmt::format("{} is no feature", excerpt(word)));
    if (word.substr(0, colon) == "qid") {
      if (!parse_index(word.substr(colon + 1), index))
        fail(number, fmt::format("{} is no number of a query", excerpt(word)));
      row.query = index;
      continue;
    }
    if (!parse_index(word.substr(0, colon), index) || !parse_float64(word.substr(colon + 1), value))
      fail(number, fmt::format("{} is no feature", excerpt(word)));
    if (!row.features.empty() && row.features.back().first >= index)
      fail(number,
           fmt::format("feature {} does not come after {}", index, row.features.back().first));
    row.features.emplace_back(index, value);
  }
  return true;
}

// What a file holds, found by reading it through.
struct SvmShape {
  int64_t first = 1, last = 0;  // features
  bool has_queries = false, whole_labels = true;

  Schema schema() const {
    Schema schema;
    schema.add({"label", whole_labels ? Type::int64 : Type::float64, true});
    if (has_queries) schema.add({"qid", Type::int64, true});
    for (int64_t i = first; i <= last; ++i)
      schema.add({fmt::format("x{}", i), Type::float64, true});
    return schema;
  }
};

SvmShape look_at(const fs::path& file) {
  SvmShape shape;
  Lines lines(file);
  std::string line;
  SvmRow row;
  bool any = false;
  while (lines.next(line)) {
    if (lines.number() % 4096 == 0) check_interrupted();
    if (!parse_row(line, lines.number(), row)) continue;
    any = true;
    constexpr double whole_max = 9007199254740992;  // 2^53
    shape.whole_labels = shape.whole_labels && std::trunc(row.label) == row.label &&
                         std::abs(row.label) <= whole_max;
    shape.has_queries = shape.has_queries || row.query.has_value();
    if (row.features.empty()) continue;
    shape.first = std::min(shape.first, row.features.front().first);
    shape.last = std::max(shape.last, row.features.back().first);
    if (shape.last > features_max)
      throw Error(Code::invalid,
                  fmt::format("feature {} is beyond the {} that a table may have", shape.last,
                              features_max),
                  {.line = int(lines.number())}, "keep fewer features, those that most rows have");
  }
  if (!any) throw Error(Code::invalid, "the file is empty");
  return shape;
}

class SvmRows : public BatchReader {
 public:
  SvmRows(const fs::path& file, const FileScan& scan, const std::vector<size_t>& wanted)
      : lines_(file) {
    Schema schema;
    for (const size_t column : wanted) schema.add(scan.columns[column]);
    for (size_t i = 0; i < schema.size(); ++i) {
      const std::string& name = schema[i].name;
      if (name == "label")
        label_ = int(i);
      else if (name == "qid")
        query_ = int(i);
      else
        columns_.emplace(std::stoll(name.substr(1)), i);
    }
    rows_.reset(schema);
    values_.resize(schema.size());
  }

  const Schema& schema() const override { return rows_.schema(); }

  bool next(Batch& batch) override {
    rows_.clear();
    int64_t count = 0;
    for (std::string line; count < block_rows && lines_.next(line);) {
      if (!parse_row(line, lines_.number(), row_)) continue;
      append();
      ++count;
    }
    rows_.add_rows(count);
    batch = rows_.view();
    return count > 0;
  }

 private:
  void append() {
    std::fill(values_.begin(), values_.end(), 0.0);
    for (const auto& [index, value] : row_.features) {
      if (const auto column = columns_.find(index); column != columns_.end())
        values_[column->second] = value;
    }
    for (size_t i = 0; i < values_.size(); ++i) {
      ColumnBuffer& out = rows_[i];
      if (int(i) == query_) {
        row_.query ? out.append(*row_.query) : out.append_null();
      } else if (int(i) == label_) {
        out.type() == Type::int64 ? out.append(int64_t(row_.label)) : out.append(row_.label);
      } else {
        out.append(values_[i]);
      }
    }
  }

  Lines lines_;
  SvmRow row_;
  int label_ = -1, query_ = -1;
  std::map<int64_t, size_t> columns_;  // by feature
  std::vector<double> values_;
  BatchBuffer rows_;
};

const RegisterFileReader reader({
    .name = "svmlight",
    .open = [](const fs::path& file, const FileScan& scan, const std::vector<size_t>& wanted)
        -> std::unique_ptr<BatchReader> { return std::make_unique<SvmRows>(file, scan, wanted); },
});

class SvmlightSource : public Source {
 public:
  explicit SvmlightSource(SourceRequest request)
      : spec_(std::move(request.spec)), kind_(request.kind), files_(std::move(request.files)) {}

  std::vector<SourceTable> open(SqlSession&) override {
    return scanned_files(spec_, kind_, files_, "svmlight",
                         [&](const fs::path& file) { return columns_of(file); });
  }

 private:
  Schema columns_of(const fs::path& file) const {
    try {
      return found_in<Schema>(spec_.digests, {file}, "svmlight columns 1",
                              [&] { return look_at(file).schema(); });
    } catch (const Error& error) {
      throw in_file(error, file);
    }
  }

  SourceSpec spec_;
  const SourceKind& kind_;
  SourceFiles files_;
};

RegisterSource svmlight({
    .name = "svmlight",
    .text =
        "SVMlight's and LIBSVM's text form: columns `label`, `qid` where there is one, and x1, x2, "
        "… by the features' numbers, up to 10,000; a feature that a line does not name is 0",
    .example = "data/train.svmlight",
    .suffixes = {".svmlight", ".libsvm", ".svmlight.gz", ".libsvm.gz", ".svmlight.zst",
                 ".libsvm.zst"},
    .schemes = {},
    .params = {},
    .make =
        [](SourceRequest request) { return std::make_unique<SvmlightSource>(std::move(request)); },
});

}  // namespace
}  // namespace gristmill
