#include "source/xlsx_workbook.h"

#include <algorithm>
#include <charconv>
#include <map>

#include <fmt/format.h>

#include "base/text.h"
#include "source/files.h"
#include "source/xml.h"

namespace gristmill {
namespace {

constexpr size_t texts_max = size_t(256) << 20;    // bytes of all that cells share
constexpr uint64_t part_max = uint64_t(64) << 20;  // bytes of what describes the workbook

int64_t number_of(const XmlAttributes& attributes, std::string_view name) {
  const auto found = attributes.find(name);
  int64_t number = -1;
  if (found != attributes.end())
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), number);
  return number;
}

std::string value_of(const XmlAttributes& attributes, std::string_view name) {
  const auto found = attributes.find(name);
  return found == attributes.end() ? "" : found->second;
}

// xl/workbook.xml
struct SheetsHandler : XmlHandler {
  struct Named {
    std::string name, relation;
  };
  std::vector<Named> sheets;
  bool from_1904 = false;

  void begin(std::string_view name, const XmlAttributes& attributes) override {
    if (name == "sheet")
      sheets.push_back({value_of(attributes, "name"), value_of(attributes, "id")});
    if (name == "workbookPr") {
      const std::string given = value_of(attributes, "date1904");
      from_1904 = given == "1" || given == "true";
    }
  }
  void end(std::string_view) override {}
};

// xl/_rels/workbook.xml.rels
struct RelationsHandler : XmlHandler {
  std::map<std::string, std::string> worksheets;  // parts, by relation
  void begin(std::string_view name, const XmlAttributes& attributes) override {
    if (name != "Relationship" || !value_of(attributes, "Type").ends_with("/worksheet")) return;
    const std::string target = value_of(attributes, "Target");
    worksheets[value_of(attributes, "Id")] =
        target.starts_with('/') ? target.substr(1) : "xl/" + target;
  }
  void end(std::string_view) override {}
};

// xl/styles.xml: each cell's style names a format, by a number that may be built in.
struct StylesHandler : XmlHandler {
  std::vector<XlsxStyle> styles;
  std::map<int64_t, std::string> formats;
  bool is_of_cells = false;

  void begin(std::string_view name, const XmlAttributes& attributes) override {
    if (name == "numFmt")
      formats[number_of(attributes, "numFmtId")] = value_of(attributes, "formatCode");
    if (name == "cellXfs") is_of_cells = true;
    if (name == "xf" && is_of_cells) styles.push_back(style(number_of(attributes, "numFmtId")));
  }
  void end(std::string_view name) override {
    if (name == "cellXfs") is_of_cells = false;
  }

 private:
  XlsxStyle style(int64_t id) const {
    if (const auto found = formats.find(id); found != formats.end()) return style_of(found->second);
    if ((id >= 14 && id <= 17) || id == 22 || (id >= 27 && id <= 31) || id == 36 ||
        (id >= 50 && id <= 58))
      return XlsxStyle::date;
    const bool is_time = (id >= 18 && id <= 21) || (id >= 32 && id <= 35) || (id >= 45 && id <= 47);
    return is_time ? XlsxStyle::time : XlsxStyle::number;
  }
};

// xl/sharedStrings.xml: the runs of a text are one text; what tells its sound is none of it.
struct TextsHandler : XmlHandler {
  explicit TextsHandler(XlsxTexts& texts) : texts(texts) {}
  XlsxTexts& texts;
  std::string current;
  bool is_text = false, is_sound = false;

  void begin(std::string_view name, const XmlAttributes&) override {
    if (name == "si") current.clear();
    if (name == "rPh") is_sound = true;
    is_text = name == "t" && !is_sound;
  }
  void end(std::string_view name) override {
    if (name == "si") texts.add(current);
    if (name == "rPh") is_sound = false;
    is_text = false;
  }
  void text(std::string_view part) override {
    if (!is_text) return;
    current += part;
    if (current.size() > xlsx_text_max)
      throw Error(Code::invalid, "a text in it is longer than the 32767 characters of a cell");
  }
};

