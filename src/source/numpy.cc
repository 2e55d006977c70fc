// NumPy's files: an array (.npy) is a table, of several (.npz) each is one.
#include <fmt/format.h>

#include "base/text.h"
#include "source/file_scan.h"
#include "source/files.h"
#include "source/npy.h"
#include "source/unpacked.h"
#include "source/zip_file.h"

namespace gristmill {
namespace {

ReadBytes bytes_of(const fs::path& file, const std::string& member) {
  if (member.empty()) return read_unpacked(file);
  const ZipFile archive(file);
  const ZipMember* found = archive.find(member);
  if (found == nullptr) throw Error(Code::conflict, "the archive was changed while it was read");
  return archive.read(*found);
}

const RegisterFileReader reader({
    .name = "numpy",
    .open =
        [](const fs::path& file, const FileScan& scan, const std::vector<size_t>& wanted) {
          return read_npy(bytes_of(file, scan.options.value("member", "")), wanted);
        },
});

Schema columns_of(const fs::path& file) {
  try {
    return read_npy_header(read_unpacked(file)).schema();
  } catch (const Error& error) {
    throw in_file(error, file);
  }
}

class NumpySource : public Source {
 public:
  explicit NumpySource(SourceRequest request)
      : spec_(std::move(request.spec)), kind_(request.kind), files_(std::move(request.files)) {}

  std::vector<SourceTable> open(SqlSession&) override {
    if (!lower(files_.files[0].string()).ends_with(".npz"))
      return scanned_files(spec_, kind_, files_, "numpy", columns_of);
    refuse_many(spec_, files_);
    try {
      return tables_of_archive(files_.files[0]);
    } catch (const Error& error) {
      throw in_file(error, files_.files[0]);
    }
  }

 private:
  std::vector<SourceTable> tables_of_archive(const fs::path& file) const {
    const ZipFile archive(file);
    std::vector<SourceTable> tables;
    for (const ZipMember& member : archive.members()) {
      if (!member.name.ends_with(".npy")) continue;
      const std::string name = member.name.substr(0, member.name.size() - 4);
      try {
        const FileScan scan{.reader = "numpy",
                            .files = {file},
                            .options = {{"member", member.name}},
                            .columns = read_npy_header(archive.read(member)).schema()};
        tables.push_back(scanned_table(spec_, name, scan));
      } catch (const Error& error) {
        if (error.code() != Code::invalid) throw;
        tables.push_back(broken_table(spec_, name, in_file(error, file)));
      }
    }
    if (tables.empty()) throw Error(Code::invalid, "there is no array in this archive");
    if (tables.size() == 1 && tables[0].problem) throw *tables[0].problem;
    return tables;
  }

  SourceSpec spec_;
  const SourceKind& kind_;
  SourceFiles files_;
};

RegisterSource numpy({
    .name = "numpy",
    .text =
        "NumPy's arrays of numbers in one or two dimensions, with columns x0, x1, …: an .npy is "
        "a table, or all are one with `as`; in an .npz each array is a table",
    .example = "data/features.npz",
    .suffixes = {".npy", ".npz"},
    .schemes = {},
    .params = {},
    .make = [](SourceRequest request) { return std::make_unique<NumpySource>(std::move(request)); },
});

}  // namespace
}  // namespace gristmill
