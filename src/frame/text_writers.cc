// Rows as text: CSV and JSON lines.
#include "frame/cell.h"
#include "frame/json_writer.h"
#include "frame/writers.h"

namespace gristmill {

namespace {

constexpr size_t flush_bytes = size_t(1) << 18;

// Gathers text and hands it on in large pieces.
class TextWriter : public BatchWriter {
 public:
  explicit TextWriter(WriteBytes out) : out_(std::move(out)) {}

  void write(const Batch& batch) override {
    for (int64_t row = 0; row < batch.rows; ++row) {
      append_row(batch, row);
      if (text_.size() >= flush_bytes) flush();
    }
  }
  void finish() override { flush(); }

 protected:
  virtual void append_row(const Batch& batch, int64_t row) = 0;

  std::string text_;

 private:
  void flush() {
    if (!text_.empty()) out_(text_);
    text_.clear();
  }
  WriteBytes out_;
};

// RFC 4180, but with LF as everybody has it. A null is an empty cell.
class CsvWriter : public TextWriter {
 public:
  CsvWriter(WriteBytes out, const Schema& schema) : TextWriter(std::move(out)) {
    for (size_t i = 0; i < schema.size(); ++i) {
      if (i > 0) text_ += ',';
      append_text_cell(schema[i].name);
    }
    text_ += '\n';
  }

 private:
  void append_row(const Batch& batch, int64_t row) override {
    for (size_t i = 0; i < batch.columns.size(); ++i) {
      if (i > 0) text_ += ',';
      const Column& column = batch.columns[i];
      if (column.is_null(row)) continue;
      if (column.type == Type::string) {
        append_text_cell(column.string(row));
      } else {
        append_text(column, row, text_);
      }
    }
    text_ += '\n';
  }

  void append_text_cell(std::string_view text) {
    const bool plain = !text.empty() && text.find_first_of(",\"\n\r") == text.npos &&
                       text.front() != ' ' && text.back() != ' ';
    if (plain) {
      text_ += text;
      return;
    }
    text_ += '"';
    for (char c : text) {
      if (c == '"') text_ += '"';
      text_ += c;
    }
    text_ += '"';
  }
};

class JsonLinesWriter : public TextWriter {
 public:
  JsonLinesWriter(WriteBytes out, const Schema& schema) : TextWriter(std::move(out)) {
    for (const Field& field : schema.fields()) {
      std::string name = names_.empty() ? "{" : ",";
      append_json_text(name, field.name);
      names_.push_back(name + ":");
    }
  }

 private:
  void append_row(const Batch& batch, int64_t row) override {
    if (names_.empty()) text_ += '{';
    for (size_t i = 0; i < batch.columns.size(); ++i) {
      text_ += names_[i];
      append_json_cell(text_, batch.columns[i], row);
    }
    text_ += "}\n";
  }

  std::vector<std::string> names_;  // with what stands around them
};

}  // namespace

std::unique_ptr<BatchWriter> write_csv(WriteBytes out, const Schema& schema) {
  return std::make_unique<CsvWriter>(std::move(out), schema);
}

std::unique_ptr<BatchWriter> write_json_lines(WriteBytes out, const Schema& schema) {
  return std::make_unique<JsonLinesWriter>(std::move(out), schema);
}

}  // namespace gristmill
