// PostgreSQL and MySQL (or MariaDB) servers, attached read-only through DuckDB's extensions.
#include <algorithm>

#include <fmt/format.h>

#include "frame/span.h"
#include "source/catalog.h"
#include "source/quote.h"
#include "source/server_look.h"
#include "source/server_rules.h"
#include "source/source.h"
#include "source/url.h"

namespace gristmill {
namespace {

struct ServerKind {
  std::string extension;  // of DuckDB
  std::string type;       // as ATTACH names it
  std::string setting;    // set once it is loaded; "" for none
  std::string schema;     // read when none is named; "": the database
  ServerStatistics (*statistics)(SqlSession&, const ServerTable&);
  ServerColumns (*own_rules)(SqlSession&, const ServerTable&);
  std::map<std::string, NumericColumns> (*numerics)(SqlSession&, const ServerTable&);  // or null
  bool scans_all_names;                                // a backtick or a backslash in a name, too
  SharedMoment (*moment)(const std::string& catalog);  // null: one connection cannot tell another
};

SharedMoment postgresql_moment(const std::string& catalog) {
  const std::string at = quote_text(catalog);
  return {fmt::format("SELECT * FROM postgres_query({}, 'SELECT pg_export_snapshot()')", at),
          [at](const std::string& name) {
            return fmt::format("CALL postgres_execute({}, {})", at,
                               quote_text("SET TRANSACTION SNAPSHOT " + quote_text(name)));
          }};
}

const ServerKind postgresql = {
    .extension = "postgres_scanner",
    .type = "postgres",
    .setting = "",
    .schema = "public",
    .statistics = postgresql_statistics,
    .own_rules = postgresql_own_rules,
    .numerics = postgresql_numerics,
    .scans_all_names = true,
    .moment = postgresql_moment,
};
// Aggregates that are pushed down come back with other types than were bound: min(timestamp) fails.
// The first rows by a text would be the first in the server's collation. A TIMESTAMP is an instant,
// and comes in the zone of the session.
const ServerKind mysql = {
    .extension = "mysql_scanner",
    .type = "mysql",
    .setting =
        "SET GLOBAL mysql_aggregate_pushdown_enabled = false; "
        "SET GLOBAL mysql_order_pushdown_enabled = false; "
        "SET GLOBAL mysql_session_time_zone = '+00:00'",
    .schema = "",
    .statistics = mysql_statistics,
    .own_rules = mysql_own_rules,
    .numerics = nullptr,
    .scans_all_names = false,
    .moment = nullptr,
};

const std::vector<ParamDoc>& server_params() {
  static const std::vector<ParamDoc> docs = {
      {"schema",
       "string",
       "the schema whose tables are read: public, or the database of MySQL",
       nullptr,
       {},
       {},
       {}},
      {"max_age",
       "string",
       "tables younger than this are not read again: 24h, 30m, 7d",
       nullptr,
       {},
       {},
       {}},
  };
  return docs;
}

class DatabaseServer : public Source {
 public:
  DatabaseServer(SourceRequest request, const ServerKind& kind)
      : spec_(std::move(request.spec)), kind_(kind), url_(request.files.pattern) {
    schema_ = request.params.has("schema") ? request.params.text("schema")
              : kind_.schema.empty()       ? url_.database
                                           : kind_.schema;
    if (request.params.has("max_age"))
      max_age_ = parse_span(request.params.text("max_age"), "`max_age`");
    if (url_.database.empty()) {
      throw Error(Code::invalid, "the URL names no database", {},
                  fmt::format("write {}://USER@HOST/DATABASE", url_.scheme));
    }
  }

  std::vector<SourceTable> open(SqlSession& session) override {
    session.load_extension(kind_.extension);
    if (!kind_.setting.empty()) session.execute(kind_.setting);
    attach(session);
    const std::vector<std::string> names = table_names(session);
    const ServerTable schema{catalog_, schema_, ""};
    own_rules_ = kind_.own_rules(session, schema);
    if (kind_.numerics != nullptr) numerics_ = kind_.numerics(session, schema);
    std::vector<SourceTable> tables;
    for (const std::string& name : names)
      tables.push_back(table(session, {catalog_, schema_, name}));
    return tables;
  }

