#include "pipeline/wrap_schema.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "base/text.h"
#include "pipeline/read_predict.h"
#include "pipeline/spot.h"
#include "table/engine.h"

namespace gristmill {
namespace {

using nlohmann::json;

const std::vector<ParamDoc> schema_keys = {
    {.name = "name", .type = "string"},
    {.name = "classes", .type = "array"},
    {.name = "columns", .type = "object"},
};

// `number`, `boolean`, a list of categories, or nothing.
WrapColumn read_column(const std::string& name, const Spot& spot) {
  WrapColumn column{.name = name, .where = spot.where()};
  if (spot.value.is_null()) return column;
  if (spot.value.is_array()) {
    column.kind = WrapColumn::Kind::category;
    column.levels = spot.value;
    return column;
  }
  const std::vector<std::string> known = {"number", "boolean"};
  const std::string type = spot.value.is_string() ? spot.value.get<std::string>() : "";
  if (type == known[0]) {
    column.kind = WrapColumn::Kind::number;
  } else if (type == known[1]) {
    column.kind = WrapColumn::Kind::boolean;
  } else {
    spot.fail(fmt::format("the column {} is a `number`, a `boolean` or a list of its categories",
                          excerpt(name)),
              did_you_mean(type, known));
  }
  return column;
}

// In the order of the file, which a mapping of JSON does not keep.
std::vector<WrapColumn> read_columns(const Spot& spot) {
  std::vector<WrapColumn> columns;
  auto add_all = [&columns](const Spot& mapping) {
    const size_t first = columns.size();
    for (const auto& [name, type] : mapping.value.items())
      columns.push_back(read_column(name, mapping[name]));
    std::sort(columns.begin() + std::ptrdiff_t(first), columns.end(),
              [](const WrapColumn& a, const WrapColumn& b) {
                return std::tie(a.where.line, a.where.column) <
                       std::tie(b.where.line, b.where.column);
              });
  };
  if (spot.value.is_object()) {
    add_all(spot);
  } else if (spot.value.is_array()) {
    for (size_t i = 0; i < spot.value.size(); ++i) {
      const Spot one = spot[i];
      if (one.value.is_object()) {
        add_all(one);
      } else {
        columns.push_back({.name = one.text("a column"), .where = one.where()});
      }
    }
  } else {
    spot.fail("`columns` must be a mapping of names to types");
  }
  return columns;
}

WrapSchema read_document(const fs::path& path) {
  const Document document = Document::read(path);
  const Spot root{document, document.json(), ""};
  root.expect_object("a schema");
  check_keys(root, schema_keys, "a schema");
  WrapSchema schema{.where = root.where()};
  if (root.has("name")) {
    schema.name = root["name"].text("`name`");
    check_prediction_name(schema.name, root["name"].where());
  }
  if (root.has("classes")) {
    const Spot classes = root["classes"];
    if (!classes.value.is_array() || std::any_of(classes.value.begin(), classes.value.end(),
                                                 [](const json& c) { return c.is_structured(); }))
      classes.fail("`classes` must be a list of names");
    schema.classes = classes.value;
  }
  if (root.has("columns")) {
    schema.columns = read_columns(root["columns"]);
    schema.where = root["columns"].where();
  }
  return schema;
}

WrapColumn::Kind kind_of(Type type) {
  if (is_number(type)) return WrapColumn::Kind::number;
  return type == Type::boolean ? WrapColumn::Kind::boolean : WrapColumn::Kind::category;
}

WrapSchema read_rows(const fs::path& path) {
  const ScratchDir scratch;
  Engine engine({.temp_dir = scratch.path()});
  const SourceSpec spec{.name = "rows", .given = path.string(), .base = ".", .where = {}};
  const std::vector<SourceTable> tables = make_source(spec)->open(engine);
  const Where where{.file = path.string()};
  if (tables.size() != 1)
    throw Error(Code::invalid,
                fmt::format("a file of example rows is one table, not {}", tables.size()), where);
  if (tables[0].problem) throw *tables[0].problem;
  WrapSchema schema{.more_columns = true, .where = where};
  for (const Field& field : tables[0].columns.fields())
    schema.columns.push_back({field.name, kind_of(field.type), nullptr, where});
  return schema;
}

}  // namespace

WrapSchema read_wrap_schema(const fs::path& path) {
  const std::string suffix = path.extension().string();
  if (!disk().exists(path))
    throw Error(Code::not_found, fmt::format("there is no file `{}`", path.string()));
  return suffix == ".yaml" || suffix == ".yml" || suffix == ".json" ? read_document(path)
                                                                    : read_rows(path);
}

}  // namespace gristmill
