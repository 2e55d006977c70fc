// Members of a zip archive (APPNOTE.TXT 6.3), with ZIP64, stored or deflated: as .xlsx and .npz are
// made. No byte of it is trusted: memory grows only as bytes arrive.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "frame/readers.h"

namespace gristmill {

struct ZipMember {
  std::string name;
  uint16_t method = 0;  // 0 stored, 8 deflated
  bool is_encrypted = false;
  uint32_t crc = 0;
  uint64_t packed_size = 0, size = 0;
  uint64_t header = 0;  // where its local header begins
};

class ZipFile {
 public:
  // Reads `size` bytes at `offset`; fewer at the end.
  using ReadAt = std::function<size_t(uint64_t offset, char* to, size_t size)>;

  // Code::invalid for what is no zip archive, cut short or damaged.
  explicit ZipFile(const fs::path& file);
  ZipFile(ReadAt read, uint64_t size);

  const std::vector<ZipMember>& members() const { return members_; }
  const ZipMember* find(std::string_view name) const;  // nullptr: none
  // Streams a member; what it holds is checked against its size and sum at its end. Code::invalid
  // for a damaged or encrypted one, and for other methods. Several may be read side by side.
  ReadBytes read(const ZipMember& member) const;

 private:
  void read_directory(uint64_t size);
  std::string bytes_at(uint64_t offset, size_t size) const;  // exactly so many

  ReadAt read_;
  std::vector<ZipMember> members_;
};

}  // namespace gristmill
