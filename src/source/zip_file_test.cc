#include "source/zip_file.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstring>

#include "base/testing.h"

namespace gristmill {
namespace {

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

struct Given {
  std::string name, packed;
  uint16_t method, flags;
  uint32_t crc, size;
};

std::string deflated(const std::string& text) {
  std::string out(text.size() + 100, '\0');
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = uInt(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = uInt(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

Given member(const std::string& name, const std::string& text, bool packs) {
  const auto crc =
      uint32_t(crc32(0, reinterpret_cast<const Bytef*>(text.data()), uInt(text.size())));
  return {name, packs ? deflated(text) : text, uint16_t(packs ? 8 : 0), 0,
          crc,  uint32_t(text.size())};
}

std::string archive(const std::vector<Given>& members) {
  std::string out, directory;
  for (const Given& given : members) {
    const auto at = uint32_t(out.size());
    std::string common;
    put<uint16_t>(common, 20);
    put(common, given.flags);
    put(common, given.method);
    put<uint32_t>(common, 0);
    put(common, given.crc);
    put(common, uint32_t(given.packed.size()));
    put(common, given.size);
    put(common, uint16_t(given.name.size()));
    put<uint16_t>(common, 0);
    out += "PK\3\4" + common + given.name + given.packed;
    directory += "PK\1\2";
    put<uint16_t>(directory, 20);
    directory += common;
    put<uint16_t>(directory, 0);  // remark
    put<uint32_t>(directory, 0);  // disk, attributes
    put<uint32_t>(directory, 0);
    put(directory, at);
    directory += given.name;
  }
  const auto begin = uint32_t(out.size());
  out += directory + "PK\5\6";
  put<uint32_t>(out, 0);
  put(out, uint16_t(members.size()));
  put(out, uint16_t(members.size()));
  put(out, uint32_t(directory.size()));
  put(out, begin);
  put<uint16_t>(out, 0);
  return out;
}

ZipFile opened(const std::string& bytes) {
  return ZipFile(
      [bytes](uint64_t offset, char* to, size_t size) {
        const size_t begin = size_t(std::min<uint64_t>(offset, bytes.size()));
        const size_t part = std::min(size, bytes.size() - begin);
        std::memcpy(to, bytes.data() + begin, part);
        return part;
      },
      bytes.size());
}

std::string read(const ZipFile& zip, const std::string& name) {
  const ReadBytes in = zip.read(*zip.find(name));
  std::string out, part(1000, '\0');
  while (const size_t got = in(part.data(), part.size())) out.append(part, 0, got);
  return out;
}

TEST(ZipFile, MembersAreStoredOrDeflated) {
  const std::string text(100000, 'x');
  const ZipFile zip = opened(
      archive({member("a", "", false), member("b/c", text, true), member("d", text, false)}));
  ASSERT_EQ(zip.members().size(), 3u);
  EXPECT_EQ(read(zip, "a"), "");
  EXPECT_EQ(read(zip, "b/c"), text);
  EXPECT_EQ(read(zip, "d"), text);
  EXPECT_EQ(zip.find("c"), nullptr);
  EXPECT_TRUE(opened(archive({})).members().empty());
}

// Whatever is cut off, what was not whole is an error and never other text.
TEST(ZipFile, IsWholeOrRefused) {
  const std::string text = "a,b\n1,2\n";
  const std::string bytes = archive({member("a", text, true), member("b", text, false)});
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_EQ(failure([&] { read(opened(bytes.substr(0, size)), "a"); }).code(), Code::invalid)
        << size;
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (const int flip : {1, 0x80, 0xFF}) {
      std::string damaged = bytes;
      damaged[at] = char(damaged[at] ^ flip);
      try {
        const ZipFile zip = opened(damaged);
        for (const char* name : {"a", "b"}) {
          if (zip.find(name) == nullptr) continue;
          EXPECT_EQ(read(zip, name), text) << at;
        }
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), Code::invalid) << at;
      }
    }
  }
}

TEST(ZipFile, WhatItDoesNotReadItSays) {
  Given locked = member("a", "x", false), other = member("b", "x", false);
  locked.flags = 1;
  other.method = 14;
  const ZipFile zip = opened(archive({locked, other}));
  EXPECT_EQ(failure([&] { read(zip, "a"); }).message(), "it is encrypted");
  EXPECT_EQ(failure([&] { read(zip, "b"); }).message(),
            "`b` in it is packed by a method that is not read (14)");
  EXPECT_EQ(failure([] { opened("id,name\n"); }).message(), "this is not a zip archive");
}

// What unpacks to more than it says ends there: it is the directory that a bound is checked by.
TEST(ZipFile, AMemberIsAsLongAsItSays) {
  Given longer = member("a", std::string(1 << 20, 'x'), true);
  longer.size = 1000;
  EXPECT_EQ(failure([&] { read(opened(archive({longer})), "a"); }).message(),
            "the archive is damaged or cut short: a member has another sum");
}

}  // namespace
}  // namespace gristmill
