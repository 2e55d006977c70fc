// Arrow IPC files and streams (Feather version 2 is the file form): one table a file, or one of
// all.
#include <fmt/format.h>

#include "frame/readers.h"
#include "source/file_scan.h"
#include "source/files.h"
#include "source/unpacked.h"

namespace gristmill {
namespace {

std::unique_ptr<BatchReader> open_rows(const fs::path& file, const FileScan& scan,
                                       const std::vector<size_t>& wanted) {
  Expected expected{.schema = {}, .ignored = scan.columns.names()};
  for (const size_t column : wanted) expected.schema.add(scan.columns[column]);
  return read_arrow(read_unpacked(file), expected);
}

const RegisterFileReader reader({.name = "arrow", .open = open_rows});

// What the format's frame tells without reading it all: the file form ends as it begins.
void check_frame(const fs::path& file) {
  const std::string head = head_of(file, 6);
  if (head.empty()) throw Error(Code::invalid, "the file is empty", {.file = file.string()});
  if (head.starts_with("FEA1"))
    throw Error(Code::invalid, "this is Feather version 1, which is not read",
                {.file = file.string()}, "write it anew as version 2, which is Arrow IPC");
  if (head == "ARROW1" && tail_of(file, 6) != "ARROW1")
    throw Error(Code::invalid, "this Arrow file is cut short", {.file = file.string()},
                "copy it again from where it was made");
}

Schema columns_of(const fs::path& file) {
  check_frame(file);
  try {
    Schema columns = arrow_schema(read_unpacked(file));
    read_arrow(read_unpacked(file), {.schema = columns, .ignored = {}});  // refuses other types
    return columns;
  } catch (const Error& error) {
    const Error told = in_file(error, file);
    const bool is_type = !told.where().field.empty() && told.hint().empty();
    throw is_type ? told.with_hint("leave the column out, or write it as text") : told;
  }
}

class ArrowSource : public Source {
 public:
  explicit ArrowSource(SourceRequest request)
      : spec_(std::move(request.spec)), kind_(request.kind), files_(std::move(request.files)) {}

  std::vector<SourceTable> open(SqlSession&) override {
    return scanned_files(spec_, kind_, files_, "arrow", columns_of);
  }

 private:
  SourceSpec spec_;
  const SourceKind& kind_;
  SourceFiles files_;
};

RegisterSource arrow({
    .name = "arrow",
    .text =
        "Arrow IPC files, as a file (Feather version 2) or a stream, plain or compressed inside "
        "by LZ4 or zstd; one table a file, or one of all with `as`. Lists, structs, binary and "
        "other types than numbers, text, booleans, dates and times are refused",
    .example = "data/readings.arrow",
    .suffixes = {".arrow", ".feather", ".ipc"},
    .schemes = {},
    .params = {},
    .make = [](SourceRequest request) { return std::make_unique<ArrowSource>(std::move(request)); },
});

}  // namespace
}  // namespace gristmill
