#include "cli/row_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "base/error.h"
#include "expr/op.h"
#include "table/engine.h"

namespace gristmill {
namespace {

enum class RowFormat { csv, tsv, parquet, arrow, json_lines };

RowFormat format_of(const std::string& path) {
  static const std::vector<std::pair<std::string, RowFormat>> suffixes = {
      {".csv", RowFormat::csv},          {".tsv", RowFormat::tsv},
      {".parquet", RowFormat::parquet},  {".arrow", RowFormat::arrow},
      {".feather", RowFormat::arrow},    {".ipc", RowFormat::arrow},
      {".jsonl", RowFormat::json_lines}, {".ndjson", RowFormat::json_lines}};
  for (const auto& [suffix, format] : suffixes) {
    if (path.ends_with(suffix)) return format;
  }
  throw Error(Code::usage, fmt::format("what kind of file is `{}`?", path), {},
              "its name must end in .csv, .tsv, .parquet, .arrow or .jsonl");
}

// A file descriptor as a stream of bytes, with room to look at the first ones.
class ByteSource {
 public:
  explicit ByteSource(const std::string& path) : path_(path) {
    fd_ = path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd_ < 0) {
      throw Error(errno == ENOENT ? Code::not_found : Code::unavailable,
                  fmt::format("cannot read `{}`: {}", path, std::strerror(errno)));
    }
  }
  ~ByteSource() { ::close(fd_); }
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  size_t read(char* to, size_t size) {
    if (used_ < head_.size()) {
      const size_t part = std::min(size, head_.size() - used_);
      std::memcpy(to, head_.data() + used_, part);
      used_ += part;
      return part;
    }
    return read_file(to, size);
  }

  // The first bytes, up to `size`; they will be read again.
  std::string_view peek(size_t size) {
    head_.resize(size);
    size_t have = 0;
    while (have < size) {
      const size_t part = read_file(head_.data() + have, size - have);
      if (part == 0) break;
      have += part;
    }
    head_.resize(have);
    return head_;
  }

 private:
  size_t read_file(char* to, size_t size) {
    ssize_t part;
    do {
      part = ::read(fd_, to, size);
    } while (part < 0 && errno == EINTR);
    if (part < 0)
      throw Error(Code::unavailable,
                  fmt::format("cannot read `{}`: {}", path_, std::strerror(errno)));
    return size_t(part);
  }

  std::string path_;
  int fd_;
  std::string head_;
  size_t used_ = 0;
};

RowFormat format_of_stream(ByteSource& bytes) {
  const std::string_view head = bytes.peek(8);
  if (head.starts_with("ARROW1") || head.starts_with(std::string_view("\xff\xff\xff\xff", 4)))
    return RowFormat::arrow;
  if (head.starts_with("PAR1")) {
    throw Error(Code::usage, "Parquet cannot be read from standard input", {},
                "give the file's path");
  }
  const size_t first = head.find_first_not_of(" \r\n\t");
  return first != std::string_view::npos && head[first] == '{' ? RowFormat::json_lines
                                                               : RowFormat::csv;
}

// Parquet knows its own types: a column of another type than expected is cast, as the table engine
// would.
class ParquetRows : public BatchReader {
 public:
  ParquetRows(const std::string& path, const Expected& expected, const Unknown& unknown)
      : expected_(expected), engine_({.temp_dir = scratch_.path()}) {
    const std::string relation = parquet_relation({path});
    const Schema found = engine_.describe("SELECT * FROM " + relation);
    std::vector<std::string> list;
    for (const Field& field : expected.schema.fields()) {
      if (found.find(field.name) >= 0) {
        list.push_back(
            fmt::format("CAST({0} AS {1}) AS {0}", quote_name(field.name), sql_name(field.type)));
      } else if (field.nullable) {
        list.push_back(
            fmt::format("CAST(NULL AS {1}) AS {0}", quote_name(field.name), sql_name(field.type)));
      } else {
        const std::vector<std::string> names = found.names();
        throw Error(Code::invalid, fmt::format("`{}` has no column {}", path, field.name),
                    {.field = field.name}, did_you_mean(field.name, names));
      }
    }
    std::vector<std::string> others;
    for (const std::string& name : found.names()) {
      const bool ignored = std::find(expected.ignored.begin(), expected.ignored.end(), name) !=
                           expected.ignored.end();
      if (expected.schema.find(name) < 0 && !ignored) others.push_back(name);
    }
    if (!others.empty() && unknown) unknown(others);
    rows_ = engine_.query(fmt::format("SELECT {} FROM {}", fmt::join(list, ", "), relation));
  }

  const Schema& schema() const override { return expected_.schema; }