[[noreturn]] void refuse() {
  throw Error(Code::invalid, "this is not an Excel workbook (.xlsx)", {},
              "save it in Excel's own form: as .xlsx");
}

void read_part(const ZipFile& archive, std::string_view part, XmlHandler& handler, bool must_be) {
  const ZipMember* member = archive.find(part);
  if (member == nullptr) return must_be ? refuse() : void();
  if (member->size > part_max)
    throw Error(Code::exhausted, fmt::format("its part {} is larger than 64 MiB", part));
  read_xml(archive.read(*member), handler);
}

}  // namespace

void XlsxTexts::add(std::string_view text) {
  if (bytes_.size() + text.size() + ends_.size() * sizeof(ends_[0]) > texts_max)
    throw Error(Code::exhausted, "the texts of this workbook are beyond 256 MiB", {},
                "save its sheets as CSV");
  bytes_ += text;
  ends_.push_back(bytes_.size());
}

std::string_view XlsxTexts::operator[](size_t i) const {
  const size_t begin = i == 0 ? 0 : ends_[i - 1];
  return std::string_view(bytes_).substr(begin, ends_[i] - begin);
}

ZipFile open_xlsx(const fs::path& file) {
  const std::string head = head_of(file, 8);
  if (head.empty()) throw Error(Code::invalid, "the file is empty");
  if (head == "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")
    throw Error(Code::invalid, "this is an older workbook (.xls), or one with a password", {},
                "save it as .xlsx, without a password");
  if (!head.starts_with("PK")) refuse();
  return ZipFile(file);
}

XlsxWorkbook::XlsxWorkbook(ZipFile zip) : archive(std::move(zip)) {
  SheetsHandler named;
  RelationsHandler relations;
  StylesHandler formats;
  TextsHandler shared(texts);
  read_part(archive, "xl/workbook.xml", named, true);
  read_part(archive, "xl/_rels/workbook.xml.rels", relations, true);
  read_part(archive, "xl/styles.xml", formats, false);
  if (const ZipMember* member = archive.find("xl/sharedStrings.xml"))
    read_xml(archive.read(*member), shared);
  from_1904 = named.from_1904;
  styles = std::move(formats.styles);
  for (const SheetsHandler::Named& sheet : named.sheets) {
    const auto part = relations.worksheets.find(sheet.relation);
    if (part != relations.worksheets.end()) sheets.push_back({sheet.name, part->second});
  }
}

XlsxStyle style_of(std::string_view format) {
  bool is_date = false, is_time = false;
  for (size_t i = 0; i < format.size(); ++i) {
    const char c = lower(format[i]);
    if (c == ';') break;  // what follows is for numbers below zero
    if (c == '"') {
      i = std::min(format.find('"', i + 1), format.size());
    } else if (c == '\\' || c == '_' || c == '*') {
      ++i;
    } else if (c == '[') {
      // "[h]" is a span of hours; "[Red]" and "[$-409]" say nothing of it.
      const size_t end = std::min(format.find(']', i), format.size());
      const std::string inside = lower(format.substr(i + 1, end - i - 1));
      is_time = is_time || (!inside.empty() && inside.find_first_not_of(inside[0]) == inside.npos &&
                            std::string_view("hms").find(inside[0]) != std::string_view::npos);
      i = end;
    } else if (c == 'y' || c == 'd') {
      is_date = true;
    } else if (c == 'h' || c == 's') {
      is_time = true;
    } else if (c == 'm') {
      // Minutes stand beside hours or seconds; alone, it is a month.
      const bool beside = format.find_first_of("hHsS") != std::string_view::npos;
      (beside ? is_time : is_date) = true;
    }
  }
  return is_date ? XlsxStyle::date : is_time ? XlsxStyle::time : XlsxStyle::number;
}

}  // namespace gristmill
