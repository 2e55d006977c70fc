#include "cli/row_files.h"

#include <cerrno>
#include <cstdio>
#include <optional>

#include <fmt/format.h>

#include "base/error.h"
#include "cli/byte_source.h"
#include "frame/readers.h"
#include "table/engine.h"

namespace gristmill {

RowFormat format_of(const std::string& path) {
  static const std::vector<std::pair<std::string, RowFormat>> suffixes = {
      {".csv", RowFormat::csv},          {".tsv", RowFormat::tsv},
      {".parquet", RowFormat::parquet},  {".arrow", RowFormat::arrow},
      {".feather", RowFormat::arrow},    {".ipc", RowFormat::arrow},
      {".jsonl", RowFormat::json_lines}, {".ndjson", RowFormat::json_lines}};
  for (const auto& [suffix, format] : suffixes) {
    if (path.ends_with(suffix)) return format;
  }
  throw Error(
      Code::usage, fmt::format("what kind of file is `{}`?", path), {},
      "its name must end in .csv, .tsv, .parquet, .arrow or .jsonl; what is read may be .gz or "
      ".zst of them");
}

void refuse_overwriting(const std::string& input, const std::string& output) {
  std::error_code absent;
  if (input == "-" || output == "-" || !fs::equivalent(input, output, absent)) return;
  throw Error(Code::usage, fmt::format("{} is read: it would be overwritten", output), {},
              "give -o another name");
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
