// What was done: tasks with their inputs and outputs (which is the lineage), and the runs that
// asked.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "store/database.h"

namespace gristmill {

struct TaskInput {
  std::string name;  // "table flights", "file data/airports.csv"
  Digest digest;
};

// A task's key is the digest of what it does and of its inputs' digests.
struct TaskRecord {
  std::string kind;     // "table", "dataset", "model", "bundle"
  std::string name;     // "flights", "late", "late/linear"
  nlohmann::json what;  // kind's version and parameters
  std::vector<TaskInput> inputs;
  Digest output;         // a manifest or blob of the store
  nlohmann::json facts;  // what the report says of it
  double seconds = 0;
  int64_t created = 0;  // seconds since the Unix epoch

  Digest key() const;
};

// What differs: members of `what`, and inputs by name. Empty for equal keys.
std::vector<std::string> differences(const TaskRecord& before, const TaskRecord& after);

struct RunRecord {
  std::string id;
  int64_t started = 0, ended = 0;  // seconds since the Unix epoch; ended 0: not yet, or killed
  std::string status;  // "running", "done", "rejected", "failed", "interrupted", "killed"
  nlohmann::json command;
  nlohmann::json report;
  struct Step {
    Digest task;
    bool reused = false;
  };
  std::vector<Step> steps;
};

class Ledger {
 public:
  explicit Ledger(Database& database);  // makes its tables

  std::optional<TaskRecord> find(const Digest& key);
  // The task that was made or reused last under this name.
  std::optional<TaskRecord> latest(const std::string& kind, const std::string& name);
  // A task with this output.
  std::optional<TaskRecord> maker_of(const Digest& output);
  // The task whose table has this content: facts.digest of kinds "table" and "clean".
  std::optional<TaskRecord> table_of(const Digest& content);
  void record(const TaskRecord& task);  // and names it
  // A recorded task is taken under this name, which need not be the one it was recorded with.
  void name(const std::string& kind, const std::string& name, const Digest& key);
  // Forgets tasks that are not in `keep`.
  int64_t forget_tasks_except(const std::vector<Digest>& keep);

  // Its id. What is still "running" then was killed: one run at a time is the caller's part.
  std::string begin_run(const nlohmann::json& command);
  void add_step(const std::string& run, const Digest& task, bool reused);
  void end_run(const std::string& run, const std::string& status, const nlohmann::json& report);
  std::vector<RunRecord> runs(int limit);  // newest first, without steps
  // By its id or a beginning of it, or "last". Code::not_found when it could be several.
  std::optional<RunRecord> find_run(const std::string& id);
  RunRecord run(const std::string& id);  // Code::not_found

  // Names for digests: "bundle/late".
  void set_ref(const std::string& name, const Digest& digest);
  std::map<std::string, Digest> refs();

 private:
  Database& database_;
};

}  // namespace gristmill
