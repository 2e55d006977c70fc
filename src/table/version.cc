#include "table/version.h"

#include <fmt/format.h>

#include "base/error.h"
#include "expr/op.h"

namespace gristmill {
namespace {

using nlohmann::json;

constexpr std::string_view artifact_type = "application/vnd.gristmill.table.v1";

Error damaged(const std::string& why) {
  return {Code::corrupt, "a table version is damaged: " + why, {}, "run again: it is made anew"};
}

Schema selected(const Schema& schema, const std::vector<std::string>& columns) {
  if (columns.empty()) return schema;
  std::vector<Field> fields;
  for (const std::string& name : columns)
    fields.push_back(schema[schema.index_of(name, "the table")]);
  return Schema(std::move(fields));
}

// No file says what columns an empty table has.
std::string empty_relation(const Schema& schema) {
  std::string columns;
  for (const Field& field : schema.fields()) {
    columns += fmt::format("{}CAST(NULL AS {}) AS {}", columns.empty() ? "" : ", ",
                           sql_name(field.type), quote_name(field.name));
  }
  return "(SELECT " + columns + " WHERE false)";
}

}  // namespace

Manifest TableVersion::manifest() const {
  Manifest out;
  out.artifact_type = artifact_type;
  json list = json::array();
  for (const TableChunk& chunk : chunks) {
    list.push_back({{"rows", chunk.rows}, {"cells", chunk.cells.hex()}});
    out.layers.push_back(chunk.blob);
  }
  out.config = {{"schema", schema.json()},
                {"key", key},
                {"rows", rows},
                {"digest", digest.hex()},
                {"chunks", list}};
  return out;
}

TableVersion TableVersion::from_manifest(const Manifest& manifest) {
  if (manifest.artifact_type != artifact_type) {
    throw damaged("its manifest is of type \"" + manifest.artifact_type + "\"");
  }
  try {
    const json& config = manifest.config;
    TableVersion out;
    out.schema = Schema::from_json(config.at("schema"));
    out.key = config.at("key").get<std::vector<std::string>>();
    out.rows = config.at("rows").get<int64_t>();
    out.digest = Digest::parse(config.at("digest").get<std::string>());
    const json& chunks = config.at("chunks");
    // Layers past the chunks are of who made the version.
    if (chunks.size() > manifest.layers.size()) throw damaged("chunks and layers differ");
    for (size_t i = 0; i < chunks.size(); ++i) {
      out.chunks.push_back({chunks[i].at("rows").get<int64_t>(),
                            Digest::parse(chunks[i].at("cells").get<std::string>()),
                            manifest.layers[i]});
    }
    return out;
  } catch (const json::exception& error) {
    throw damaged(error.what());
  }
}

std::string version_relation(const Store& store, const TableVersion& version) {
  if (version.chunks.empty()) return empty_relation(version.schema);
  std::vector<fs::path> files;
  for (const TableChunk& chunk : version.chunks) files.push_back(store.path_of(chunk.blob.digest));
  return parquet_relation(files);
}

void check_chunks(Store& store, const TableVersion& version) {
  for (const TableChunk& chunk : version.chunks) {
    check_interrupted();
    store.check(chunk.blob.digest);
  }
}

std::unique_ptr<BatchReader> read_version(Engine& engine, Store& store, const TableVersion& version,
                                          const std::vector<std::string>& columns) {
  check_chunks(store, version);
  Schema schema = selected(version.schema, columns);
  std::string list;
  for (const Field& field : schema.fields()) {
    list += (list.empty() ? "" : ", ") + quote_name(field.name);
  }
  return engine.query(fmt::format("SELECT {} FROM {}", list, version_relation(store, version)),
                      schema);
}

}  // namespace gristmill
