// gristmill_utf8(text, place) → the text, held to be UTF-8: what DuckDB hands on of some files is
// unchecked bytes, which its own functions do not survive.
#include <fmt/format.h>

#include "base/text.h"
#include "table/functions.h"

namespace gristmill {
namespace {

void check(duckdb_data_chunk input, duckdb_vector output) {
  const duckdb_vector texts = duckdb_data_chunk_get_vector(input, 0);
  const uint64_t* validity = duckdb_vector_get_validity(texts);
  auto* text = static_cast<duckdb_string_t*>(duckdb_vector_get_data(texts));
  const idx_t rows = duckdb_data_chunk_get_size(input);
  for (idx_t i = 0; i < rows; ++i) {
    if (validity != nullptr && !duckdb_validity_row_is_valid(const_cast<uint64_t*>(validity), i))
      continue;
    const std::string_view bytes(duckdb_string_t_data(&text[i]), duckdb_string_t_length(text[i]));
    if (is_utf8(bytes)) continue;
    auto* places = static_cast<duckdb_string_t*>(
        duckdb_vector_get_data(duckdb_data_chunk_get_vector(input, 1)));
    throw Error(Code::invalid,
                fmt::format("{}: {} is not UTF-8",
                            std::string_view(duckdb_string_t_data(&places[i]),
                                             duckdb_string_t_length(places[i])),
                            excerpt(bytes)),
                {}, "write it anew as UTF-8, or leave the column out of the SQL");
  }
  duckdb_vector_reference_vector(output, texts);
}

}  // namespace

void register_utf8_function(duckdb_connection connection) {
  duckdb_scalar_function function = duckdb_create_scalar_function();
  duckdb_scalar_function_set_name(function, "gristmill_utf8");
  DuckType text(duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR));
  duckdb_scalar_function_add_parameter(function, text.get());
  duckdb_scalar_function_add_parameter(function, text.get());
  duckdb_scalar_function_set_return_type(function, text.get());
  duckdb_scalar_function_set_function(
      function, [](duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
        guarded(info, duckdb_scalar_function_set_error, [&] { check(input, output); });
      });
  const duckdb_state state = duckdb_register_scalar_function(connection, function);
  duckdb_destroy_scalar_function(&function);
  if (state == DuckDBError) throw Error(Code::internal, "the SQL engine refuses gristmill_utf8");
}

}  // namespace gristmill
