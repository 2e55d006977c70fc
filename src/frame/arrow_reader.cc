#include <fmt/format.h>

#include <optional>

#include "frame/arrow_column.h"
#include "frame/decoding.h"

namespace gristmill {

namespace {

class ArrowReader : public BatchReader {
 public:
  ArrowReader(ReadBytes in, const Expected& expected, const Unknown& unknown)
      : messages_(std::move(in)), rows_(expected.schema) {
    ArrowMessage first;
    if (!messages_.next(first) || first.kind != ArrowMessage::Kind::schema) {
      fail_arrow("it does not begin with a schema");
    }
    fields_ = std::move(first.fields);
    std::vector<std::string> names;
    for (const ArrowField& field : fields_) names.push_back(field.name);
    match_ = match_columns(expected, names);
    for (size_t i = 0; i < expected.schema.size(); ++i) {
      if (const ArrowField* field = source(i)) check_convertible(*field, expected.schema[i]);
    }
    dictionaries_.resize(expected.schema.size());
    values_.resize(expected.schema.size());
    if (unknown && !match_.unknown.empty()) unknown(match_.unknown);
  }

  const Schema& schema() const override { return rows_.schema(); }

  bool next(Batch& batch) override {
    while (used_ == message_.length) {
      if (!next_record_batch()) return false;
    }
    const int64_t count = std::min(batch_rows, message_.length - used_);
    rows_.clear();
    for (size_t i = 0; i < values_.size(); ++i) {
      convert(i, count);
      if (!schema()[i].nullable) check_no_null(i, count);
    }
    used_ += count;
    row_ += count;
    rows_.add_rows(count);
    batch = rows_.view();
    return true;
  }

 private:
  const ArrowField* source(size_t i) const {
    return match_.source[i] < 0 ? nullptr : &fields_[size_t(match_.source[i])];
  }

  // False at the end.
  bool next_record_batch() {
    used_ = message_.length = 0;
    while (messages_.next(message_)) {
      switch (message_.kind) {
        case ArrowMessage::Kind::schema:
          fail_arrow("it has a second schema");
        case ArrowMessage::Kind::dictionary:
          read_dictionary();
          message_.length = 0;
          break;
        case ArrowMessage::Kind::batch:
          open_record_batch();
          return true;
      }
    }
    message_.length = 0;
    return false;
  }

  void open_record_batch() {
    if (message_.length < 0 || message_.length > rows_max) {
      fail_arrow(fmt::format("a record batch of {} rows", message_.length));
    }
    body_.emplace(message_);
    for (size_t c = 0; c < fields_.size(); ++c) {
      if (match_.field[c] >= 0) {
        values_[size_t(match_.field[c])] = body_->take(fields_[c]);
      } else {
        body_->skip(fields_[c]);
      }
    }
  }

  // Several columns may share a dictionary, each with a type of its own.
  void read_dictionary() {
    if (message_.length < 0 || message_.length > rows_max) fail_arrow("a dictionary is too long");
    for (size_t i = 0; i < dictionaries_.size(); ++i) {
      const ArrowField* field = source(i);
      if (field == nullptr || field->dictionary != message_.dictionary_id) continue;
      ArrowBatchBody body(message_);
      ColumnBuffer values(schema()[i].type);
      convert_arrow(body.take(*field, true), 0, message_.length, schema()[i], dictionary_row,
                    values);
      if (message_.is_delta && dictionaries_[i]) {
        dictionaries_[i]->append(values.view(), 0, values.length());
      } else {
        dictionaries_[i] = std::move(values);
      }
    }
  }

  void convert(size_t i, int64_t count) {
    const ArrowField* field = source(i);
    const Field& to = schema()[i];
    if (field == nullptr) {
      for (int64_t k = 0; k < count; ++k) rows_[i].append_null();
    } else if (field->dictionary) {
      const ColumnBuffer none(to.type);
      const Column dictionary = (dictionaries_[i] ? *dictionaries_[i] : none).view();
      gather_arrow(values_[i], used_, count, dictionary, to, row_, rows_[i]);
    } else {
      convert_arrow(values_[i], used_, count, to, row_, rows_[i]);
    }
  }

  void check_no_null(size_t i, int64_t count) {
    const Column column = rows_[i].view();
    for (int64_t k = 0; k < count && column.validity != nullptr; ++k) {
      if (column.is_null(k)) throw missing_value(schema()[i], row_ + k);
    }
  }

  // A batch without buffers can claim any number of rows.
  static constexpr int64_t rows_max = int64_t(1) << 31;

  ArrowMessages messages_;
  std::vector<ArrowField> fields_;
  ColumnMatch match_;
  std::vector<std::optional<ColumnBuffer>> dictionaries_;  // by field of the schema, converted
  ArrowMessage message_;                                   // the record batch being handed out
  std::optional<ArrowBatchBody> body_;
  std::vector<ArrowValues> values_;  // by field of the schema
  BatchBuffer rows_;
  int64_t used_ = 0;  // rows of the record batch handed out
  int64_t row_ = 0;
};

Type type_of(const ArrowField& field) {
  switch (field.kind) {
    case ArrowKind::integer:
      return Type::int64;
    case ArrowKind::floating:
    case ArrowKind::decimal:
      return Type::float64;
    case ArrowKind::boolean:
      return Type::boolean;
    case ArrowKind::date:
      return Type::date;
    case ArrowKind::timestamp:
      return field.has_zone ? Type::timestamptz : Type::timestamp;
    default:
      return Type::string;
  }
}

}  // namespace

Schema arrow_schema(ReadBytes in) {
  ArrowMessage first;
  Schema schema;
  if (!ArrowMessages(std::move(in)).next(first) || first.kind != ArrowMessage::Kind::schema)
    fail_arrow("it does not begin with a schema");
  for (const ArrowField& field : first.fields) schema.add({field.name, type_of(field), true});
  return schema;
}

std::unique_ptr<BatchReader> read_arrow(ReadBytes in, const Expected& expected, Unknown unknown) {
  return std::make_unique<ArrowReader>(std::move(in), expected, unknown);
}

}  // namespace gristmill
