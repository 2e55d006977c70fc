#include "cli/row_input.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "frame/csv_blocks.h"
#include "source/csv_header.h"
#include "source/unpacked.h"
#include "table/parquet_rows.h"

namespace gristmill {
namespace {

constexpr size_t head_bytes = size_t(4) << 20;  // that tell the columns

RowFormat format_of_stream(ByteSource& bytes) {
  const std::string_view head = bytes.peek(8);
  if (head.starts_with("ARROW1") || head.starts_with(std::string_view("\xff\xff\xff\xff", 4)))
    return RowFormat::arrow;
  if (head.starts_with("PAR1")) {
    throw Error(Code::usage, "Parquet cannot be read from standard input", {},
                "give the file's path");
  }
  if (head.starts_with("\x1f\x8b") || head.starts_with("\x28\xb5\x2f\xfd"))
    throw Error(Code::usage, "standard input is packed", {},
                "give the file's path, or unpack it on the way: zcat FILE | gristmill predict …");
  const size_t first = head.find_first_not_of(" \r\n\t");
  if (first != std::string_view::npos && head[first] == '[')
    throw Error(Code::usage, "standard input is a JSON array, not JSON lines", {},
                "write one object a line: jq -c '.[]' FILE | gristmill predict …");
  return first != std::string_view::npos && head[first] == '{' ? RowFormat::json_lines
                                                               : RowFormat::csv;
}

ReadBytes bytes_of(std::string_view text) {
  return [text](char* to, size_t size) mutable {
    const size_t part = std::min(size, text.size());
    std::copy_n(text.data(), part, to);
    text.remove_prefix(part);
    return part;
  };
}

Schema csv_columns(std::string_view head, char delimiter) {
  Schema schema;
  read_csv(bytes_of(head), {}, {.delimiter = delimiter},
           [&](const std::vector<std::string>& names) {
             for (const std::string& name : names) {
               if (!name.empty()) schema.add({name, Type::string, true});
             }
           });
  return schema;
}

Type type_of(const nlohmann::json& value) {
  return value.is_boolean() ? Type::boolean : value.is_number() ? Type::float64 : Type::string;
}

// A name that is null at first has the type of its first value. What is no JSON is left to the
// reader, which says where.
Schema json_columns(std::string_view head) {
  std::vector<std::pair<std::string, nlohmann::json>> first;
  for (size_t at = 0; at < head.size();) {
    const size_t end = std::min(head.find('\n', at), head.size());
    const auto row = nlohmann::ordered_json::parse(head.substr(at, end - at), nullptr, false);
    at = end + 1;
    if (!row.is_object()) continue;
    for (const auto& [name, value] : row.items()) {
      auto found = std::find_if(first.begin(), first.end(),
                                [&, &name = name](const auto& one) { return one.first == name; });
      if (found == first.end()) found = first.insert(first.end(), {name, nullptr});
      if (found->second.is_null()) found->second = value;
    }
  }
  Schema schema;
  for (const auto& [name, value] : first) schema.add({name, type_of(value), true});
  return schema;
}

}  // namespace

RowInput::RowInput(const std::string& path) : path_(path) {
  const bool is_stream = path == "-";
  const bool packed = !is_stream && is_packed(path);
  if (!is_stream) format_ = format_of(packed ? fs::path(path).replace_extension() : fs::path(path));
  if (packed && format_ == RowFormat::parquet)
    throw Error(Code::usage, "Parquet cannot be read packed", {}, "unpack it: it is small already");
  if (!is_stream && format_ == RowFormat::parquet) {
    if (!disk().exists(path))
      throw Error(Code::not_found, fmt::format("there is no file `{}`", path));
    return;
  }
  bytes_ = std::make_shared<ByteSource>(path);
  if (is_stream) format_ = format_of_stream(*bytes_);
}

Engine& RowInput::engine() {
  if (!engine_) engine_ = std::make_unique<Engine>(EngineOptions{.temp_dir = scratch_.path()});
  return *engine_;
}

char RowInput::delimiter() {
  if (format_ == RowFormat::tsv) return '\t';
  std::string head(bytes_->peek(head_bytes / 64));
  const size_t size = head.size();
  head.resize(size + csv_slack);
  return best_delimiter(std::string_view(head).substr(0, size));
}

Schema RowInput::columns() {
  switch (format_) {
    case RowFormat::parquet:
      return engine().describe("SELECT * FROM " + parquet_relation({path_}));
    case RowFormat::arrow:
      return arrow_schema(bytes_of(bytes_->peek(head_bytes)));
    case RowFormat::json_lines:
      return json_columns(bytes_->peek(head_bytes));
    default:
      return csv_columns(bytes_->peek(head_bytes), delimiter());
  }
}

std::unique_ptr<BatchReader> RowInput::read(const Expected& expected,
                                            const std::vector<std::string>& null_texts,
                                            char decimal, const Unknown& unknown) {
  if (format_ == RowFormat::parquet) return read_parquet(engine(), path_, expected, unknown);
  const ReadBytes read = [bytes = bytes_](char* to, size_t size) { return bytes->read(to, size); };
  switch (format_) {
    case RowFormat::arrow:
      return read_arrow(read, expected, unknown);
    case RowFormat::json_lines:
      return read_json_lines(read, expected, unknown);
    default:
      return read_csv(read, expected,
                      {.delimiter = delimiter(), .null_values = null_texts, .decimal = decimal},
                      unknown);
  }
}

}  // namespace gristmill
