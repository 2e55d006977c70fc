#include "source/npy.h"

#include <gtest/gtest.h>

#include <cstring>

#include "base/testing.h"

namespace gristmill {
namespace {

// Two rows of two doubles.
std::string array_bytes() {
  std::string header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }";
  header.resize(118 - 1, ' ');
  header += '\n';
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += char(header.size());
  bytes += '\0';
  bytes += header;
  for (const double value : {1.5, 2.0, 3.5, 4.0})
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  return bytes;
}

ReadBytes reading(std::string bytes) {
  return [bytes = std::move(bytes), at = size_t(0)](char* to, size_t wanted) mutable {
    const size_t got = std::min(wanted, bytes.size() - at);
    std::memcpy(to, bytes.data() + at, got);
    at += got;
    return got;
  };
}

TEST(Npy, GivesTheColumnsThatAreWanted) {
  const auto rows = read_npy(reading(array_bytes()), {1});
  Batch batch;
  ASSERT_TRUE(rows->next(batch));
  ASSERT_EQ(batch.rows, 2);
  EXPECT_EQ(batch.columns[0].values<double>()[0], 2.0);
  EXPECT_EQ(batch.columns[0].values<double>()[1], 4.0);
  EXPECT_FALSE(rows->next(batch));
}

TEST(Npy, AnotherArrayInItsPlaceIsToldOf) {
  EXPECT_EQ(failure([] { read_npy(reading(array_bytes()), {0, 2}); }).code(), Code::conflict);
}

}  // namespace
}  // namespace gristmill
