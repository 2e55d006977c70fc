// A table function over rows in memory: gristmill_rows(id).
#include <map>
#include <mutex>

#include "table/functions.h"
#include "table/session.h"

namespace gristmill {
namespace {

constexpr const char* function_name = "gristmill_rows";

struct Exposed {
  std::mutex mutex;
  std::map<int64_t, const Batch*> rows;
  int64_t next = 1;

  static Exposed& instance() {
    static Exposed exposed;
    return exposed;
  }
  const Batch* find(int64_t id) {
    std::lock_guard lock(mutex);
    auto it = rows.find(id);
    return it == rows.end() ? nullptr : it->second;
  }
};

struct Scan {
  const Batch* rows;
  int64_t position = 0;
};

// DuckDB calls these from C: nothing may be thrown through them.
void bind(duckdb_bind_info info) {
  guarded(info, duckdb_bind_set_error, [&] {
    const Value id(duckdb_bind_get_parameter(info, 0));
    const Batch* rows = Exposed::instance().find(duckdb_get_int64(id.get()));
    if (rows == nullptr) throw Error(Code::internal, "these rows are gone");
    add_result_columns(info, *rows->schema);
    duckdb_bind_set_cardinality(info, idx_t(rows->rows), true);
    duckdb_bind_set_bind_data(info, new Scan{rows}, destroy<Scan>);
  });
}

void init(duckdb_init_info info) {
  guarded(info, duckdb_init_set_error, [&] {
    duckdb_init_set_max_threads(info, 1);
    const Scan* bound = static_cast<const Scan*>(duckdb_init_get_bind_data(info));
    duckdb_init_set_init_data(info, new Scan(*bound), destroy<Scan>);
  });
}

void read(duckdb_function_info info, duckdb_data_chunk chunk) {
  guarded(info, duckdb_function_set_error, [&] {
    Scan& scan = *static_cast<Scan*>(duckdb_function_get_init_data(info));
    scan.position += fill_chunk(chunk, *scan.rows, scan.position);
  });
}

}  // namespace

ExposedRows::ExposedRows(const Batch& rows) {
  Exposed& exposed = Exposed::instance();
  std::lock_guard lock(exposed.mutex);
  id_ = exposed.next++;
  exposed.rows[id_] = &rows;
}

ExposedRows::~ExposedRows() {
  Exposed& exposed = Exposed::instance();
  std::lock_guard lock(exposed.mutex);
  exposed.rows.erase(id_);
}

std::string ExposedRows::relation() const { return fmt::format("{}({})", function_name, id_); }

void ExposedRows::register_function(duckdb_connection connection) {
  duckdb_table_function function = duckdb_create_table_function();
  duckdb_table_function_set_name(function, function_name);
  DuckType id(duckdb_create_logical_type(DUCKDB_TYPE_BIGINT));
  duckdb_table_function_add_parameter(function, id.get());
  duckdb_table_function_set_bind(function, bind);
  duckdb_table_function_set_init(function, init);
  duckdb_table_function_set_function(function, read);
  add_function(connection, function, function_name);
}

}  // namespace gristmill
