// Excel workbooks: each sheet is a table.
#include <fmt/format.h>

#include "frame/civil.h"
#include "source/file_scan.h"
#include "source/files.h"
#include "source/xlsx_shape.h"

namespace gristmill {
namespace {

using nlohmann::json;
using Kind = XlsxCell::Kind;

constexpr int64_t batch_rows = 2048;
constexpr size_t batch_text = size_t(64) << 20;  // bytes after which a batch ends early

json range_json(const XlsxRange& range) {
  return {range.first_row, range.last_row, range.first_column, range.last_column};
}

// The rows of a sheet as its shape says.
class SheetRows : public BatchReader {
 public:
  SheetRows(const fs::path& file, const FileScan& scan, const std::vector<size_t>& wanted)
      : workbook_(open_xlsx(file)),
        sheet_{scan.options.at("sheet"), scan.options.at("part")},
        cells_(workbook_, sheet_, range_of(scan.options.at("range"))),
        nulls_(scan.options.at("nulls").get<std::vector<std::string>>()),
        first_row_(scan.options.at("first_row")) {
    const auto places = scan.options.at("places").get<std::vector<int>>();
    Schema schema;
    for (const size_t column : wanted) {
      field_of_.resize(std::max(field_of_.size(), size_t(places[column]) + 1), -1);
      field_of_[size_t(places[column])] = int(schema.size());
      schema.add(scan.columns[column]);
    }
    rows_.reset(schema);
  }

  const Schema& schema() const override { return rows_.schema(); }

  bool next(Batch& batch) override {
    rows_.clear();
    int64_t count = 0;
    size_t text = 0;
    std::vector<const XlsxCell*> found(schema().size());
    while (count < batch_rows && text < batch_text && cells_.next(row_)) {
      if (row_.number < first_row_) continue;
      std::fill(found.begin(), found.end(), nullptr);
      for (const XlsxCell& cell : row_.cells) {
        text += cell.text.size();
        const auto place = size_t(cell.column);
        if (place < field_of_.size() && field_of_[place] >= 0)
          found[size_t(field_of_[place])] = &cell;
      }
      for (size_t i = 0; i < found.size(); ++i) append(i, found[i]);
      ++count;
    }
    rows_.add_rows(count);
    batch = rows_.view();
    return count > 0;
  }

 private:
  static XlsxRange range_of(const json& in) { return {in.at(0), in.at(1), in.at(2), in.at(3)}; }

  void append(size_t i, const XlsxCell* cell) {
    ColumnBuffer& out = rows_[i];
    const bool is_missing = cell == nullptr || cell->kind == Kind::error ||
                            (cell->kind == Kind::text && nulls_.contains(cell->text));
    if (is_missing) return out.append_null();
    const Type type = schema()[i].type;
    if (type == Type::string) return out.append(std::string_view(xlsx_text(*cell)));
    const Kind kind = is_number(type)         ? Kind::number
                      : type == Type::boolean ? Kind::boolean
                                              : Kind::date;
    if (cell->kind != kind)
      throw Error(Code::conflict,
                  fmt::format("cell {} is no longer what it was when the sheet was looked at",
                              xlsx_name(row_.number, cell->column)));
    if (type == Type::int64) return out.append(int64_t(cell->number));
    if (type == Type::float64) return out.append(cell->number);
    if (type == Type::boolean) return out.append(cell->number != 0);
    if (type == Type::date) return out.append_days(int32_t(days_of_micros(cell->micros)));
    out.append(cell->micros);
  }

