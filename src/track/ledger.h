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

struct RunRecord {
  std::string id;
  int64_t started = 0, ended = 0;  // seconds since the Unix epoch; ended 0: not yet, or killed
  std::string status;              // "running", "done", "failed", "interrupted"
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
  // The task of this kind and name that was recorded last.
  std::optional<TaskRecord> latest(const std::string& kind, const std::string& name);
  // A task with this output.
  std::optional<TaskRecord> maker_of(const Digest& output);
  // The task whose table has this content: facts.digest of kinds "table" and "clean".
  std::optional<TaskRecord> table_of(const Digest& content);
  void record(const TaskRecord& task);
  // Forgets tasks that are not in `keep`.
  int64_t forget_tasks_except(const std::vector<Digest>& keep);

  std::string begin_run(const nlohmann::json& command);  // its id
  void add_step(const std::string& run, const Digest& task, bool reused);
  void end_run(const std::string& run, const std::string& status, const nlohmann::json& report);
  std::vector<RunRecord> runs(int limit);  // newest first, without steps
  // By its id or an unambiguous beginning of it, or "last". Code::not_found.
  RunRecord run(const std::string& id);

  // Names for digests: "bundle/late".
  void set_ref(const std::string& name, const Digest& digest);
  std::optional<Digest> ref(const std::string& name);
  std::map<std::string, Digest> refs();

 private:
  Database& database_;
};

}  // namespace gristmill
