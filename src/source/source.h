// Kinds of things that can be read. One source file a kind, registering a SourceKind. A source says
// how the SQL engine reaches its tables and which files they lie in; it runs no SQL itself.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file_system.h"
#include "base/params.h"
#include "base/registry.h"
#include "frame/schema.h"
#include "store/file_digests.h"

namespace gristmill {

// How several connections to a server read it at one moment.
struct SharedMoment {
  std::string take;  // a SELECT of a name for the moment, whose transaction is then kept open
  std::function<std::string(const std::string& name)> enter;  // another transaction begins with it
};

// The SQL engine, as far as a source needs it to look; table implements it.
class SqlSession {
 public:
  virtual ~SqlSession() = default;
  virtual void execute(const std::string& sql) = 0;
  virtual std::vector<std::vector<std::string>> rows(const std::string& sql) = 0;  // null: ""
  virtual Schema describe(const std::string& sql) = 0;
  // e.g. "sqlite_scanner". Code::unavailable when its file is not there.
  virtual void load_extension(const std::string& name) = 0;
  // All queries over this source read it at the moment when the first of them began.
  virtual void read_at_one_moment(const std::string& source, const SharedMoment& how) = 0;
};

// A column that its server can look up by a list of literals: it finds all rows, maybe more, that
// SQL here takes for equal to one of them.
struct LookupColumn {
  int64_t keys_max = 0;     // so long may the list be
  bool ascii_only = false;  // of text: literals beyond ASCII cannot be asked for
};

// What a database server knows of a table of its own.
struct ServerStatistics {
  int64_t rows = 0;  // as it estimates; 0: it cannot tell
  std::map<std::string, LookupColumn> columns;
  // Where the server judges by other rules than SQL here: `SELECT … FROM …`, all rows of the table.
  // A WHERE put behind it is left to the server, which may give more rows than it says.
  std::string select = {};
};

// One table of a source.
struct SourceTable {
  std::string schema;  // the source's name
  std::string name;    // the table's
  std::string
      relation;  // SQL that stands in FROM: gristmill_csv(['…'], '…'), "ops"."main"."flights"
  std::vector<fs::path> files;  // whose content decides the table's; absolute
  std::string server;           // where it lies when not in files; without user and password
  // Asks the server; null for what lies in files. A table that is gone has no rows.
  std::function<ServerStatistics(SqlSession&)> statistics = {};
  // Looks at its rows, once, before they are first read: another relation and notes may come of it.
  std::function<void(SqlSession&, SourceTable&)> look = {};
  int64_t max_age = 0;             // of what was read from a server, in µs; 0: read on each run
  bool single_file_order = false;  // an unjoined read keeps the file's own order
  Schema columns;
  std::vector<std::string> notes;  // "column dep_time is read as text: line 17 holds \"N/A\" …"
  bool endless = false;            // a view that may take for ever: nobody counts its rows unasked
  std::optional<Error> problem;    // it cannot be read, as a view of what is no longer there
};

struct SourceSpec {
  std::string name;
  nlohmann::json given;  // text (a path, glob or URL) or an object {files, as, url, kind, …}
  fs::path base;         // folder of the project file
  Where where;
  FileDigests* digests = nullptr;     // remembers what was found out about files; null: nothing is
  fs::path downloads = {};            // folder where the files of URLs are kept
  std::optional<Error> problem = {};  // its `given` cannot be told, which whoever opens it is told
};

class Source {
 public:
  virtual ~Source() = default;
  // Attaches what must be attached (read-only) and lists the tables with their columns.
  virtual std::vector<SourceTable> open(SqlSession& session) = 0;
};

// The files that a source names.
struct SourceFiles {
  std::string scheme;           // "sqlite:", or ""
  std::string pattern;          // as given, without the scheme of a file; a server's whole URL
  std::vector<fs::path> files;  // absolute, sorted; none is a folder; empty for a server alone
  std::string as;               // the one table of all files; "" for a table each
  std::string kind;             // named by the user, or ""
};

struct SourceKind;

// What a source is made from.
struct SourceRequest {
  SourceSpec spec;
  const SourceKind& kind;
  SourceFiles files;
  Params params;  // checked: those of all sources, and the kind's own
};

struct SourceKind {
  std::string name;  // "csv", "parquet", "sqlite", "duckdb"
  std::string text;  // for the reference
  std::string example;
  std::vector<std::string> suffixes;  // ".csv", ".tsv", …
  std::vector<std::string> schemes;   // "sqlite:", "duckdb:"
  bool server = false;                // its URL names a server, not files
  std::vector<ParamDoc> params;       // its own options, beside files, url, kind and as
  std::function<std::unique_ptr<Source>(SourceRequest)> make;
};
using Sources = Registry<SourceKind>;
using RegisterSource = Registration<SourceKind>;

// What `look` finds out about the files together, or what is remembered of that under a name.
// Found: its json() and from_json() are each other's inverse.
template <class Found, class Look>
Found found_in(FileDigests* digests, const std::vector<fs::path>& files, const std::string& name,
               const Look& look) {
  if (digests == nullptr) return look();
  try {
    return Found::from_json(
        nlohmann::json::parse(digests->fact(files, name, [&] { return look().json().dump(); })));
  } catch (const nlohmann::json::exception&) {  // what is remembered is damaged
    return look();
  }
}

// Missing values in text files, when a source does not say.
inline const std::vector<std::string> default_nulls = {"", "NA"};

// By the file's name alone; nullptr when none fits.
const SourceKind* kind_by_suffix(const fs::path& file);
const SourceKind* kind_by_scheme(const std::string& scheme);  // "sqlite:"
// `files`, `url`, `kind` and `as`, which every source may have.
const std::vector<ParamDoc>& common_source_params();

// Chooses the kind by scheme or suffix (of the files a glob finds). Code::invalid when none fits,
// Code::not_found when no file matches.
std::unique_ptr<Source> make_source(const SourceSpec& spec);
// The same, of the files that find_files() gave.
std::unique_ptr<Source> make_source(const SourceSpec& spec, SourceFiles files);

}  // namespace gristmill
