#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "tensor/dataset.h"
#include "tensor/dataset_file.h"

namespace gristmill {

namespace {

using dataset_file::Header;
using dataset_file::Section;
using dataset_file::Sections;

class MappedWriter : public DatasetWriter {
 public:
  MappedWriter(const fs::path& path, const DatasetInfo& info, const int64_t fold_rows[3])
      : path_(path),
        layout_(info.layout),
        weighted_(info.weighted),
        json_(info.json().dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)) {
    uint64_t rows = 0;
    for (int fold = 0; fold < 3; ++fold) {
      if (fold_rows[fold] < 0) throw Error(Code::internal, "a fold has less than no rows");
      fold_begin_[fold] = int64_t(rows);
      rows += uint64_t(fold_rows[fold]);
      fold_rows_[fold] = fold_rows[fold];
    }
    sections_ = dataset_file::lay_out(layout_, weighted_, json_.size(), rows);
    open();
  }

  ~MappedWriter() override {
    close();
    if (!finished_ && created_) ::unlink(path_.c_str());
  }

  Part part(Fold fold, int64_t begin, int64_t count) override {
    int64_t rows = fold_rows_[size_t(fold)];
    if (begin < 0 || count < 0 || begin > rows || count > rows - begin)
      throw Error(Code::internal, fmt::format("rows {} to {} of a fold of {} were to be written",
                                              begin, begin + count, rows));
    int64_t row = fold_begin_[size_t(fold)] + begin;
    Part part;
    part.features = {.rows = count,
                     .floats = array<float>(sections_.floats) + row * layout_.floats,
                     .float_stride = layout_.floats,
                     .codes = array<int32_t>(sections_.codes) + row * layout_.codes,
                     .code_stride = layout_.codes};
    part.target = array<double>(sections_.target) + row;
    part.weight = weighted_ ? array<double>(sections_.weight) + row : nullptr;
    part.key = array<uint64_t>(sections_.key) + row;
    part.fold = array<uint8_t>(sections_.fold) + row;
    std::memset(part.fold, int(fold), size_t(count));
    return part;
  }

  Digest finish() override {
    Digest digest = content_digest();
    std::memcpy(data_ + sizeof(Header), json_.data(), json_.size());
    sync();
    // The header comes last: a file that was not finished has none.
    write_header();
    sync();
    finished_ = true;
    close();
    return digest;
  }

 private:
  void open() {
    fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd_ < 0) throw file_error(errno, "write", path_);
    created_ = true;
    // Takes the space now: a full disk is then an error here, and no fatal signal later.
    int error = ::posix_fallocate(fd_, 0, off_t(sections_.file_bytes));
    void* mapped = MAP_FAILED;
    if (error == 0) {
      mapped = ::mmap(nullptr, sections_.file_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
      if (mapped == MAP_FAILED) error = errno;
    }
    if (error != 0) {
      close();
      ::unlink(path_.c_str());
      throw file_error(error, "write", path_);
    }
    data_ = static_cast<char*>(mapped);
  }

  void close() {
    if (data_ != nullptr) ::munmap(std::exchange(data_, nullptr), sections_.file_bytes);
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

  void sync() {
    if (::msync(data_, sections_.file_bytes, MS_SYNC) != 0 || ::fsync(fd_) != 0)
      throw file_error(errno, "write", path_);
  }

  Digest content_digest() const {
    Hasher hasher;
    uint64_t sizes[4] = {json_.size(), uint64_t(fold_rows_[0]), uint64_t(fold_rows_[1]),
                         uint64_t(fold_rows_[2])};
    hasher.update(sizes, sizeof(sizes));
    hasher.update(json_);
    for (const Section& section : sections_.all()) hasher.update(data_ + section.at, section.size);
    return hasher.finish();
  }

  void write_header() {
    Header header{};
    std::memcpy(header.magic, dataset_file::magic, sizeof(header.magic));
    header.version = dataset_file::version;
    header.weighted = weighted_;
    header.json_bytes = json_.size();
    for (int fold = 0; fold < 3; ++fold) header.fold_rows[fold] = uint64_t(fold_rows_[fold]);
    header.file_bytes = sections_.file_bytes;
    header.json_crc = crc32c(json_);
    header.header_crc = dataset_file::crc_of(header);
    std::memcpy(data_, &header, sizeof(header));
  }

  template <class T>
  T* array(const Section& section) const {
    return reinterpret_cast<T*>(data_ + section.at);
  }

  fs::path path_;
  FeatureLayout layout_;
  bool weighted_;
  std::string json_;
  Sections sections_;
  int64_t fold_rows_[3] = {}, fold_begin_[3] = {};
  int fd_ = -1;
  char* data_ = nullptr;
  bool created_ = false, finished_ = false;
};

}  // namespace

std::unique_ptr<DatasetWriter> DatasetWriter::create(const fs::path& path, const DatasetInfo& info,
                                                     const int64_t fold_rows[3]) {
  return std::make_unique<MappedWriter>(path, info, fold_rows);
}

}  // namespace gristmill
