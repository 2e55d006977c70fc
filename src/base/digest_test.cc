#include "base/digest.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace gristmill {
namespace {

TEST(Digest, MatchesTheStandard) {
  EXPECT_EQ(Digest::of("abc").hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Digest::of("").hex(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Digest::of("abc").brief(), "ba7816bf8f01");
}

TEST(Digest, ParsesWhatItPrints) {
  Digest digest = Digest::of("grist");
  EXPECT_EQ(Digest::parse(digest.hex()), digest);
  EXPECT_TRUE(Digest().empty());
  EXPECT_FALSE(digest.empty());
  for (std::string bad : {std::string("abc"), std::string(64, 'g'), std::string(65, 'a')})
    EXPECT_THROW(Digest::parse(bad), Error) << bad;
}

TEST(Hasher, PiecesGiveTheWhole) {
  std::string text(10'000, '\0');
  for (size_t i = 0; i < text.size(); ++i) text[i] = char(i * 31);
  Hasher hasher;
  for (size_t begin = 0, size = 1; begin < text.size(); begin += size, size = size * 3 % 977 + 1)
    hasher.update(std::string_view(text).substr(begin, size));
  EXPECT_EQ(hasher.finish(), Digest::of(text));
  EXPECT_EQ(hasher.finish(), Digest::of(""));
}

TEST(Digest64, IsTheFirstEightBytes) { EXPECT_EQ(digest64("abc"), 0xeacf018fbf1678bau); }

TEST(Crc32c, MatchesRfc3720) {
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(crc32c(""), 0u);
}

}  // namespace
}  // namespace gristmill