  bool next(Batch& batch) override {
    if (!rows_->next(batch)) return false;
    for (size_t c = 0; c < batch.columns.size(); ++c) {
      if (!expected_.schema[c].nullable && batch.columns[c].null_count() > 0) {
        int64_t row = 0;
        while (!batch.columns[c].is_null(row)) ++row;
        throw Error(Code::invalid,
                    fmt::format("{} is missing; in the training table it never was",
                                expected_.schema[c].name),
                    {.field = expected_.schema[c].name, .row = done_ + row});
      }
    }
    done_ += batch.rows;
    batch.schema = &expected_.schema;
    return true;
  }

 private:
  Expected expected_;
  ScratchDir scratch_;
  Engine engine_;
  std::unique_ptr<BatchReader> rows_;
  int64_t done_ = 0;
};

}  // namespace

std::unique_ptr<BatchReader> open_rows(const std::string& path, const Expected& expected,
                                       const std::vector<std::string>& null_texts,
                                       const Unknown& unknown) {
  const bool is_stream = path == "-";
  if (!is_stream && format_of(path) == RowFormat::parquet) {
    if (!disk().exists(path))
      throw Error(Code::not_found, fmt::format("there is no file `{}`", path));
    return std::make_unique<ParquetRows>(path, expected, unknown);
  }
  auto bytes = std::make_shared<ByteSource>(path);
  const RowFormat format = is_stream ? format_of_stream(*bytes) : format_of(path);
  const ReadBytes read = [bytes](char* to, size_t size) { return bytes->read(to, size); };
  switch (format) {
    case RowFormat::arrow:
      return read_arrow(read, expected, unknown);
    case RowFormat::json_lines:
      return read_json_lines(read, expected, unknown);
    default:
      return read_csv(
          read, expected,
          {.delimiter = format == RowFormat::tsv ? '\t' : ',', .null_values = null_texts}, unknown);
  }
}

namespace {

void write_to_stdout(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size())
    throw file_error(errno, "write", "standard output");
}

}  // namespace

struct RowFileWriter::Impl {
  fs::path path;
  bool to_stdout = false;
  RowFormat format = RowFormat::csv;
  Schema schema;
  std::optional<ScratchDir> spool;  // Parquet is written by the table engine, from rows as Arrow
  std::optional<FileWriter> file;
  std::unique_ptr<BatchWriter> writer;

  fs::path spooled() const { return spool->path() / "rows.arrow"; }

  void spool_to_parquet() {
    Engine engine({.temp_dir = spool->path()});
    auto bytes = std::make_shared<ByteSource>(spooled().string());
    const auto rows =
        read_arrow([bytes](char* to, size_t size) { return bytes->read(to, size); }, {schema, {}});
    engine.load("answers", *rows);
    AsideFile parquet(path);
    engine.execute(fmt::format("COPY (SELECT * FROM answers) TO {} (FORMAT parquet)",
                               quote_text(parquet.aside().string())));
    parquet.publish();
  }
};

RowFileWriter::RowFileWriter(const std::string& path, const Schema& schema)
    : impl_(std::make_unique<Impl>()) {
  Impl& impl = *impl_;
  impl.path = path;
  impl.schema = schema;
  impl.to_stdout = path == "-";
  if (!impl.to_stdout) {
    impl.format = format_of(path);
    if (impl.format == RowFormat::parquet)
      impl.spool.emplace(impl.path.has_parent_path() ? impl.path.parent_path() : fs::path("."));
    impl.file.emplace(impl.spool ? impl.spooled() : impl.path);
  }
  const WriteBytes write = [&impl](std::string_view bytes) {
    impl.to_stdout ? write_to_stdout(bytes) : impl.file->write(bytes);
  };
  switch (impl.format) {
    case RowFormat::parquet:
    case RowFormat::arrow:
      impl.writer = write_arrow(write, schema, impl.format == RowFormat::arrow);
      break;
    case RowFormat::json_lines:
      impl.writer = write_json_lines(write, schema);
      break;
    case RowFormat::tsv:
      throw Error(Code::usage, "tab-separated files are read, not written", {}, "write .csv");
    case RowFormat::csv:
      impl.writer = write_csv(write, schema);
  }
}

RowFileWriter::~RowFileWriter() = default;

BatchWriter& RowFileWriter::writer() { return *impl_->writer; }

void RowFileWriter::publish() {
  if (impl_->to_stdout) {
    if (std::fflush(stdout) != 0) throw file_error(errno, "write", "standard output");
    return;
  }
  impl_->file->finish();
  if (impl_->spool) impl_->spool_to_parquet();
}

}  // namespace gristmill
