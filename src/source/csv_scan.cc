#include "source/csv_scan.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "source/encoding.h"
#include "source/files.h"
#include "source/unpacked.h"

namespace gristmill {

using nlohmann::json;

Schema CsvScan::schema() const {
  Schema schema = columns;
  if (filename) schema.add({"filename", Type::string, true});
  return schema;
}

std::string CsvScan::sql() const {
  std::string list;
  for (const fs::path& file : files) list += (list.empty() ? "" : ", ") + quote_text(file.string());
  const json options = {{"columns", columns.json()},
                        {"delimiter", std::string(1, delimiter)},
                        {"decimal", std::string(1, decimal)},
                        {"header", header},
                        {"encoding", encoding},
                        {"nulls", nulls},
                        {"filename", filename},
                        {"rows", rows}};
  return fmt::format("gristmill_csv([{}], {})", list, quote_text(options.dump()));
}

CsvScan CsvScan::from_options(const std::string& text) {
  const json options = json::parse(text);
  CsvScan scan;
  scan.columns = Schema::from_json(options.at("columns"));
  scan.delimiter = options.at("delimiter").get<std::string>().at(0);
  scan.decimal = options.at("decimal").get<std::string>().at(0);
  scan.header = options.at("header").get<bool>();
  scan.encoding = options.at("encoding").get<std::string>();
  scan.nulls = options.at("nulls").get<std::vector<std::string>>();
  scan.filename = options.at("filename").get<bool>();
  scan.rows = options.at("rows").get<int64_t>();
  return scan;
}

Error in_scan(const Error& error, const fs::path& file) {
  Where where = error.where();
  where.row = -1;
  where.file = file.string();
  return {error.code(), error.message(), where, error.hint()};
}

bool CsvScanBlocks::next(CsvBlock& block, size_t& file, CsvCells& cells) {
  std::lock_guard lock(mutex_);
  for (; file_ < scan_.files.size(); ++file_) {
    file = file_;
    try {
      const bool is_first = blocks_ == nullptr;
      if (is_first)
        blocks_ = std::make_unique<CsvBlocks>(
            as_utf8(read_unpacked(scan_.files[file]), scan_.encoding), scan_.delimiter);
      if (blocks_->next(block)) {
        if (is_first && scan_.header) cells.read_header(block);
        cells.set_columns(scan_.columns.size());
        return true;
      }
    } catch (const Error& error) {
      file_ = scan_.files.size();  // nobody reads on in the middle
      throw in_scan(error, scan_.files[file]);
    }
    blocks_.reset();
  }
  return false;
}

}  // namespace gristmill
