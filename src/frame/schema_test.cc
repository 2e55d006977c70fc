#include "frame/schema.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "frame/batch.h"

namespace gristmill {
namespace {

Code code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return Code::internal;
}

TEST(Schema, FindsByExactName) {
  Schema schema({{"a", Type::int64, false}, {"A", Type::string}});
  EXPECT_EQ(schema.find("A"), 1);
  EXPECT_EQ(schema.find("b"), -1);
  EXPECT_EQ(schema.index_of("a", "x"), 0u);
  EXPECT_EQ(schema.add({"b", Type::date}), 2u);
  EXPECT_EQ(code_of([&] { schema.add({"a", Type::date}); }), Code::invalid);
  EXPECT_EQ(code_of([&] { schema.replace(0, {"b", Type::date}); }), Code::invalid);
  schema.replace(0, {"a", Type::date});
  EXPECT_EQ(schema[0].type, Type::date);
  EXPECT_EQ(code_of([] { Schema({{"a"}, {"b"}, {"a"}}); }), Code::invalid);
}

TEST(Schema, FindsAmongMany) {
  Schema schema;
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(schema.add({"c" + std::to_string(i)}), size_t(i));
    for (int k = 0; k <= i; ++k) ASSERT_EQ(schema.find("c" + std::to_string(k)), k);
    ASSERT_EQ(schema.find("c" + std::to_string(i + 1)), -1);
  }
  EXPECT_THROW(schema.add({"c77"}), Error);
  EXPECT_THROW(schema.replace(3, {"c77"}), Error);
  schema.replace(77, {"other"});
  EXPECT_EQ(schema.find("c77"), -1);
  EXPECT_EQ(schema.find("other"), 77);
  schema.replace(77, {"other", Type::int64});  // its own name is not taken
  EXPECT_EQ(schema[77].type, Type::int64);
  EXPECT_EQ(Schema(schema.fields()), schema);
}

TEST(Schema, NamesTheNearestColumn) {
  Schema schema({{"distance"}, {"carrier"}});
  try {
    schema.index_of("carier", "rule map");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::not_found);
    EXPECT_EQ(error.message(), "rule map: there is no column \"carier\"");
    EXPECT_EQ(error.hint(), "did you mean \"carrier\"?");
  }
}

TEST(Schema, RoundTripsAsJson) {
  Schema schema({{"a", Type::boolean, false},
                 {"b", Type::int64},
                 {"c", Type::float64},
                 {"d", Type::string},
                 {"e", Type::date},
                 {"f", Type::timestamp},
                 {"g", Type::timestamptz}});
  EXPECT_EQ(Schema::from_json(schema.json()), schema);
  for (const char* bad : {"5", "[5]", "[{}]", R"([{"name":"a","type":"x","nullable":true}])",
                          R"([{"name":"a","type":"date","nullable":1}])"})
    EXPECT_EQ(code_of([&] { Schema::from_json(nlohmann::json::parse(bad)); }), Code::corrupt)
        << bad;
}

// Batches of the given sizes holding 0, 1, 2, …
class Counting : public BatchReader {
 public:
  explicit Counting(std::vector<int64_t> sizes) : sizes_(std::move(sizes)) {}
  const Schema& schema() const override { return schema_; }
  bool next(Batch& batch) override {
    if (at_ == sizes_.size()) return false;
    buffer_.reset(schema_);
    for (int64_t i = 0; i < sizes_[at_]; ++i) buffer_[0].append(count_++);
    ++at_;
    batch = buffer_.view();
    return true;
  }

 private:
  Schema schema_{{{"n", Type::int64}}};
  BatchBuffer buffer_;
  std::vector<int64_t> sizes_;
  size_t at_ = 0;
  int64_t count_ = 0;
};

TEST(Chunker, CutsByPosition) {
  constexpr int64_t most = chunk_rows;
  for (std::vector<int64_t> sizes : std::vector<std::vector<int64_t>>{{most, most, 5},
                                                                      {most - 1, most, 6},
                                                                      {1, most - 1, most, 2, 3},
                                                                      {50000, 50000, 31077}}) {
    Counting reader(sizes);
    Chunker chunker(reader);
    BatchBuffer chunk;
    std::vector<int64_t> seen;
    int64_t value = 0;
    while (chunker.next(chunk)) {
      seen.push_back(chunk.rows());
      Batch batch = chunk.view();
      EXPECT_EQ(batch.schema->size(), 1u);
      for (int64_t i = 0; i < batch.rows; ++i)
        ASSERT_EQ(batch.columns[0].values<int64_t>()[i], value++);
    }
    EXPECT_EQ(seen, (std::vector<int64_t>{most, most, 5}));
    EXPECT_FALSE(chunker.next(chunk));
  }
  Counting none({});
  BatchBuffer chunk;
  EXPECT_FALSE(Chunker(none).next(chunk));
}

TEST(BatchBuffer, SelectsRows) {
  Counting reader({20});
  Batch batch;
  reader.next(batch);
  BatchBuffer kept(reader.schema());
  uint8_t keep[3] = {0b10000001, 0, 0b1000};
  kept.append_selected(batch, keep);
  EXPECT_EQ(kept.rows(), 3);
  EXPECT_EQ(kept.view().columns[0].values<int64_t>()[2], 19);
  kept.append(batch, 5, 2);
  EXPECT_EQ(kept.view().columns[0].values<int64_t>()[4], 6);
  kept.clear();
  EXPECT_EQ(kept.rows(), 0);
  EXPECT_GT(kept.memory(), 0u);
}

}  // namespace
}  // namespace gristmill