 private:
  SourceTable table(SqlSession& session, const ServerTable& at) const {
    SourceTable out;
    out.schema = spec_.name;
    out.name = at.name;
    out.relation = quote_name(catalog_) + "." + quote_name(schema_) + "." + quote_name(at.name);
    out.server = url_.shown() + "?schema=" + schema_;
    out.max_age = max_age_;
    describe_columns(session, out);
    if (!kind_.scans_all_names && has_odd_name(out)) {
      out.relation = mysql_query_of(session, at, out.relation);
      return out;
    }
    std::string select;
    if (const auto columns = own_rules_.find(at.name); columns != own_rules_.end()) {
      select = select_judged_here(out.relation, out.columns, columns->second);
      out.relation = "(" + select + ")";
    }
    out.statistics = [ask = kind_.statistics, at, select](SqlSession& from) {
      ServerStatistics known = ask(from, at);
      known.select = select;
      return known;
    };
    if (const auto columns = numerics_.find(at.name); columns != numerics_.end()) {
      out.look = [at, found = columns->second](SqlSession& from, SourceTable& looked_at) {
        look_for_nan(from, at, found, looked_at);
      };
    }
    return out;
  }

  void attach(SqlSession& session) {
    catalog_ = "server " + spec_.name;
    try {
      session.execute(fmt::format("ATTACH IF NOT EXISTS {} AS {} (TYPE {}, READ_ONLY)",
                                  quote_text(connection()), quote_name(catalog_), kind_.type));
    } catch (const Error& error) {
      if (error.code() == Code::interrupted) throw;
      throw refused(error);
    }
    if (kind_.moment != nullptr) session.read_at_one_moment(spec_.name, kind_.moment(catalog_));
  }

  // The name of the type is the scheme that the client library knows. MySQL's options are written
  // with dashes in its URLs and with underscores nearly everywhere else.
  std::string connection() const {
    Url url = url_;
    if (kind_.type == mysql.type) {
      for (auto& [name, value] : url.options) std::replace(name.begin(), name.end(), '_', '-');
    }
    return url.encoded(kind_.type);
  }

  bool has_odd_name(const SourceTable& table) const {
    std::string names = schema_ + table.name;
    for (const std::string& name : table.columns.names()) names += name;
    return names.find_first_of("`\\") != std::string::npos;
  }

  // What the server said, without the connection's parameters.
  Error refused(const Error& error) const {
    std::string said = error.message();
    const size_t quote = said.find('"'), end = said.find("\": ", quote);
    if (end != std::string::npos) said = said.substr(end + 3);
    said = said.substr(0, said.find('\n'));
    for (const char* mark : {"onnection refused", "ould not translate host", "an't connect to",
                             "nknown server host", "imeout", "o route to host"}) {
      if (said.find(mark) == std::string::npos) continue;
      return Error(Code::unavailable, fmt::format("{} cannot be reached: {}", url_.shown(), said),
                   {}, "check host and port of the source's URL, and that the server runs");
    }
    return Error(Code::unavailable, fmt::format("{} does not let us in: {}", url_.shown(), said),
                 {}, "check user, password and database of the source's URL");
  }

  std::vector<std::string> table_names(SqlSession& session) const {
    std::vector<std::string> names, schemas;
    for (const auto& [schema, name] : tables_and_views(session, catalog_)) {
      if (schema == schema_) names.push_back(name);
      if (schemas.empty() || schemas.back() != schema) schemas.push_back(schema);
    }
    if (names.empty()) {
      throw Error(Code::not_found,
                  fmt::format("schema \"{}\" of {} has no tables that this user may see", schema_,
                              url_.shown()),
                  {}, did_you_mean(schema_, schemas));
    }
    return names;
  }

  SourceSpec spec_;
  const ServerKind& kind_;
  Url url_;
  std::string schema_, catalog_;
  ServerColumns own_rules_;
  std::map<std::string, NumericColumns> numerics_;  // that may hold NaN
  int64_t max_age_ = 0;
};

template <const ServerKind& kind>
std::unique_ptr<Source> make(SourceRequest request) {
  return std::make_unique<DatabaseServer>(std::move(request), kind);
}

RegisterSource register_postgresql({
    .name = "postgresql",
    .text =
        "A PostgreSQL database, read-only; read again on each run unless younger than `max_age`",
    .example = "postgresql://${OPS_USER}:${OPS_PASSWORD}@db.example.org/ops",
    .suffixes = {},
    .schemes = {"postgresql:", "postgres:"},
    .server = true,
    .params = server_params(),
    .make = make<postgresql>,
});

RegisterSource register_mysql({
    .name = "mysql",
    .text = "A MySQL or MariaDB database, likewise",
    .example = "mysql://${OPS_USER}:${OPS_PASSWORD}@db.example.org/ops",
    .suffixes = {},
    .schemes = {"mysql:", "mariadb:"},
    .server = true,
    .params = server_params(),
    .make = make<mysql>,
});

}  // namespace
}  // namespace gristmill
