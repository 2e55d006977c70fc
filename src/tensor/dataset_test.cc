#include "tensor/dataset.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "base/digest.h"
#include "base/thread_pool.h"
#include "tensor/dataset_file.h"

namespace gristmill {
namespace {

FeatureLayout layout_of_two_and_two() {
  return FeatureLayout(
      {{.name = "distance", .kind = TensorKind::block, .names = {"distance"}, .source = "distance"},
       {.name = "dest", .kind = TensorKind::code, .names = {"", "", "ATL"}, .source = "dest"},
       {.name = "hour", .kind = TensorKind::block, .names = {"sin", "cos"}, .source = "time"},
       {.name = "origin", .kind = TensorKind::code, .names = {"", ""}, .source = "origin"}});
}

DatasetInfo info_of(bool weighted) {
  return {.layout = layout_of_two_and_two(),
          .problem = Problem::binary,
          .classes = {"false", "true"},
          .weighted = weighted};
}

Code code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return Code::internal;
}

// Without the syncing that a thousand damaged copies do not need.
void place(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

constexpr int64_t fold_rows[3] = {50, 7, 20};

// Row r of fold f holds values made from both.
void fill(DatasetWriter& writer, Fold fold, int64_t begin, int64_t count) {
  DatasetWriter::Part part = writer.part(fold, begin, count);
  for (int64_t i = 0; i < count; ++i) {
    int64_t n = 1000 * int64_t(fold) + begin + i;
    for (int64_t j = 0; j < 3; ++j)
      part.features.floats[i * part.features.float_stride + j] = float(10 * n + j);
    part.features.codes[i * part.features.code_stride] = int32_t(n % 3);
    part.features.codes[i * part.features.code_stride + 1] = int32_t(n % 2);
    part.target[i] = double(n % 2);
    if (part.weight != nullptr) part.weight[i] = double(n) / 8;
    part.key[i] = uint64_t(n) << 40;
  }
}

Digest write(const fs::path& path, bool weighted, int64_t step = 64, int threads = 1) {
  auto writer = DatasetWriter::create(path, info_of(weighted), fold_rows);
  ThreadPool pool(threads);
  for (Fold fold : {Fold::test, Fold::train, Fold::validate}) {
    int64_t rows = fold_rows[size_t(fold)];
    pool.for_each((rows + step - 1) / step, [&](int64_t i) {
      fill(*writer, fold, i * step, std::min(step, rows - i * step));
    });
  }
  return writer->finish();
}

TEST(FeatureLayout, PlacesBlocksAndCodes) {
  FeatureLayout layout = layout_of_two_and_two();
  EXPECT_EQ(layout.floats, 3);
  EXPECT_EQ(layout.codes, 2);
  EXPECT_EQ(layout.at, (std::vector<int64_t>{0, 0, 1, 1}));
  EXPECT_EQ(layout.dense_width(), 8);
  EXPECT_EQ(layout.dense_names(),
            (std::vector<std::string>{"distance", "sin", "cos", "dest=<missing>", "dest=<other>",
                                      "dest=ATL", "origin=<missing>", "origin=<other>"}));
  FeatureLayout back = FeatureLayout::from_json(layout.json());
  EXPECT_EQ(back.specs, layout.specs);
  EXPECT_EQ(back.at, layout.at);
  EXPECT_EQ(code_of([] { FeatureLayout::from_json({{"a", 1}}); }), Code::corrupt);
  EXPECT_EQ(code_of([] { FeatureLayout::from_json(nlohmann::json::parse("[{}]")); }),
            Code::corrupt);
}

TEST(FeatureBuffer, HasRoomForEachRow) {
  FeatureLayout layout = layout_of_two_and_two();
  FeatureBuffer buffer;
  FeatureRows rows = buffer.resize(layout, 10);
  EXPECT_EQ(rows.float_stride, 3);
  EXPECT_EQ(rows.code_stride, 2);
  rows.floats[29] = 1;
  rows.codes[19] = 1;
  EXPECT_EQ(buffer.resize(layout, 5).floats, rows.floats);
}

TEST(Dataset, HoldsWhatWasWritten) {
  ScratchDir scratch;
  for (bool weighted : {false, true}) {
    fs::path path = scratch.path() / "data";
    write(path, weighted);
    auto data = Dataset::open(path);
    EXPECT_EQ(data->info().json(), info_of(weighted).json());
    EXPECT_EQ(data->rows(), 77);
    EXPECT_EQ(data->fold_begin(Fold::test), 57);
    EXPECT_EQ(data->fold_rows(Fold::validate), 7);
    for (Fold fold : {Fold::train, Fold::validate, Fold::test}) {
      DatasetRows part = data->fold_slice(fold);
      ASSERT_EQ(part.features.rows, fold_rows[size_t(fold)]);
      EXPECT_EQ(part.weight != nullptr, weighted);
      for (int64_t i = 0; i < part.features.rows; ++i) {
        int64_t n = 1000 * int64_t(fold) + i;
        ASSERT_EQ(part.features.floats[i * part.features.float_stride + 2], float(10 * n + 2));
        ASSERT_EQ(part.features.codes[i * part.features.code_stride], n % 3);
        ASSERT_EQ(part.target[i], double(n % 2));
        if (weighted) {
          ASSERT_EQ(part.weight[i], double(n) / 8);
        }
        ASSERT_EQ(part.key[i], uint64_t(n) << 40);
        ASSERT_EQ(part.fold[i], uint8_t(fold));
      }
    }
    EXPECT_EQ(data->slice(77, 0).target, nullptr);
    EXPECT_THROW(data->slice(70, 8), Error);
    EXPECT_THROW(data->slice(-1, 1), Error);
  }
}

TEST(Dataset, ArraysAreAligned) {
  ScratchDir scratch;
  write(scratch.path() / "data", true);
  auto data = Dataset::open(scratch.path() / "data");
  DatasetRows rows = data->slice(0, 1);
  for (const void* array :
       {static_cast<const void*>(rows.features.floats),
        static_cast<const void*>(rows.features.codes), static_cast<const void*>(rows.target),
        static_cast<const void*>(rows.weight), static_cast<const void*>(rows.key),
        static_cast<const void*>(rows.fold)})
    EXPECT_EQ(reinterpret_cast<uintptr_t>(array) % 64, 0u);
}

TEST(Dataset, BytesDoNotDependOnPartsOrThreads) {
  ScratchDir scratch;
  Digest digest = write(scratch.path() / "a", true);
  std::string bytes = disk().read(scratch.path() / "a");
  for (int threads : {1, 2, 7}) {
    EXPECT_EQ(write(scratch.path() / "b", true, 3, threads), digest);
    EXPECT_EQ(disk().read(scratch.path() / "b"), bytes);
  }
  EXPECT_NE(write(scratch.path() / "c", false), digest);
}

TEST(Dataset, EmptyOnesWork) {
  ScratchDir scratch;
  const int64_t none[3] = {0, 0, 0};
  DatasetWriter::create(scratch.path() / "rows", info_of(false), none)->finish();
  EXPECT_EQ(Dataset::open(scratch.path() / "rows")->rows(), 0);
  DatasetInfo bare;
  auto writer = DatasetWriter::create(scratch.path() / "columns", bare, fold_rows);
  writer->part(Fold::train, 0, 50).target[49] = 5;
  writer->finish();
  EXPECT_EQ(Dataset::open(scratch.path() / "columns")->slice(49, 1).target[0], 5);
}

// The layout of docs/dataset.md, byte for byte.
TEST(Dataset, FormatIsFixed) {
  ScratchDir scratch;
  fs::path path = scratch.path() / "data";
  write(path, true);
  std::string bytes = disk().read(path);
  auto u64 = [&](size_t at) {
    uint64_t value;
    std::memcpy(&value, bytes.data() + at, 8);
    return value;
  };
  auto u32 = [&](size_t at) { return uint32_t(u64(at)); };
  EXPECT_EQ(bytes.substr(0, 8), "\x89GMDAT\r\n");
  EXPECT_EQ(u32(8), 1u);
  EXPECT_EQ(u32(12), 1u);
  uint64_t json_bytes = u64(16);
  EXPECT_EQ(bytes.substr(64, json_bytes), info_of(true).json().dump());
  EXPECT_EQ(u64(24), 50u);
  EXPECT_EQ(u64(32), 7u);
  EXPECT_EQ(u64(40), 20u);
  EXPECT_EQ(u64(48), bytes.size());
  EXPECT_EQ(u32(56), crc32c(bytes.substr(64, json_bytes)));
  EXPECT_EQ(u32(60) & 0xffffffff, crc32c(bytes.substr(0, 60)));
  size_t at = (64 + json_bytes + 63) / 64 * 64;
  float third;
  std::memcpy(&third, bytes.data() + at + 4 * (3 * 1 + 2), 4);
  EXPECT_EQ(third, 12);
  for (size_t size : {77 * 3 * 4, 77 * 2 * 4, 77 * 8, 77 * 8, 77 * 8})
    at = (at + size + 63) / 64 * 64;
  EXPECT_EQ(at + 77, bytes.size());
  EXPECT_EQ(bytes[at + 76], 2);
}

TEST(Dataset, RefusesDamage) {
  ScratchDir scratch;
  fs::path path = scratch.path() / "data";
  write(path, true);
  std::string bytes = disk().read(path);
  uint64_t json_bytes;
  std::memcpy(&json_bytes, bytes.data() + 16, 8);
  auto opens_as = [&](const std::string& damaged) {
    place(scratch.path() / "bad", damaged);
    return code_of([&] { Dataset::open(scratch.path() / "bad"); });
  };
  for (size_t at = 0; at < 64 + json_bytes; ++at) {
    std::string damaged = bytes;
    damaged[at] ^= 0x20;
    ASSERT_EQ(opens_as(damaged), Code::corrupt) << at;
  }
  for (size_t size = 0; size < bytes.size(); size += 61)
    ASSERT_EQ(opens_as(bytes.substr(0, size)), Code::corrupt) << size;
  EXPECT_EQ(opens_as(bytes + "x"), Code::corrupt);
}

// Checksums that hold, sizes that do not.
TEST(Dataset, RefusesLyingHeaders) {
  ScratchDir scratch;
  fs::path path = scratch.path() / "data";
  write(path, true);
  const std::string bytes = disk().read(path);
  auto opens_as = [&](size_t at, uint64_t value) {
    dataset_file::Header header;
    std::string damaged = bytes;
    std::memcpy(damaged.data() + at, &value, 8);
    std::memcpy(&header, damaged.data(), sizeof(header));
    header.header_crc = dataset_file::crc_of(header);
    std::memcpy(damaged.data(), &header, sizeof(header));
    place(scratch.path() / "bad", damaged);
    return code_of([&] { Dataset::open(scratch.path() / "bad"); });
  };
  for (uint64_t value : {uint64_t(0), uint64_t(51), uint64_t(1) << 32, uint64_t(1) << 62,
                         UINT64_MAX, UINT64_MAX - 20})
    for (size_t at : {16, 24, 32, 40, 48})
      EXPECT_EQ(opens_as(at, value), Code::corrupt) << at << " " << value;
}

TEST(DatasetWriter, LeavesNothingUnfinished) {
  ScratchDir scratch;
  fs::path path = scratch.path() / "data";
  {
    auto writer = DatasetWriter::create(path, info_of(false), fold_rows);
    fill(*writer, Fold::train, 0, 50);
    EXPECT_EQ(code_of([&] { Dataset::open(path); }), Code::corrupt);
    EXPECT_THROW(writer->part(Fold::validate, 5, 3), Error);
  }
  EXPECT_FALSE(disk().exists(path));
}

TEST(DatasetWriter, SaysWhenThereIsNoRoom) {
  ScratchDir scratch;
  fs::path path = scratch.path() / "data";
  const int64_t huge[3] = {int64_t(1) << 60, 0, 0};
  EXPECT_EQ(code_of([&] { DatasetWriter::create(path, info_of(false), huge); }), Code::exhausted);
  const int64_t large[3] = {int64_t(1) << 50, 0, 0};
  EXPECT_EQ(code_of([&] { DatasetWriter::create(path, info_of(false), large); }),
            Code::unavailable);
  EXPECT_FALSE(disk().exists(path));
  EXPECT_EQ(code_of([&] { DatasetWriter::create(path / "x" / "y", info_of(false), fold_rows); }),
            Code::not_found);
}

}  // namespace
}  // namespace gristmill
