#include "tensor/export.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/progress.h"

namespace gristmill {
namespace {

// Three rows: two floats, one code of three levels.
class Exports : public testing::Test {
 protected:
  ScratchDir scratch_;
  std::shared_ptr<Dataset> data_;

  std::shared_ptr<Dataset> make(bool weighted, int32_t last_code = 2) {
    DatasetInfo info;
    info.layout = FeatureLayout(
        {{.name = "dest", .kind = TensorKind::code, .names = {"", "", "ÅL\""}, .source = "dest"},
         {.name = "n", .kind = TensorKind::block, .names = {"x", "y"}, .source = "n"}});
    info.weighted = weighted;
    const int64_t fold_rows[3] = {2, 0, 1};
    fs::path path = scratch_.path() / "data";
    auto writer = DatasetWriter::create(path, info, fold_rows);
    const float floats[3][2] = {{1.5, 0}, {NAN, -2}, {0, 0}};
    const int32_t codes[3] = {0, 1, last_code};
    for (int64_t i = 0; i < 3; ++i) {
      auto part = writer->part(i < 2 ? Fold::train : Fold::test, i < 2 ? i : 0, 1);
      std::memcpy(part.features.floats, floats[i], sizeof(floats[i]));
      part.features.codes[0] = codes[i];
      part.target[0] = double(i) / 2;
      part.key[0] = uint64_t(i) + 7;
      if (weighted) part.weight[0] = 3;
    }
    writer->finish();
    return Dataset::open(path);
  }

  std::string npy(const Dataset& data) {
    write_npy(data, scratch_.path() / "x.npy");
    return disk().read(scratch_.path() / "x.npy");
  }
  std::string safetensors(const Dataset& data, bool csr) {
    write_safetensors(data, scratch_.path() / "x.safetensors", csr);
    return disk().read(scratch_.path() / "x.safetensors");
  }
};

template <class T>
std::vector<T> values_at(std::string_view bytes, size_t at, size_t count) {
  std::vector<T> values(count);
  EXPECT_LE(at + count * sizeof(T), bytes.size());
  std::memcpy(values.data(), bytes.data() + at, count * sizeof(T));
  return values;
}

TEST_F(Exports, DenseRowsAreOneHot) {
  auto data = make(false);
  DatasetRows rows = data->slice(0, 3);
  float out[5];
  expand_dense(data->info().layout, rows.features, 0, out);
  EXPECT_EQ(std::vector<float>(out, out + 5), (std::vector<float>{1.5, 0, 1, 0, 0}));
  expand_dense(data->info().layout, rows.features, 2, out);
  EXPECT_EQ(std::vector<float>(out, out + 5), (std::vector<float>{0, 0, 0, 0, 1}));
}

// The bytes that numpy.save writes for the same array.
TEST_F(Exports, NpyIsNumpys) {
  std::string bytes = npy(*make(false));
  std::string header("\x93NUMPY\x01\x00\x76\x00", 10);
  header += "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 5), }";
  header += std::string(127 - header.size(), ' ') + "\n";
  ASSERT_EQ(bytes.size(), 128u + 3 * 5 * 4);
  EXPECT_EQ(bytes.substr(0, 128), header);
  std::vector<float> values = values_at<float>(bytes, 128, 15);
  EXPECT_TRUE(std::isnan(values[5]));
  EXPECT_EQ(std::vector<float>(values.begin() + 6, values.end()),
            (std::vector<float>{-2, 0, 1, 0, 0, 0, 0, 0, 1}));
}

nlohmann::json header_of(const std::string& bytes) {
  uint64_t size = values_at<uint64_t>(bytes, 0, 1)[0];
  EXPECT_EQ(size % 8, 0u);
  return nlohmann::json::parse(bytes.substr(8, size));
}

// Checks what readers insist on: rising, gapless offsets up to the end. Gives a tensor's place.
size_t place_of(const std::string& bytes, const std::string& name) {
  nlohmann::json header = header_of(bytes);
  std::map<size_t, size_t> spans;
  for (auto& [key, tensor] : header.items())
    if (key != "__metadata__") spans[tensor["data_offsets"][0]] = tensor["data_offsets"][1];
  size_t end = 0;
  for (auto [from, to] : spans) {
    EXPECT_EQ(from, end);
    end = to;
  }
  size_t begin = 8 + values_at<uint64_t>(bytes, 0, 1)[0];
  EXPECT_EQ(begin + end, bytes.size());
  return begin + size_t(header.at(name)["data_offsets"][0]);
}

TEST_F(Exports, SafetensorsHoldsEverything) {
  std::string bytes = safetensors(*make(true), false);
  nlohmann::json header = header_of(bytes);
  EXPECT_EQ(header["features"]["shape"], (nlohmann::json{3, 5}));
  EXPECT_EQ(header["features"]["dtype"], "F32");
  EXPECT_EQ(header["weight"]["dtype"], "F64");
  EXPECT_EQ(nlohmann::json::parse(header["__metadata__"]["columns"].get<std::string>()),
            (nlohmann::json{"x", "y", "dest=<missing>", "dest=<other>", "dest=ÅL\""}));
  EXPECT_EQ(values_at<float>(bytes, place_of(bytes, "features"), 5),
            (std::vector<float>{1.5, 0, 1, 0, 0}));
  EXPECT_EQ(values_at<double>(bytes, place_of(bytes, "target"), 3),
            (std::vector<double>{0, 0.5, 1}));
  EXPECT_EQ(values_at<uint64_t>(bytes, place_of(bytes, "key"), 3),
            (std::vector<uint64_t>{7, 8, 9}));
  EXPECT_EQ(values_at<uint8_t>(bytes, place_of(bytes, "fold"), 3), (std::vector<uint8_t>{0, 0, 2}));
  EXPECT_FALSE(header_of(safetensors(*make(false), false)).contains("weight"));
}

TEST_F(Exports, SparseRowsAreCsr) {
  std::string bytes = safetensors(*make(false), true);
  EXPECT_EQ(values_at<int64_t>(bytes, place_of(bytes, "indptr"), 4),
            (std::vector<int64_t>{0, 2, 5, 6}));
  EXPECT_EQ(values_at<int32_t>(bytes, place_of(bytes, "indices"), 6),
            (std::vector<int32_t>{0, 2, 0, 1, 3, 4}));
  std::vector<float> values = values_at<float>(bytes, place_of(bytes, "data"), 6);
  EXPECT_EQ(values[0], 1.5);
  EXPECT_TRUE(std::isnan(values[2]));
  EXPECT_EQ(values[5], 1);
  EXPECT_FALSE(header_of(bytes).contains("features"));
}

TEST_F(Exports, RefusesCodesOutsideTheirLevels) {
  for (int32_t code : {3, -1, INT32_MAX}) {
    auto data = make(false, code);
    EXPECT_THROW(npy(*data), Error);
    EXPECT_THROW(safetensors(*data, true), Error);
  }
  // Neither the file nor what was written aside is left.
  EXPECT_EQ(disk().list(scratch_.path()).size(), 1u);
}

TEST_F(Exports, StopsWhenInterrupted) {
  auto data = make(false);
  interrupted() = true;
  EXPECT_THROW(npy(*data), Error);
  interrupted() = false;
  EXPECT_FALSE(disk().exists(scratch_.path() / "x.npy"));
}

}  // namespace
}  // namespace gristmill
