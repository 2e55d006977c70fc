// The one column that an encoder reads: its name, type and place in the batch.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/state.h"
#include "frame/batch.h"

namespace gristmill {

class SourceColumn {
 public:
  SourceColumn() = default;
  explicit SourceColumn(const Field& field) : name_(field.name), type_(field.type) {}

  // Code::not_found, Code::invalid (another type than in training).
  void bind(const Schema& in);
  const Column& in(const Batch& rows) const { return rows.columns[index_]; }
  // The same unbound, by name, as fits see rows. Code::not_found.
  const Column& named_in(const Batch& rows) const {
    return rows.columns[rows.schema->index_of(name_, "a feature")];
  }

  const std::string& name() const { return name_; }
  Type type() const { return type_; }

  void save(State& state) const;                 // as json.column, json.type
  static SourceColumn load(const State& state);  // Code::corrupt

 private:
  std::string name_;
  Type type_ = Type::string;
  size_t index_ = 0;
};

// Code::invalid, naming the types that encoder `kind` takes, unless `field` has one of them.
void require_type(const Field& field, std::string_view kind, std::initializer_list<Type> types,
                  std::string hint);

}  // namespace gristmill
