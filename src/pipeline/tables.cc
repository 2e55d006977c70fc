#include "pipeline/tables.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "pipeline/clean_table.h"
#include "pipeline/find_repeats.h"
#include "pipeline/planned_table.h"

namespace gristmill {
namespace {

// Changes when the same SQL over the same inputs would be stored in another way.
constexpr int table_version = 1;
constexpr int clean_version = 3;

}  // namespace

Tables::Tables(const Project& project, Executor& executor, bool frozen)
    : project_(project),
      executor_(executor),
      frozen_(frozen),
      own_sources_(std::in_place, project, executor.workspace(), executor.progress()),
      sources_(*own_sources_) {}

Tables::Tables(const Project& project, Executor& executor, bool frozen, OpenSources& sources)
    : project_(project), executor_(executor), frozen_(frozen), sources_(sources) {}

std::vector<std::string> Tables::names() {
  std::vector<std::string> names;
  for (const auto& [name, unused] : project_.tables) names.push_back(name);
  for (const auto& [name, unused] : sources_.tables()) names.push_back(name);
  return names;
}

const SourceTable& Tables::source_table(const std::string& name, const Where& where) {
  if (const SourceTable* table = sources_.find(name, where)) return *table;
  throw Error(Code::not_found, fmt::format("there is no table \"{}\"", name), where,
              did_you_mean(name, names()));
}

TableHandle Tables::source_handle(const SourceTable& table) {
  return {.need = sources_.need(table),
          .schema = table.columns,
          .relation = table.relation,
          .facts = {{"notes", table.notes}},
          .statistics = table.statistics};
}

std::vector<std::string> Tables::key_of(const std::string& name) const {
  auto table = project_.tables.find(name);
  if (table != project_.tables.end() && !table->second.key.empty()) return table->second.key;
  for (const PredictSpec& predict : project_.predicts) {
    if (predict.from == name && !predict.key.empty()) return predict.key;
  }
  return {};
}

TableHandle Tables::from_result(const std::string& name, const TaskResult& result) {
  TableHandle handle{.need = {"table " + name, std::nullopt, {}}};
  if (!result.output) return handle;
  Store& store = executor_.workspace().store();
  handle.version = TableVersion::from_manifest(store.manifest(*result.output));
  handle.need.whole = [&store, version = *handle.version] { check_chunks(store, version); };
  handle.need.digest = handle.version->digest;
  handle.schema = handle.version->schema;
  handle.relation = version_relation(store, *handle.version);
  handle.facts = result.facts;
  return handle;
}

std::optional<TaskRecord> Tables::last_whole(const std::string& kind, const std::string& name) {
  auto task = executor_.workspace().ledger().latest(kind, name);
  if (task && !executor_.workspace().store().complete(task->output)) task.reset();
  return task;
}

TableHandle Tables::from_task(const std::string& name, const TaskRecord& task) {
  return from_result(name, {task.output, task.facts, task.seconds});
}

TableHandle Tables::last_stored(const std::string& name) {
  const std::string hint = "run once without --frozen";
  const auto task = last_whole("table", name);
  if (!task)
    throw Error(Code::not_found, fmt::format("table {} has never been stored", name), {}, hint);
  // What a union or a source's table is made by, only a look at the sources tells.
  const auto table = project_.tables.find(name);
  const bool by_sql = table != project_.tables.end() && table->second.unite.empty();
  if (by_sql &&
      (task->what.at("sql") != table_sql(table->second) || task->what.at("key") != key_of(name)))
    throw Error(
        Code::conflict,
        fmt::format("table {} was stored by other SQL, other parameters or another key", name),
        table->second.where, hint);
  return from_task(name, *task);
}

TableHandle Tables::make_stored(const std::string& name) {
  if (frozen_) return last_stored(name);
  Engine& engine = executor_.workspace().engine();
  auto table = project_.tables.find(name);
  const bool own = table != project_.tables.end();
  const Where where = own ? table->second.where : Where{};
  VersionRequest request{.sql = "", .key = key_of(name), .table = name};
  if (!request.key.empty()) request.unique = !leave_repeats_out(project_.rules_of(name));
  std::vector<TaskNeed> needs;
  std::optional<UnionQuery> unite;
  if (own) {
    if (table->second.unite.empty()) {
      request.sql = table_sql(table->second);
      needs = define_inputs(request.sql, where);
    } else {
      unite = define_union(table->second, needs);
      request.sql = unite->sql;
    }
  } else {
    const SourceTable& source = source_table(name, where);
    request.sql = "SELECT * FROM " + source.relation;
    request.keep_order = source.single_file_order && request.key.empty();
    needs.push_back(sources_.need(source));
  }
  nlohmann::json what = {{"version", table_version},
                         {"sql", own ? request.sql : sources_.relative(request.sql)},
                         {"key", request.key},
                         {"keep_order", request.keep_order}};
  if (!request.unique) what["unique"] = false;
  const TaskResult result = executor_.task("table", name, what, needs, [&]() -> Executor::Made {
    try {
      nlohmann::json facts = nlohmann::json::object();
      std::string whole;
      if (own) {
        const QueryReport report = report_query(engine, request.sql);
        facts = report.json();
        whole = report.whole;
      }
      if (unite) unite->tell(facts);
      const TableVersion version =
          write_version(engine, executor_.workspace().store(), request, executor_.progress());
      if (!whole.empty()) facts["rows_in"].push_back({whole, version.rows});
      facts["rows"] = version.rows;
      facts["columns"] = version.schema.size();
      facts["digest"] = version.digest.hex();
      return {executor_.workspace().store().put_manifest(version.manifest()), facts};
    } catch (const Error& error) {
      throw in_sql(error, where);
    }
  });
  TableHandle handle = from_result(name, result);
  if (!result.output) {
    plan_columns(handle, planned_schema(request, where));
    if (own) {
      for (const std::string& note : engine.narrowings(request.sql)) executor_.add_reason(note);
    }
  }
  return handle;
}

TableHandle Tables::before_rules(const std::string& name) {
  const std::vector<RuleSpec>& rules = project_.rules_of(name);
  // Of a live source, a second pass need not see the same rows in the same order.
  if (frozen_ || leave_repeats_out(rules) || project_.tables.count(name) > 0) return stored(name);
  return source_handle(source_table(name, {}));
}

TableHandle Tables::make_cleaned(const std::string& name) {
  const std::vector<RuleSpec> rules = without_checks(project_.rules_of(name));
  const bool own = project_.tables.count(name) > 0;
  // Where something is expected of it, what is read is what was checked.
  const bool live = !own && project_.rules_of(name).empty();
  if (rules.empty() && live) return source_handle(source_table(name, {}));
  if (rules.empty()) return stored(name);
  const std::vector<std::string> key = key_of(name);
  const nlohmann::json what = {
      {"version", clean_version}, {"rules", rules_key(rules)}, {"key", key}};
  if (frozen_ && !own) {
    // It may never have been stored before its rules.
    const auto task = last_whole("clean", name);
    if (task && task->what == what) return from_task(name, *task);
  }
  const TableHandle before = before_rules(name);
  std::vector<TaskNeed> needs = {before.need};
  for (const RuleSpec& rule : rules) {
    for (TaskNeed& need : reference_needs(rule)) needs.push_back(std::move(need));
  }
  const CleanRequest request{.name = name, .rules = rules, .key = key};
  const TaskResult result = executor_.task("clean", name, what, needs, [&] {
    return clean_table(request, before, rule_maker(name), executor_);
  });
  TableHandle handle = from_result(name, result);
  if (!result.output) plan_columns(handle, bind_clean(request, before.schema, rule_maker(name)));
  return handle;
}

std::vector<TaskNeed> Tables::reference_needs(const RuleSpec& rule) {
  const std::vector<ParamDoc>& known = Rules::instance().get(rule.kind, "rule").params;
  const bool refers = std::any_of(known.begin(), known.end(),
                                  [](const ParamDoc& doc) { return doc.name == "table"; });
  if (!refers || !rule.params.is_object() || !rule.params.contains("table") ||
      !rule.params.at("table").is_string())
    return {};
  const std::string name = rule.params.at("table").get<std::string>();
  if (project_.tables.count(name) == 0 && !frozen_) source_table(name, rule.where);
  return {reference(name).need};
}

const TableHandle& Tables::reference(const std::string& name) {
  return project_.rules_of(name).empty() ? stored(name) : cleaned(name);
}

const TableHandle& Tables::cleaned(const std::string& name) {
  auto found = cleaned_.find(name);
  if (found != cleaned_.end()) return found->second;
  const TableHandle& handle =
      cleaned_.emplace(name, make_once(name, true, [&] { return make_cleaned(name); }))
          .first->second;
  expect(name);
  return handle;
}

const TableHandle& Tables::stored(const std::string& name) {
  auto found = stored_.find(name);
  if (found != stored_.end()) return found->second;
  return stored_.emplace(name, make_once(name, false, [&] { return make_stored(name); }))
      .first->second;
}

TableHandle Tables::make_once(const std::string& name, bool cleaned,
                              const std::function<TableHandle()>& make) {
  const std::pair<std::string, bool> entry(name, cleaned);
  auto begun = std::find(making_.begin(), making_.end(), entry);
  if (begun != making_.end()) {
    std::vector<std::string> path;
    for (; begun != making_.end(); ++begun) {
      if (path.empty() || path.back() != begun->first) path.push_back(begun->first);
    }
    if (path.size() > 1 && path.back() == path.front()) path.pop_back();
    auto table = project_.tables.find(path.front());
    throw Error(Code::invalid,
                fmt::format("tables read each other in a circle: {} → {}", fmt::join(path, " → "),
                            path.front()),
                table == project_.tables.end() ? Where{} : table->second.where);
  }
  making_.push_back(entry);
  const struct Made {
    std::vector<std::pair<std::string, bool>>& making;
    ~Made() { making.pop_back(); }
  } made{making_};
  TableHandle handle = make();
  // Without rules the cleaned table is the stored one, of which was told.
  const bool ruled = cleaned && handle.facts.contains("rules");
  if (!handle.facts.is_null() && (ruled || !cleaned || stored_.count(name) == 0))
    facts_.emplace_back(ruled ? name + " (cleaned)" : name, handle.facts);
  return handle;
}

void Tables::check_rules() {
  for (const auto& [name, unused] : project_.clean) {
    if (project_.tables.count(name) > 0) continue;
    source_table(name, project_.clean_places.at(name));
  }
}

RuleMaker Tables::rule_maker(const std::string& for_table) {
  Engine& engine = executor_.workspace().engine();
  std::set<std::string> key;
  if (const auto table = project_.tables.find(for_table); table != project_.tables.end()) {
    for (const std::string& name : table->second.key) key.insert(lower(name));
  }
  return {[&engine](const std::string& text, const Schema& schema) {
            return engine.bind(text, schema);
          },
          [this, &engine, for_table](const std::string& table) {
            if (table == for_table)
              throw Error(Code::invalid, fmt::format("{} looks itself up", table));
            if (project_.tables.count(table) == 0 && !frozen_) source_table(table, {});
            const std::string& relation = reference(table).relation;
            return engine.query(fmt::format("SELECT * FROM {}{}", relation,
                                            executor_.plan_only() ? " LIMIT 0" : ""));
          },
          [&engine] { return find_repeats(engine); }, std::move(key)};
}

}  // namespace gristmill
