#include "pipeline/measure_checks.h"

#include <fmt/format.h>

#include "pipeline/planned_table.h"
#include "pipeline/row_source.h"

namespace gristmill {
namespace {

using nlohmann::json;

constexpr std::string_view measured_type = "application/vnd.gristmill.checks.v1+json";

// Returns how many rows were seen.
int64_t observe(const CheckSubject& subject, RowSource& source, Executor& executor) {
  struct Slot {
    CheckedRows::Slot rows;
    std::vector<std::unique_ptr<Check>> clones;
  };
  std::vector<Slot> slots(size_t(source.slots()));
  std::vector<Check*> open;
  subject.for_checks(false, [&](const ExpectedCheck& one) { open.push_back(one.check.get()); });
  int64_t rows = 0;
  for (bool first = true; !open.empty(); first = false) {
    source.pass(
        [&](const Batch& raw, int64_t first_row, int64_t, int64_t at) {
          Slot& slot = slots[size_t(at)];
          const Batch batch = subject.rows->apply(raw, first_row, slot.rows);
          const CheckRows seen{batch, slot.rows.positions.data(), subject.key};
          slot.clones.clear();
          for (const Check* check : open) {
            slot.clones.push_back(check->clone_empty());
            slot.clones.back()->observe(seen);
          }
        },
        [&](int64_t, int64_t at) {
          Slot& slot = slots[size_t(at)];
          if (first) rows += int64_t(slot.rows.positions.size());
          for (size_t i = 0; i < open.size(); ++i) open[i]->merge(std::move(*slot.clones[i]));
        },
        executor.progress());
    std::erase_if(open, [](Check* check) { return !check->next_pass(); });
  }
  return rows;
}

int64_t look(const CheckSubject& subject, Tables& tables, Executor& executor) {
  Engine& engine = executor.workspace().engine();
  const auto raw = subject.read(executor.workspace());
  const auto numbered = subject.rows->numbered(*raw);
  const LoadedTable loaded(engine, "checked " + subject.table, *numbered);
  WholeTable whole{.relation = loaded.relation(), .key = subject.key};
  whole.query = [&engine](const std::string& sql) { return engine.query(sql); };
  whole.rows = std::stoll(engine.rows("SELECT count(*) FROM " + whole.relation).at(0).at(0));
  subject.for_checks(true, [&](const ExpectedCheck& one) {
    for (const std::string& other : one.check->tables()) {
      const auto [schema, table] = split_name(other);
      engine.define(schema, table, tables.shown(other).relation);
    }
    const auto [schema, table] = split_name(subject.table);
    engine.define(schema, table, whole.relation);
    try {
      one.check->look(whole);
    } catch (const Error& error) {
      throw in_sql(error, one.where);
    }
  });
  return whole.rows;
}

}  // namespace

Executor::Made measure_checks(const CheckSubject& subject, Tables& tables, Executor& executor) {
  executor.progress().begin(fmt::format("{}: checking", subject.table),
                            subject.handle->version->rows, "rows");
  ThreadPool pool;
  Workspace& workspace = executor.workspace();
  // Hardly ever read twice: nothing is kept in memory for it.
  RowSource source(subject.handle->schema, [&] { return subject.read(workspace); }, 0, pool);
  subject.rows->fit(source, executor.progress(), subject.table);
  int64_t rows = 0;
  if (subject.any(false)) rows = observe(subject, source, executor);
  if (subject.any(true)) rows = look(subject, tables, executor);
  executor.progress().end();
  json measured = json::array();
  for (const ExpectedCheck& one : subject.expected)
    measured.push_back({{"name", one.check->name()}, {"measured", one.check->measured()}});
  const json document = {{"table", subject.handle->version->digest.hex()},
                         {"rows", rows},
                         {"checks", std::move(measured)}};
  const Descriptor blob =
      executor.workspace().store().put(document.dump(), std::string(measured_type));
  return {blob.digest, {{"rows", rows}, {"checks", subject.expected.size()}}};
}

}  // namespace gristmill
