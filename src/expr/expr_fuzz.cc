// Any tree that a bundle may hold, over any cells, text that is no UTF-8 among them: an Error or
// answers, and for a row alone the same as beside others.
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/error.h"
#include "expr/test_rows.h"
#include "frame/cell.h"

using namespace gristmill;
using testing_expr::test_schema;

namespace {

// Decisions out of the bytes; zeros when they are used up.
class Bytes {
 public:
  Bytes(const uint8_t* data, size_t size) : data_(data), left_(size) {}
  uint8_t one() {
    if (left_ == 0) return 0;
    --left_;
    return *data_++;
  }
  std::string text() {
    const size_t size = std::min<size_t>(one() % 16, left_);
    std::string taken(reinterpret_cast<const char*>(data_), size);
    data_ += size;
    left_ -= size;
    return taken;
  }
  int64_t number() {
    if (one() % 2 == 0) return static_cast<int8_t>(one());
    uint64_t bits = 0;
    for (int i = 0; i < 8; ++i) bits = bits << 8 | one();
    return static_cast<int64_t>(bits);
  }

 private:
  const uint8_t* data_;
  size_t left_;
};

nlohmann::json constant(Bytes& bytes) {
  static const char* const words[] = {"year", "epoch", "INTEGER", "(a)|b", "2013-01-31 09:30", "i"};
  const Type type = static_cast<Type>(bytes.one() % 7);
  nlohmann::json json = {{"op", "constant"}, {"type", name_of(type)}};
  const uint8_t kind = bytes.one() % 8;
  if (kind == 0) {
    json["value"] = nullptr;
  } else if (type == Type::string) {
    json["value"] = kind < 4 ? words[bytes.one() % std::size(words)] : bytes.text();
  } else if (type == Type::boolean) {
    json["value"] = kind % 2 == 0;
  } else if (type == Type::float64 && kind < 4) {
    json["value"] = double(bytes.number()) / 8;
  } else {
    json["value"] = bytes.number();
  }
  return json;
}

nlohmann::json tree(Bytes& bytes, int depth) {
  const uint8_t kind = bytes.one();
  if (depth == 0 || kind % 4 == 0) {
    if (kind % 3 == 0) return constant(bytes);
    const Field& field = test_schema()[kind % test_schema().size()];
    return {{"op", "column"}, {"type", name_of(field.type)}, {"column", field.name}};
  }
  const auto& ops = expr_ops();
  nlohmann::json json = {{"op", ops[bytes.one() % ops.size()].name},
                         {"type", name_of(static_cast<Type>(bytes.one() % 7))},
                         {"try", kind % 2 == 0}};
  for (size_t args = bytes.one() % 5; args > 0; --args) {
    json["args"].push_back(tree(bytes, depth - 1));
  }
  return json;
}

BatchBuffer rows_from(Bytes& bytes) {
  BatchBuffer rows(test_schema());
  for (int i = 0; i < 5; ++i) {
    for (size_t c = 0; c < test_schema().size(); ++c) {
      if (bytes.one() % 8 == 0) {
        rows[c].append_null();
      } else if (rows[c].type() == Type::boolean) {
        rows[c].append(bytes.one() % 2 == 0);
      } else if (rows[c].type() == Type::float64) {
        rows[c].append(double(bytes.number()) / 8);
      } else if (rows[c].type() == Type::string) {
        rows[c].append(std::string_view(bytes.text()));
      } else if (rows[c].type() == Type::date) {
        rows[c].append_days(static_cast<int32_t>(bytes.number()));
      } else {
        rows[c].append(bytes.number());
      }
    }
  }
  return rows;
}

std::string answer(const Expr& expr, const Batch& batch, int64_t row) {
  Scratch scratch;
  const Column column = expr.evaluate(batch, scratch);
  std::string text;
  append_canonical(column, row, text);
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Bytes bytes(data, size);
  try {
    const Expr expr(ExprNode::from_json(tree(bytes, 4)), test_schema());
    const BatchBuffer rows = rows_from(bytes);
    for (int64_t i = 0; i < 5; ++i) {
      BatchBuffer one(test_schema());
      one.append(rows.view(), i, 1);
      if (answer(expr, rows.view(), i) != answer(expr, one.view(), 0)) std::abort();
    }
  } catch (const Error&) {
  }
  return 0;
}
