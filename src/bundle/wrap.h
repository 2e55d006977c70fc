// A bundle around a model that was made elsewhere: what its features are says the model, and a
// schema what it does not.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bundle/bundle.h"
#include "model/foreign_trees.h"

namespace gristmill {

// What a schema says of one column.
struct WrapColumn {
  std::string name;
  enum class Kind : uint8_t { unsaid, number, boolean, category } kind = Kind::unsaid;
  nlohmann::json levels;  // of a category: its values in the order of their codes; null: unsaid
  Where where;
};

struct WrapSchema {
  std::string name;                 // of the prediction
  nlohmann::json classes;           // their names; null: unsaid
  std::vector<WrapColumn> columns;  // in the model's order where that has no names
  bool more_columns = false;        // that are no features may be among them
  Where where;                      // of the columns together
};

// Adds to `notes` what its user should know. Code::corrupt for what is no model, Code::invalid for
// a schema that does not fit, naming the nearest column.
Bundle wrap_model(const ForeignTrees& model, const WrapSchema& schema,
                  std::vector<std::string>& notes);

// By its first bytes. Code::corrupt, also for models of other kinds, by their name.
ForeignTrees parse_model(std::string_view bytes);

}  // namespace gristmill