  XlsxWorkbook workbook_;
  XlsxSheet sheet_;
  XlsxCells cells_;
  NullTexts nulls_;
  int64_t first_row_;
  std::vector<int> field_of_;  // by the sheet's column; -1: not wanted
  XlsxRow row_;
  BatchBuffer rows_;
};

const RegisterFileReader reader({
    .name = "xlsx",
    .open = [](const fs::path& file, const FileScan& scan, const std::vector<size_t>& wanted)
        -> std::unique_ptr<BatchReader> { return std::make_unique<SheetRows>(file, scan, wanted); },
});

XlsxReading reading_of(const Params& params, const std::string& owner) {
  XlsxReading reading;
  if (params.has("range")) reading.range = XlsxRange::parse(params.text("range"));
  reading.header_given = params.has("header");
  if (reading.header_given) reading.header = params.boolean("header");
  for (const json& text : params["nulls"]) {
    if (!text.is_string()) throw Error(Code::invalid, "`nulls` of " + owner + " must be texts");
    reading.nulls.push_back(text.get<std::string>());
  }
  return reading;
}

class XlsxSource : public Source {
 public:
  explicit XlsxSource(SourceRequest request)
      : spec_(std::move(request.spec)),
        files_(std::move(request.files)),
        reading_(reading_of(request.params, "source " + spec_.name)),
        fact_("xlsx shape 1 " + request.params.json().dump()) {
    if (request.params.has("sheet")) only_ = request.params.text("sheet");
    refuse_many(spec_, files_);
  }

  std::vector<SourceTable> open(SqlSession&) override {
    try {
      return tables();
    } catch (const Error& error) {
      throw in_file(error, files_.files[0]);
    }
  }

 private:
  std::vector<SourceTable> tables() const {
    const XlsxWorkbook workbook(open_xlsx(files_.files[0]));
    std::vector<SourceTable> tables;
    std::vector<std::string> names;
    for (const XlsxSheet& sheet : workbook.sheets) {
      names.push_back(sheet.name);
      if (only_.empty() || sheet.name == only_) tables.push_back(table(workbook, sheet));
    }
    if (tables.empty() && !only_.empty())
      throw Error(Code::not_found, fmt::format("there is no sheet \"{}\"", only_), {},
                  did_you_mean(only_, names));
    if (tables.empty()) throw Error(Code::invalid, "this workbook has no sheets of cells");
    if (tables.size() == 1 && tables[0].problem) throw *tables[0].problem;
    return tables;
  }

  // A sheet that is no table spoils none of the others.
  SourceTable table(const XlsxWorkbook& workbook, const XlsxSheet& sheet) const {
    try {
      const XlsxShape shape = shape_of(workbook, sheet);
      const FileScan scan{.reader = "xlsx",
                          .files = files_.files,
                          .options = {{"sheet", sheet.name},
                                      {"part", sheet.part},
                                      {"range", range_json(reading_.range.value_or(XlsxRange{}))},
                                      {"first_row", shape.first_row},
                                      {"places", shape.places},
                                      {"nulls", reading_.nulls}},
                          .columns = shape.columns};
      SourceTable table = scanned_table(spec_, sheet.name, scan);
      table.notes = shape.notes;
      return table;
    } catch (const Error& error) {
      if (error.code() != Code::invalid) throw;
      return broken_table(spec_, sheet.name, in_file(error, files_.files[0]));
    }
  }

  XlsxShape shape_of(const XlsxWorkbook& workbook, const XlsxSheet& sheet) const {
    return found_in<XlsxShape>(spec_.digests, {files_.files[0]}, fact_ + " " + sheet.part,
                               [&] { return look_at_sheet(workbook, sheet, reading_); });
  }

  SourceSpec spec_;
  SourceFiles files_;
  XlsxReading reading_;
  std::string fact_, only_;
};

RegisterSource xlsx({
    .name = "xlsx",
    .text =
        "An Excel workbook; each sheet is a table. Its first row names the columns, each of the "
        "type that all its cells have; where they are of several it is text",
    .example = "{files: data/report.xlsx, sheet: Sales, range: A3:F}",
    .suffixes = {".xlsx", ".xlsm"},
    .schemes = {},
    .params =
        {
            {"sheet", "string", "read this one alone; all when absent", nullptr, {}, {}, {}},
            {"range",
             "string",
             "the cells of the table: A3:F100, A3:F to the last row, or A3 to the end",
             nullptr,
             {},
             {},
             {}},
            {"header", "boolean", "whether the first row names the columns", nullptr, {}, {}, {}},
            {"nulls", "array", "texts that mean a missing value", json(default_nulls), {}, {}, {}},
        },
    .make = [](SourceRequest request) { return std::make_unique<XlsxSource>(std::move(request)); },
});

}  // namespace
}  // namespace gristmill
