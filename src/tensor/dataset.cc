#include "tensor/dataset.h"

#include <fmt/format.h>

#include <cstring>
#include <limits>

#include "base/json.h"
#include "base/text.h"
#include "tensor/dataset_file.h"

namespace gristmill {

std::string_view name_of(Problem problem) {
  switch (problem) {
    case Problem::regression:
      return "regression";
    case Problem::binary:
      return "binary";
    case Problem::multiclass:
      return "multiclass";
  }
  return "regression";
}

Problem parse_problem(std::string_view name) {
  for (Problem problem : {Problem::regression, Problem::binary, Problem::multiclass})
    if (name_of(problem) == name) return problem;
  throw Error(Code::corrupt, "unknown kind of problem " + excerpt(name));
}

nlohmann::json DatasetInfo::json() const {
  return {{"layout", layout.json()},
          {"problem", name_of(problem)},
          {"classes", classes},
          {"weighted", weighted}};
}

DatasetInfo DatasetInfo::from_json(const nlohmann::json& json) {
  try {
    DatasetInfo info;
    info.layout = FeatureLayout::from_json(json.at("layout"));
    info.problem = parse_problem(json.at("problem").get<std::string>());
    info.classes = json.at("classes").get<std::vector<std::string>>();
    info.weighted = json.at("weighted").get<bool>();
    return info;
  } catch (const nlohmann::json::exception&) {
    throw Error(Code::corrupt, "the description of a data set lacks a member or has a wrong one");
  }
}

namespace dataset_file {

Sections lay_out(const FeatureLayout& layout, bool weighted, uint64_t json_bytes, uint64_t rows) {
  bool fits = true;
  uint64_t end = 0;
  auto add = [&](uint64_t columns, uint64_t width, uint64_t count) {
    Section section;
    uint64_t padded = 0;
    fits = fits && !__builtin_mul_overflow(columns * width, count, &section.size) &&
           !__builtin_add_overflow(end, alignment - 1, &padded);
    section.at = padded / alignment * alignment;
    fits = fits && !__builtin_add_overflow(section.at, section.size, &end);
    return section;
  };
  add(1, sizeof(Header), 1);
  add(1, 1, json_bytes);
  Sections sections;
  sections.floats = add(uint64_t(layout.floats), sizeof(float), rows);
  sections.codes = add(uint64_t(layout.codes), sizeof(int32_t), rows);
  sections.target = add(1, sizeof(double), rows);
  sections.weight = add(weighted, sizeof(double), rows);
  sections.key = add(1, sizeof(uint64_t), rows);
  sections.fold = add(1, 1, rows);
  sections.file_bytes = end;
  if (!fits || end > uint64_t(std::numeric_limits<int64_t>::max()))
    throw Error(Code::exhausted, "a data set of this many rows and columns fits no file");
  return sections;
}

uint32_t crc_of(const Header& header) {
  return crc32c({reinterpret_cast<const char*>(&header), offsetof(Header, header_crc)});
}

}  // namespace dataset_file

namespace {

using dataset_file::Header;
using dataset_file::Section;
using dataset_file::Sections;

class MappedDataset : public Dataset {
 public:
  explicit MappedDataset(const fs::path& path) : path_(path), file_(path) {
    const Header header = read_header();
    std::string_view json = file_.bytes().substr(sizeof(Header), header.json_bytes);
    if (crc32c(json) != header.json_crc) throw corrupt("its description is damaged");
    nlohmann::json parsed = try_parse_json(json);
    if (parsed.is_discarded()) throw corrupt("its description is not JSON");
    info_ = DatasetInfo::from_json(parsed);
    if (info_.weighted != (header.weighted == 1)) throw corrupt("its header is damaged");
    for (int fold = 0; fold < 3; ++fold) {
      fold_rows_[fold] = int64_t(header.fold_rows[fold]);
      rows_ += fold_rows_[fold];
    }
    sections_ =
        dataset_file::lay_out(info_.layout, info_.weighted, header.json_bytes, uint64_t(rows_));
    if (sections_.file_bytes != file_.bytes().size())
      throw corrupt("its arrays do not fill the file");
  }

  const DatasetInfo& info() const override { return info_; }
  int64_t rows() const override { return rows_; }

  DatasetRows slice(int64_t begin, int64_t count) const override {
    if (begin < 0 || count < 0 || begin > rows_ || count > rows_ - begin)
      throw Error(Code::internal, fmt::format("rows {} to {} of a data set of {} were asked for",
                                              begin, begin + count, rows_));
    DatasetRows part;
    part.features.rows = count;
    part.features.float_stride = info_.layout.floats;
    part.features.code_stride = info_.layout.codes;
    if (count == 0) return part;
    part.features.floats =
        const_cast<float*>(array<float>(sections_.floats)) + begin * info_.layout.floats;
    part.features.codes =
        const_cast<int32_t*>(array<int32_t>(sections_.codes)) + begin * info_.layout.codes;
    part.target = array<double>(sections_.target) + begin;
    if (info_.weighted) part.weight = array<double>(sections_.weight) + begin;
    part.key = array<uint64_t>(sections_.key) + begin;
    part.fold = array<uint8_t>(sections_.fold) + begin;
    return part;
  }

  int64_t fold_begin(Fold fold) const override {
    int64_t begin = 0;
    for (size_t before = 0; before < size_t(fold); ++before) begin += fold_rows_[before];
    return begin;
  }
  int64_t fold_rows(Fold fold) const override { return fold_rows_[size_t(fold)]; }

 private:
  Error corrupt(const std::string& why) const {
    return Error(Code::corrupt, "the data set " + path_.string() + " cannot be used: " + why, {},
                 "delete it; it is made again when needed");
  }

  Header read_header() const {
    std::string_view bytes = file_.bytes();
    Header header;
    if (bytes.size() < sizeof(header)) throw corrupt("it is cut short");
    std::memcpy(&header, bytes.data(), sizeof(header));
    if (std::memcmp(header.magic, dataset_file::magic, sizeof(header.magic)) != 0)
      throw corrupt("it is no data set, or was never finished");
    if (header.header_crc != dataset_file::crc_of(header)) throw corrupt("its header is damaged");
    if (header.version != dataset_file::version)
      throw corrupt(fmt::format("it has format {}; this program knows {}", header.version,
                                dataset_file::version));
    if (header.file_bytes != bytes.size())
      throw corrupt(
          fmt::format("it has {} bytes where {} are expected", bytes.size(), header.file_bytes));
    // Each row takes 17 bytes at least, so sums of checked counts cannot overflow.
    for (uint64_t rows : header.fold_rows)
      if (rows > bytes.size()) throw corrupt("its header is damaged");
    if (header.json_bytes > bytes.size() - sizeof(header)) throw corrupt("its header is damaged");
    return header;
  }

  template <class T>
  const T* array(const Section& section) const {
    return reinterpret_cast<const T*>(file_.bytes().data() + section.at);
  }

  fs::path path_;
  MappedFile file_;
  DatasetInfo info_;
  Sections sections_;
  int64_t rows_ = 0;
  int64_t fold_rows_[3] = {};
};

}  // namespace

std::shared_ptr<Dataset> Dataset::open(const fs::path& path) {
  return std::make_shared<MappedDataset>(path);
}

}  // namespace gristmill
