#include <fmt/format.h>
#include <nanoarrow/nanoarrow.hpp>
#include <nanoarrow/nanoarrow_ipc.hpp>

#include <cstring>

#include "base/error.h"
#include "frame/writers.h"

namespace gristmill {

namespace {

ArrowType storage_of(Type type) {
  switch (type) {
    case Type::boolean:
      return NANOARROW_TYPE_BOOL;
    case Type::int64:
      return NANOARROW_TYPE_INT64;
    case Type::float64:
      return NANOARROW_TYPE_DOUBLE;
    case Type::string:
      return NANOARROW_TYPE_STRING;
    case Type::date:
      return NANOARROW_TYPE_DATE32;
    case Type::timestamp:
    case Type::timestamptz:
      return NANOARROW_TYPE_TIMESTAMP;
  }
  return NANOARROW_TYPE_NA;
}

void check(int code, const ArrowError* error) {
  if (code == NANOARROW_OK) return;
  throw Error(Code::internal,
              fmt::format("writing Arrow failed: {}", error == nullptr || error->message[0] == '\0'
                                                          ? std::strerror(code)
                                                          : error->message));
}

// nanoarrow's sink: what WriteBytes throws must not pass through C code, so it is kept.
struct Sink {
  WriteBytes out;
  std::exception_ptr thrown;
};

int write_to_sink(ArrowIpcOutputStream* stream, const void* bytes, int64_t size, int64_t* written,
                  ArrowError*) {
  auto* sink = static_cast<Sink*>(stream->private_data);
  try {
    sink->out({static_cast<const char*>(bytes), size_t(size)});
  } catch (...) {
    sink->thrown = std::current_exception();
    return EIO;
  }
  *written = size;
  return NANOARROW_OK;
}

class ArrowWriter : public BatchWriter {
 public:
  ArrowWriter(WriteBytes out, const Schema& schema, bool file)
      : sink_{std::move(out), nullptr}, file_(file) {
    ArrowSchemaInit(schema_.get());
    check(ArrowSchemaSetTypeStruct(schema_.get(), int64_t(schema.size())), nullptr);
    for (size_t i = 0; i < schema.size(); ++i) add_field(schema[i], schema_->children[i]);
    check(ArrowArrayViewInitFromSchema(view_.get(), schema_.get(), &error_), &error_);
    // The encoder counts buffers through an array, which the view must therefore have.
    check(ArrowArrayInitFromSchema(array_.get(), schema_.get(), &error_), &error_);
    view_->array = array_.get();
    for (size_t i = 0; i < schema.size(); ++i) view_->children[i]->array = array_->children[i];

    ArrowIpcOutputStream stream;
    stream.write = write_to_sink;
    stream.release = [](ArrowIpcOutputStream* self) { self->release = nullptr; };
    stream.private_data = &sink_;
    check(ArrowIpcWriterInit(writer_.get(), &stream), nullptr);
    if (file_) finish_step(ArrowIpcWriterStartFile(writer_.get(), &error_));
    finish_step(ArrowIpcWriterWriteSchema(writer_.get(), schema_.get(), &error_));
  }

  void write(const Batch& batch) override {
    view_->length = batch.rows;
    view_->null_count = 0;
    for (size_t i = 0; i < batch.columns.size(); ++i) {
      set_column(batch.columns[i], view_->children[i]);
    }
    finish_step(ArrowIpcWriterWriteArrayView(writer_.get(), view_.get(), &error_));
  }

  void finish() override {
    finish_step(ArrowIpcWriterWriteArrayView(writer_.get(), nullptr, &error_));
    if (file_) finish_step(ArrowIpcWriterFinalizeFile(writer_.get(), &error_));
  }

 private:
  void add_field(const Field& field, ArrowSchema* to) {
    if (field.type == Type::timestamp || field.type == Type::timestamptz) {
      const char* zone = field.type == Type::timestamptz ? "UTC" : nullptr;
      check(
          ArrowSchemaSetTypeDateTime(to, NANOARROW_TYPE_TIMESTAMP, NANOARROW_TIME_UNIT_MICRO, zone),
          nullptr);
    } else {
      check(ArrowSchemaSetType(to, storage_of(field.type)), nullptr);
    }
    check(ArrowSchemaSetName(to, field.name.c_str()), nullptr);
    if (!field.nullable) to->flags &= ~ARROW_FLAG_NULLABLE;
  }

  static void set_buffer(ArrowArrayView* view, int i, const void* data, int64_t size) {
    view->buffer_views[i].data.data = size == 0 ? nullptr : data;
    view->buffer_views[i].size_bytes = size;
  }

  static void set_column(const Column& column, ArrowArrayView* view) {
    const int64_t rows = column.length;
    const int64_t bitmap = (rows + 7) / 8;
    view->length = rows;
    view->null_count = column.null_count();
    set_buffer(view, 0, column.validity, view->null_count == 0 ? 0 : bitmap);
    if (column.type == Type::string) {
      set_buffer(view, 1, column.offsets, (rows + 1) * int64_t(sizeof(int32_t)));
      set_buffer(view, 2, column.data, column.offsets[rows]);
    } else if (column.type == Type::boolean) {
      set_buffer(view, 1, column.data, bitmap);
    } else {
      set_buffer(view, 1, column.data, rows * int64_t(width_of(column.type)));
    }
  }

  void finish_step(int code) {
    if (sink_.thrown) std::rethrow_exception(std::exchange(sink_.thrown, nullptr));
    check(code, &error_);
  }

  Sink sink_;
  bool file_;
  ArrowError error_{};
  nanoarrow::UniqueSchema schema_;
  nanoarrow::UniqueArray array_;
  nanoarrow::UniqueArrayView view_;
  nanoarrow::ipc::UniqueWriter writer_;
};

}  // namespace

std::unique_ptr<BatchWriter> write_arrow(WriteBytes out, const Schema& schema, bool file) {
  return std::make_unique<ArrowWriter>(std::move(out), schema, file);
}

}  // namespace gristmill
