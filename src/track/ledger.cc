#include "track/ledger.h"

#include <algorithm>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/clock.h"
#include "base/error.h"

namespace gristmill {
namespace {

// Appended to, never changed: an older file is brought up to date step by step.
const std::vector<std::string> schema_steps = {
    R"sql(
    CREATE TABLE tasks (
      key TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, what TEXT NOT NULL,
      inputs TEXT NOT NULL, output TEXT NOT NULL, facts TEXT NOT NULL, seconds REAL NOT NULL,
      created INTEGER NOT NULL);
    CREATE INDEX tasks_by_name ON tasks (kind, name, created);
    CREATE INDEX tasks_by_output ON tasks (output);
    CREATE TABLE runs (
      id TEXT PRIMARY KEY, started INTEGER NOT NULL, ended INTEGER NOT NULL, status TEXT NOT NULL,
      command TEXT NOT NULL, report TEXT NOT NULL);
    CREATE TABLE steps (
      run TEXT NOT NULL, position INTEGER NOT NULL, task TEXT NOT NULL, reused INTEGER NOT NULL,
      PRIMARY KEY (run, position));
    CREATE TABLE refs (name TEXT PRIMARY KEY, digest TEXT NOT NULL);
    )sql",
    // Rows in the order of use: what is used again moves to the end.
    R"sql(
    CREATE TABLE names (kind TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL,
                        UNIQUE (kind, name, key));
    INSERT INTO names SELECT kind, name, key FROM tasks ORDER BY created, rowid;
    DROP INDEX tasks_by_name;
    )sql",
};

int64_t now_seconds() { return machine_clock().now() / 1'000'000; }

nlohmann::json inputs_json(const std::vector<TaskInput>& inputs) {
  nlohmann::json json = nlohmann::json::array();
  for (const TaskInput& input : inputs) {
    json.push_back({{"name", input.name}, {"digest", input.digest.hex()}});
  }
  return json;
}

constexpr std::string_view task_columns =
    "kind, name, what, inputs, output, facts, seconds, created";

constexpr std::string_view run_columns = "id, started, ended, status, command, report";

nlohmann::json read_json(const std::string& text) {
  nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_discarded())
    throw Error(Code::corrupt, "what is recorded of earlier runs is damaged", {},
                "remove .gristmill/gristmill.db: the next run does all anew, and what it finds in "
                ".gristmill/store stays");
  return json;
}

TaskRecord read_task(const Statement& row) {
  TaskRecord task;
  task.kind = row.text(0);
  task.name = row.text(1);
  task.what = read_json(row.text(2));
  for (const auto& input : read_json(row.text(3))) {
    task.inputs.push_back({input.at("name").get<std::string>(),
                           Digest::parse(input.at("digest").get<std::string>())});
  }
  task.output = Digest::parse(row.text(4));
  task.facts = read_json(row.text(5));
  task.seconds = row.real(6);
  task.created = row.integer(7);
  return task;
}

std::optional<TaskRecord> first_task(Statement& statement) {
  if (!statement.step()) return std::nullopt;
  return read_task(statement);
}

RunRecord read_run(const Statement& row) {
  return {row.text(0), row.integer(1),         row.integer(2),
          row.text(3), read_json(row.text(4)), read_json(row.text(5)),
          {}};
}

}  // namespace

// The name is no part of the key: the same work under another name is not done twice.
Digest TaskRecord::key() const {
  nlohmann::json digests = nlohmann::json::array();
  for (const TaskInput& input : inputs) digests.push_back(input.digest.hex());
  return Digest::of(nlohmann::json{{"kind", kind}, {"what", what}, {"inputs", digests}}.dump());
}

