// Rows for the tests of this room, written as people would.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "feature/featurizer.h"
#include "frame/cell.h"

namespace gristmill {

// Rows from text; nullptr is null, and "" too but for text.
class TestRows {
 public:
  explicit TestRows(std::vector<Field> fields) : buffer_(Schema(std::move(fields))) {}

  TestRows& row(std::initializer_list<const char*> cells) {
    size_t column = 0;
    for (const char* cell : cells) append(column++, cell);
    return *this;
  }
  static TestRows column(Type type, const std::vector<const char*>& cells) {
    TestRows rows({{"x", type}});
    for (const char* cell : cells) rows.append(0, cell);
    return rows;
  }

  ColumnBuffer& operator[](size_t i) { return buffer_[i]; }
  const Schema& schema() const { return buffer_.schema(); }
  Batch batch() const { return buffer_.view(); }
  // Row i as a batch of its own.
  TestRows one(int64_t i) const {
    TestRows single(schema().fields());
    single.buffer_.append(batch(), i, 1);
    return single;
  }

 private:
  void append(size_t column, const char* cell) {
    Type type = buffer_[column].type();
    if (cell == nullptr || (*cell == '\0' && type != Type::string)) {
      buffer_[column].append_null();
    } else if (!append_parsed(buffer_[column], cell)) {
      throw Error(Code::internal, std::string("test cell ") + cell);
    }
  }
  BatchBuffer buffer_;
};

inline constexpr Wants for_trees{.scaled = false, .missing = true, .cyclic = false};
inline constexpr Wants for_linear{.scaled = true, .missing = false, .cyclic = true};

// An encoder fitted on `rows`; null with the reason in `why`.
inline std::unique_ptr<Encoder> fit_encoder(const std::string& kind, const TestRows& rows,
                                            const Wants& wants,
                                            const nlohmann::json& params = nullptr,
                                            std::string* why = nullptr,
                                            const std::string& time = "") {
  std::string reason;
  auto fit = Encoders::instance()
                 .get(kind, "encoder")
                 .make(params, {rows.schema(), rows.schema()[0], wants, time});
  do fit->observe({rows.batch()});
  while (fit->next_pass());
  auto encoder = fit->freeze(&reason);
  if (why != nullptr) *why = reason;
  if (encoder) encoder->bind(rows.schema());
  return encoder;
}

struct Encoded {
  std::vector<std::string> names;           // of the floats
  std::vector<std::vector<float>> floats;   // by row
  std::vector<std::vector<int32_t>> codes;  // by row
};

inline Encoded encode_rows(const Featurizer& featurizer, const Batch& batch) {
  FeatureBuffer buffer;
  FeatureRows rows = buffer.resize(featurizer.layout(), batch.rows);
  Scratch scratch;
  featurizer.encode(batch, rows, scratch);
  Encoded encoded;
  for (const TensorSpec& spec : featurizer.layout().specs)
    if (spec.kind == TensorKind::block)
      encoded.names.insert(encoded.names.end(), spec.names.begin(), spec.names.end());
  for (int64_t i = 0; i < batch.rows; ++i) {
    const float* f = rows.floats + i * rows.float_stride;
    encoded.floats.emplace_back(f, f + featurizer.layout().floats);
    const int32_t* c = rows.codes + i * rows.code_stride;
    encoded.codes.emplace_back(c, c + featurizer.layout().codes);
  }
  return encoded;
}

// Bits, so that NaN equals NaN.
inline std::string bits_of(const Encoded& encoded) {
  std::string bits;
  for (const auto& row : encoded.floats)
    bits.append(reinterpret_cast<const char*>(row.data()), row.size() * sizeof(float));
  for (const auto& row : encoded.codes)
    bits.append(reinterpret_cast<const char*>(row.data()), row.size() * sizeof(int32_t));
  return bits;
}

// Saved and loaded, and one row at a time, the featurizer gives the same bits.
inline void expect_same_when_frozen(const Featurizer& featurizer, const TestRows& rows) {
  std::string bits = bits_of(encode_rows(featurizer, rows.batch()));
  State saved = featurizer.save();
  State reread = saved;
  reread.json = nlohmann::json::parse(saved.json.dump());
  Featurizer loaded = Featurizer::load(reread, rows.schema());
  EXPECT_EQ(loaded.layout().specs, featurizer.layout().specs);
  EXPECT_EQ(bits_of(encode_rows(loaded, rows.batch())), bits);
  EXPECT_EQ(loaded.save().digest_hex(), saved.digest_hex());
  Encoded apart;
  for (int64_t i = 0; i < rows.batch().rows; ++i) {
    Encoded one = encode_rows(loaded, rows.one(i).batch());
    apart.floats.push_back(one.floats[0]);
    apart.codes.push_back(one.codes[0]);
  }
  EXPECT_EQ(bits_of(apart), bits);
}

// What one encoder writes for `rows`; checked as expect_same_when_frozen says.
inline Encoded encode_with(const std::string& kind, std::unique_ptr<Encoder> encoder,
                           const TestRows& rows) {
  std::vector<Featurizer::Step> steps;
  steps.push_back({kind, std::move(encoder)});
  Featurizer featurizer(rows.schema(), std::move(steps));
  expect_same_when_frozen(featurizer, rows);
  return encode_rows(featurizer, rows.batch());
}

// Floats of one encoder fitted on `rows` and run over `other`.
inline Encoded fit_encode(const std::string& kind, const TestRows& rows, const TestRows& other,
                          const Wants& wants, const nlohmann::json& params = nullptr,
                          const std::string& time = "") {
  return encode_with(kind, fit_encoder(kind, rows, wants, params, nullptr, time), other);
}

}  // namespace gristmill
