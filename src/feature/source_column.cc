#include "feature/source_column.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/error.h"

namespace gristmill {

void SourceColumn::bind(const Schema& in) {
  index_ = in.index_of(name_, "a feature");
  if (in[index_].type != type_)
    throw Error(Code::invalid,
                fmt::format("the feature `{}` was fitted on {}, but the column is {}", name_,
                            name_of(type_), name_of(in[index_].type)),
                {.field = name_});
}

void SourceColumn::save(State& state) const {
  state.json["column"] = name_;
  state.json["type"] = name_of(type_);
}

SourceColumn SourceColumn::load(const State& state) {
  SourceColumn column;
  column.name_ = state.at<std::string>("column");
  column.type_ = parse_type(state.at<std::string>("type"));
  return column;
}

void require_type(const Field& field, std::string_view kind, std::initializer_list<Type> types,
                  std::string hint) {
  if (std::find(types.begin(), types.end(), field.type) != types.end()) return;
  std::vector<std::string_view> names;
  for (Type type : types) names.push_back(name_of(type));
  throw Error(Code::invalid,
              fmt::format("the column `{}` is {}, but the encoder `{}` takes {}", field.name,
                          name_of(field.type), kind, fmt::join(names, ", ")),
              {.field = field.name}, std::move(hint));
}

}  // namespace gristmill