std::vector<std::string> differences(const TaskRecord& before, const TaskRecord& after) {
  std::vector<std::string> names;
  for (const auto& [member, value] : after.what.items()) {
    if (!before.what.contains(member) || before.what.at(member) != value) names.push_back(member);
  }
  for (const auto& [member, value] : before.what.items()) {
    if (!after.what.contains(member)) names.push_back(member);
  }
  // Several inputs may have one name, as the data sets of several models.
  auto tell_others = [&](const TaskRecord& task, const TaskRecord& other) {
    for (const TaskInput& input : task.inputs) {
      const bool in_both =
          std::any_of(other.inputs.begin(), other.inputs.end(), [&](const TaskInput& one) {
            return one.name == input.name && one.digest == input.digest;
          });
      if (!in_both && std::find(names.begin(), names.end(), input.name) == names.end())
        names.push_back(input.name);
    }
  };
  tell_others(after, before);
  tell_others(before, after);
  return names;
}

Ledger::Ledger(Database& database) : database_(database) { database_.migrate(schema_steps); }

std::optional<TaskRecord> Ledger::find(const Digest& key) {
  auto statement =
      database_.prepare(fmt::format("SELECT {} FROM tasks WHERE key = ?", task_columns));
  statement.bind(key.hex());
  return first_task(statement);
}

std::optional<TaskRecord> Ledger::latest(const std::string& kind, const std::string& name) {
  auto statement = database_.prepare(
      fmt::format("SELECT {} FROM tasks WHERE key = (SELECT key FROM names WHERE kind = ? AND "
                  "name = ? ORDER BY rowid DESC LIMIT 1)",
                  task_columns));
  statement.bind(kind).bind(name);
  return first_task(statement);
}

std::optional<TaskRecord> Ledger::maker_of(const Digest& output) {
  auto statement = database_.prepare(
      fmt::format("SELECT {} FROM tasks WHERE output = ? ORDER BY created DESC, rowid DESC LIMIT 1",
                  task_columns));
  statement.bind(output.hex());
  return first_task(statement);
}

std::optional<TaskRecord> Ledger::table_of(const Digest& content) {
  auto statement =
      database_.prepare(fmt::format("SELECT {} FROM tasks WHERE kind IN ('table', 'clean') AND "
                                    "json_extract(facts, '$.digest') = ? "
                                    "ORDER BY created DESC, rowid DESC LIMIT 1",
                                    task_columns));
  statement.bind(content.hex());
  return first_task(statement);
}

