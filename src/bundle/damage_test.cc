// Bundles whose bytes changed on the way, or were cut: they do not open, and nothing is read beyond
// them.
#include "bundle/test_bundles.h"

namespace gristmill {
namespace {

using testing_rules::Json;

std::string linear_bytes() { return order_bundle("linear", Problem::binary).serialize(); }

TEST(Damage, EachByteIsGuarded) {
  const std::string whole = linear_bytes();
  std::string bytes = whole;
  for (size_t at = 0; at < whole.size(); ++at) {
    for (int pattern : {1 << at % 8, 0xff}) {
      bytes[at] = char(whole[at] ^ pattern);
      EXPECT_TRUE(is_refused(bytes)) << "byte " << at << " xor " << pattern;
    }
    bytes[at] = whole[at];
  }
  EXPECT_FALSE(is_refused(bytes));
}

TEST(Damage, CutAnywhereOrContinued) {
  const std::string whole = linear_bytes();
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_TRUE(is_refused(std::string_view(whole).substr(0, size))) << size;
  for (size_t more : {1, 63, 64, 4096}) EXPECT_TRUE(is_refused(whole + std::string(more, '\0')));
  EXPECT_TRUE(is_refused(whole + whole));
  EXPECT_TRUE(is_refused(whole.substr(1)));
}

TEST(Damage, TheHeadersNumbersAreChecked) {
  const std::string whole = linear_bytes();
  auto with = [&](size_t at, auto value) {
    std::string bytes = whole;
    std::memcpy(bytes.data() + at, &value, sizeof(value));
    return bytes;
  };
  for (uint32_t version : {0u, 2u, ~0u}) EXPECT_TRUE(is_refused(with(8, version)));
  const auto size = uint64_t(whole.size());
  for (uint64_t length : {uint64_t(0), uint64_t(40), size - 24, size, size + 40, uint64_t(1) << 63,
                          ~uint64_t(0), ~uint64_t(0) - 23, ~uint64_t(0) - 87})
    EXPECT_TRUE(is_refused(with(16, length))) << length;
  try {
    parse_bundle(with(8, uint32_t(2)));
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "`a.bundle` has bundle format 2, this program reads format 1");
    EXPECT_EQ(error.hint(), "use a newer gristmill");
  }
}

// An index that lies about the sections, with a right checksum.
TEST(Damage, TheIndexIsNotTrusted) {
  const std::string whole = linear_bytes();
  uint64_t length;
  std::memcpy(&length, whole.data() + 16, sizeof(length));
  const Json index = Json::parse(whole.substr(bundle_header_bytes, length));
  auto sealed = [&](const std::string& text) {
    return sealed_index(text) + whole.substr(bundle_header_bytes + length);
  };
  ASSERT_FALSE(is_refused(sealed(index.dump())));

  const std::vector<Json> values = {nullptr,
                                    true,
                                    "x",
                                    -1,
                                    0,
                                    1,
                                    64,
                                    UINT64_MAX,
                                    (uint64_t(1) << 32) + 1,
                                    INT64_MAX,
                                    "json",
                                    UINT64_MAX - 63,
                                    {1},
                                    {-1},
                                    Json::array({INT64_MAX, INT64_MAX, 4}),
                                    {0},
                                    Json::array(),
                                    Json::object()};
  for (size_t section = 0; section < index["sections"].size(); ++section) {
    for (const auto& [member, whole_value] : index["sections"][section].items()) {
      for (const Json& value : values) {
        if (value == whole_value) continue;
        if (member == "shape" && value.empty()) continue;  // without extents: one value
        Json changed = index;
        changed["sections"][section][member] = value;
        // An array under a name that nothing asks for does no harm.
        const bool refused = is_refused(sealed(changed.dump()));
        if (member == "name" || member == "kind") continue;
        EXPECT_TRUE(refused) << section << ", " << member << " = " << value;
      }
      Json changed = index;
      changed["sections"][section].erase(member);
      EXPECT_TRUE(is_refused(sealed(changed.dump()))) << section << " without " << member;
    }
    Json changed = index;
    changed["sections"].erase(section);
    EXPECT_TRUE(is_refused(sealed(changed.dump()))) << "without section " << section;
  }
  for (const char* text : {"", "[]", "{}", "null", "{\"sections\": 1}", "{\"sections\": []}",
                           "{\"sections\": [[]]}", "{\"sections\": [", "\xff"})
    EXPECT_TRUE(is_refused(sealed(text))) << text;
}

}  // namespace
}  // namespace gristmill
