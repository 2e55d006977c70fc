#include "tensor/tensor.h"

#include "base/error.h"
#include "base/text.h"

namespace gristmill {

namespace {

std::string_view name_of(TensorKind kind) { return kind == TensorKind::block ? "block" : "code"; }

TensorKind parse_kind(const std::string& name) {
  if (name == "block") return TensorKind::block;
  if (name == "code") return TensorKind::code;
  throw Error(Code::corrupt, "unknown kind of tensor " + excerpt(name));
}

std::string level_name(const TensorSpec& spec, size_t level) {
  if (level == 0) return spec.name + "=<missing>";
  if (level == 1) return spec.name + "=<other>";
  return spec.name + "=" + spec.names[level];
}

}  // namespace

FeatureLayout::FeatureLayout(std::vector<TensorSpec> specs) : specs(std::move(specs)) {
  for (const TensorSpec& spec : this->specs) {
    int64_t& columns = spec.kind == TensorKind::block ? floats : codes;
    at.push_back(columns);
    columns += spec.width();
  }
}

int64_t FeatureLayout::dense_width() const {
  int64_t width = floats;
  for (const TensorSpec& spec : specs) width += spec.levels();
  return width;
}

std::vector<std::string> FeatureLayout::dense_names() const {
  std::vector<std::string> names;
  names.reserve(size_t(dense_width()));
  for (const TensorSpec& spec : specs)
    if (spec.kind == TensorKind::block)
      names.insert(names.end(), spec.names.begin(), spec.names.end());
  for (const TensorSpec& spec : specs)
    for (size_t level = 0; level < size_t(spec.levels()); ++level)
      names.push_back(level_name(spec, level));
  return names;
}

nlohmann::json FeatureLayout::json() const {
  nlohmann::json list = nlohmann::json::array();
  for (const TensorSpec& spec : specs)
    list.push_back({{"name", spec.name},
                    {"kind", name_of(spec.kind)},
                    {"names", spec.names},
                    {"source", spec.source}});
  return list;
}

FeatureLayout FeatureLayout::from_json(const nlohmann::json& json) {
  try {
    std::vector<TensorSpec> specs;
    if (!json.is_array()) throw Error(Code::corrupt, "a stored feature layout is not a list");
    for (const nlohmann::json& spec : json)
      specs.push_back({.name = spec.at("name").get<std::string>(),
                       .kind = parse_kind(spec.at("kind").get<std::string>()),
                       .names = spec.at("names").get<std::vector<std::string>>(),
                       .source = spec.at("source").get<std::string>()});
    return FeatureLayout(std::move(specs));
  } catch (const nlohmann::json::exception&) {
    throw Error(Code::corrupt, "a stored feature layout lacks a member or has one of a wrong type");
  }
}

FeatureRows FeatureBuffer::resize(const FeatureLayout& layout, int64_t rows) {
  size_t floats = size_t(rows * layout.floats), codes = size_t(rows * layout.codes);
  if (floats_.size() < floats) floats_.resize(floats);
  if (codes_.size() < codes) codes_.resize(codes);
  return {.rows = rows,
          .floats = floats_.data(),
          .float_stride = layout.floats,
          .codes = codes_.data(),
          .code_stride = layout.codes};
}

}  // namespace gristmill