void Ledger::record(const TaskRecord& task) {
  const Digest key = task.key();
  auto statement = database_.prepare(
      "INSERT OR REPLACE INTO tasks (key, kind, name, what, inputs, output, facts, seconds, "
      "created) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
  statement.bind(key.hex())
      .bind(task.kind)
      .bind(task.name)
      .bind(task.what.dump())
      .bind(inputs_json(task.inputs).dump())
      .bind(task.output.hex())
      .bind(task.facts.dump())
      .bind(task.seconds)
      .bind(task.created != 0 ? task.created : now_seconds());
  database_.transaction([&] {
    statement.step();
    name(task.kind, task.name, key);
  });
}

void Ledger::name(const std::string& kind, const std::string& name, const Digest& key) {
  auto statement = database_.prepare("INSERT OR REPLACE INTO names VALUES (?, ?, ?)");
  statement.bind(kind).bind(name).bind(key.hex());
  statement.step();
}

int64_t Ledger::forget_tasks_except(const std::vector<Digest>& keep) {
  int64_t before = 0, after = 0;
  database_.transaction([&] {
    auto count = [&] {
      auto statement = database_.prepare("SELECT count(*) FROM tasks");
      statement.step();
      return statement.integer(0);
    };
    before = count();
    database_.execute("CREATE TEMP TABLE kept (key TEXT PRIMARY KEY)");
    for (const Digest& key : keep) {
      auto statement = database_.prepare("INSERT OR IGNORE INTO kept VALUES (?)");
      statement.bind(key.hex());
      statement.step();
    }
    database_.execute(
        "DELETE FROM tasks WHERE key NOT IN (SELECT key FROM kept);"
        "DELETE FROM names WHERE key NOT IN (SELECT key FROM kept); DROP TABLE kept");
    after = count();
  });
  return before - after;
}

std::string Ledger::begin_run(const nlohmann::json& command) {
  const int64_t now = now_seconds();
  std::string id;
  database_.transaction([&] {
    database_.execute("UPDATE runs SET status = 'killed' WHERE status = 'running'");
    for (int attempt = 1;; ++attempt) {
      id = fmt::format("{:%Y%m%d-%H%M%S}", fmt::gmtime(std::time_t(now)));
      if (attempt > 1) id += fmt::format("-{}", attempt);
      auto taken = database_.prepare("SELECT 1 FROM runs WHERE id = ?");
      taken.bind(id);
      if (!taken.step()) break;
    }
    auto statement = database_.prepare("INSERT INTO runs VALUES (?, ?, 0, 'running', ?, '{}')");
    statement.bind(id).bind(now).bind(command.dump());
    statement.step();
  });
  return id;
}

void Ledger::add_step(const std::string& run, const Digest& task, bool reused) {
  auto statement = database_.prepare(
      "INSERT INTO steps SELECT ?1, coalesce(max(position) + 1, 0), ?2, ?3 FROM steps WHERE run = "
      "?1");
  statement.bind(run).bind(task.hex()).bind(int64_t(reused));
  statement.step();
}

void Ledger::end_run(const std::string& run, const std::string& status,
                     const nlohmann::json& report) {
  auto statement =
      database_.prepare("UPDATE runs SET ended = ?, status = ?, report = ? WHERE id = ?");
  statement.bind(now_seconds()).bind(status).bind(report.dump()).bind(run);
  statement.step();
}

std::vector<RunRecord> Ledger::runs(int limit) {
  auto statement = database_.prepare(
      fmt::format("SELECT {} FROM runs ORDER BY started DESC, rowid DESC LIMIT ?", run_columns));
  statement.bind(int64_t(limit));
  std::vector<RunRecord> runs;
  while (statement.step()) runs.push_back(read_run(statement));
  return runs;
}

std::optional<RunRecord> Ledger::find_run(const std::string& id) {
  const bool last = id == "last";
  auto find = database_.prepare(fmt::format(
      "SELECT {} FROM runs WHERE {} ORDER BY id = ?1 DESC, started DESC, rowid DESC LIMIT 2",
      run_columns, last ? "?1 = ?1" : "?1 <> '' AND substr(id, 1, length(?1)) = ?1"));
  find.bind(id);
  if (!find.step()) return std::nullopt;
  RunRecord run = read_run(find);
  if (!last && run.id != id && find.step()) {
    throw Error(Code::not_found, fmt::format("run \"{}\" could be several", id), {},
                "give more of its id");
  }
  auto steps = database_.prepare("SELECT task, reused FROM steps WHERE run = ? ORDER BY position");
  steps.bind(run.id);
  while (steps.step()) {
    run.steps.push_back({Digest::parse(steps.text(0)), steps.integer(1) != 0});
  }
  return run;
}

RunRecord Ledger::run(const std::string& id) {
  if (auto found = find_run(id)) return *found;
  throw Error(Code::not_found, fmt::format("there is no run \"{}\"", id), {},
              "`gristmill runs` lists them");
}

void Ledger::set_ref(const std::string& name, const Digest& digest) {
  auto statement = database_.prepare("INSERT OR REPLACE INTO refs VALUES (?, ?)");
  statement.bind(name).bind(digest.hex());
  statement.step();
}

std::map<std::string, Digest> Ledger::refs() {
  auto statement = database_.prepare("SELECT name, digest FROM refs");
  std::map<std::string, Digest> refs;
  while (statement.step()) refs[statement.text(0)] = Digest::parse(statement.text(1));
  return refs;
}

}  // namespace gristmill
