#include "bundle/state_file.h"

#include <gtest/gtest.h>

#include <cstring>

#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"

namespace gristmill {
namespace {

// The file with another index, and the checksum of that.
std::string with_index(const std::string& whole, const nlohmann::json& index) {
  uint64_t before;
  std::memcpy(&before, whole.data() + 16, sizeof(before));
  std::string text = index.dump();
  text.append((64 - (24 + text.size()) % 64) % 64, ' ');
  const uint32_t crc = crc32c(text);
  const uint64_t size = text.size();
  std::string bytes = whole.substr(0, 12);
  bytes.append(reinterpret_cast<const char*>(&crc), sizeof(crc));
  bytes.append(reinterpret_cast<const char*>(&size), sizeof(size));
  return bytes + text + whole.substr(24 + before);
}

nlohmann::json index_of(const std::string& whole) {
  uint64_t size;
  std::memcpy(&size, whole.data() + 16, sizeof(size));
  return nlohmann::json::parse(whole.substr(24, size));
}

void read(const std::string& bytes) {
  auto owner = std::make_shared<std::string>(bytes);
  read_state_file(owner, *owner, "a.bundle");
}

TEST(StateFile, NumbersOfTheIndexAreWholeAndNotCut) {
  State state;
  state.put("none", std::vector<int64_t>());
  const std::string whole = write_state_file(state);
  ASSERT_NO_THROW(read(with_index(whole, index_of(whole))));
  for (const char* key : {"at", "size", "crc32c"}) {
    for (const nlohmann::json& value :
         {nlohmann::json(1e300), nlohmann::json(0.5), nlohmann::json(-1), nlohmann::json(nullptr),
          nlohmann::json(uint64_t(1) << 32)}) {
      nlohmann::json index = index_of(whole);
      index["sections"][1][key] = value;
      EXPECT_THROW(read(with_index(whole, index)), Error) << key << " " << value;
    }
  }
}

// The version names the content by the digests in the index.
TEST(StateFile, DigestsAreChecked) {
  State state;
  state.put("numbers", std::vector<int64_t>{1, 2});
  const std::string whole = write_state_file(state);
  nlohmann::json index = index_of(whole);
  index["sections"][1]["sha256"] = std::string(64, '0');
  EXPECT_THROW(read(with_index(whole, index)), Error);
  index["sections"][1]["sha256"] = 7;
  EXPECT_THROW(read(with_index(whole, index)), Error);
}

// What the program says about a file with this index or this manifest, as bytes.
std::string refused(const std::string& bytes) {
  try {
    read(bytes);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::corrupt);
    return error.message();
  }
  return "";
}

// The file with these bytes as its manifest, which is all there is, and their checksums.
std::string with_manifest(const std::string& manifest) {
  const std::string whole = write_state_file(State());
  nlohmann::json index = index_of(whole);
  nlohmann::json& entry = index["sections"][0];
  entry["size"] = manifest.size();
  entry["crc32c"] = crc32c(manifest);
  entry["sha256"] = Digest::of(manifest).hex();
  std::string bytes = with_index(whole, index);
  uint64_t size;
  std::memcpy(&size, bytes.data() + 16, sizeof(size));
  return bytes.substr(0, 24 + size) + manifest;
}

TEST(StateFile, JsonNestsOnlySoDeep) {
  EXPECT_EQ(refused(with_manifest("[[]]")), "");
  for (const char* open : {"[", "{\"a\":"}) {
    std::string deep;
    for (int i = 0; i < 200000; ++i) deep += open;
    EXPECT_NE(refused(with_manifest(deep)).find("nests deeper"), std::string::npos);
  }
  nlohmann::json index;
  for (int i = 0; i <= json_levels_max; ++i) index = nlohmann::json::array({std::move(index)});
  const std::string whole = write_state_file(State());
  EXPECT_NE(refused(with_index(whole, index)).find("nests deeper"), std::string::npos);
}

TEST(StateFile, JsonIsOnlySoLong) {
  const std::string padding(16 << 20, ' ');
  EXPECT_EQ(refused(with_manifest("{}" + padding.substr(2))), "");
  EXPECT_NE(refused(with_manifest("{}" + padding)).find("its manifest has 16 MB"),
            std::string::npos);
  const std::string whole = write_state_file(State());
  nlohmann::json index = index_of(whole);
  index["padding"] = padding;
  EXPECT_NE(refused(with_index(whole, index)).find("its index has 16 MB"), std::string::npos);
  State state;
  state.json["padding"] = padding;
  try {
    write_state_file(state);
    FAIL() << "what cannot be read was written";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::exhausted);
  }
}

}  // namespace
}  // namespace gristmill
