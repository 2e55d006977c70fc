#include "pipeline/project.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "clean/rule.h"
#include "frame/cell.h"
#include "pipeline/feature_choices.h"
#include "pipeline/project_keys.h"
#include "pipeline/read_predict.h"
#include "pipeline/spot.h"

namespace gristmill {
namespace {

using nlohmann::json;

void read_union(const Spot& spot, TableSpec& table) {
  const Spot names = spot["union"];
  const std::vector<std::string> texts = names.texts("`union`");
  if (texts.empty()) names.fail("`union` is empty", "for example `union: [jan.sales, feb.sales]`");
  for (size_t i = 0; i < texts.size(); ++i) {
    const Where where = names.value.is_array() ? names[i].where() : names.where();
    const bool is_twice =
        std::find(texts.begin(), texts.begin() + long(i), texts[i]) != texts.begin() + long(i);
    if (is_twice)
      throw Error(Code::invalid, fmt::format("`{}` stands twice in the union", texts[i]), where);
    table.unite.push_back({texts[i], where});
  }
  if (spot.value.contains("origin")) table.origin = spot["origin"].text("`origin`");
}

TableSpec read_table(const Spot& spot, const std::string& name, const fs::path& dir) {
  TableSpec table{.name = name, .where = spot.where()};
  const bool is_long = spot.value.is_object();
  if (is_long) {
    check_keys(spot, table_keys(), fmt::format("table {}", name));
    const bool is_union = spot.value.contains("union");
    if (is_union == spot.value.contains("sql"))
      spot.fail(fmt::format("table {} has {} `sql` {} `union`", name, is_union ? "both" : "neither",
                            is_union ? "and" : "nor"));
    if (spot.value.contains("key")) table.key = spot["key"].texts("`key`");
    if (is_union) {
      read_union(spot, table);
      return table;
    }
    if (spot.value.contains("origin")) spot["origin"].fail("`origin` is of a union");
  }
  table.sql = (is_long ? spot["sql"] : spot).text(fmt::format("the SQL of table {}", name));
  if (table.sql.ends_with(".sql") && table.sql.find_first_of(" \n") == std::string::npos) {
    told_at(spot.where(), [&] {
      const std::string file = table.sql;
      table.sql = disk().read(dir / file);
      require_utf8(table.sql, file);
    });
  }
  while (!table.sql.empty() &&
         (isspace(static_cast<unsigned char>(table.sql.back())) || table.sql.back() == ';')) {
    table.sql.pop_back();
  }
  return table;
}

std::vector<RuleSpec> read_rules(const Spot& spot, const std::string& table) {
  if (!spot.value.is_array())
    spot.fail(fmt::format("the rules of {} must be a list: each begins with `- `", table));
  std::vector<RuleSpec> rules;
  for (size_t i = 0; i < spot.value.size(); ++i) {
    const Spot item = spot[i];
    if (!item.value.is_object() || item.value.size() != 1) {
      item.fail("a rule is one name with its parameters",
                "for example `- range: {temp: [-40, 120]}`");
    }
    const std::string kind = item.value.begin().key();
    told_at(item.where(), [&] { return &Rules::instance().get(kind, "rule"); });
    rules.push_back({kind, item.value.begin().value(), item[kind].where(), int(i) + 1});
  }
  return rules;
}

bool is_time(const std::string& text) {
  int32_t days;
  int64_t micros;
  return parse_date(text, days) || parse_timestamp(text, micros);
}

json typed_as(const json& value, const std::string& name, const std::string& text) {
  if (value.is_string()) {
    if (!is_time(value.get<std::string>()) || is_time(text)) return text;
    throw Error(Code::usage, fmt::format("-p {}: a date or a time is due, as its default {}, not "
                                         "\"{}\"",
                                         name, value.get<std::string>(), text));
  }
  json given = Document::parse(text, "-p").json();
  const bool fits = value.is_number_integer() ? given.is_number_integer()
                    : value.is_number()       ? given.is_number()
                    : value.is_boolean()      ? given.is_boolean()
                                              : true;
  if (fits) return given;
  throw Error(Code::usage, fmt::format("-p {}: {} is due, as its default {}, not \"{}\"", name,
                                       value.is_number_integer() ? "a whole number"
                                       : value.is_number()       ? "a number"
                                                                 : "true or false",
                                       value.dump(), text));
}

void read_params(const Spot& root, const std::map<std::string, std::string>& overrides,
                 Project& project) {
  project.params = json::object();
  if (root.has("params")) {
    root["params"].expect_object("`params`");
    project.params = root["params"].value;
  }
  std::vector<std::string> names;
  for (const auto& [name, unused] : project.params.items()) names.push_back(name);
  for (const auto& [name, text] : overrides) {
    if (!project.params.contains(name)) {
      throw Error(Code::usage,
                  fmt::format("-p {}: the project has no parameter of that name", name), {},
                  did_you_mean(name, names));
    }
    require_utf8(text, "-p " + name);
    // Typed as the default is: what is text there stays text.
    project.params[name] = typed_as(project.params[name], name, text);
  }
}

// SQL and many file systems do not tell names apart by case.
class Names {
 public:
  explicit Names(std::string_view what) : what_(what) {}
  void add(const std::string& name, const Where& where) {
    const auto [before, is_new] = names_.emplace(lower(name), name);
    if (is_new) return;
    throw Error(Code::invalid,
                before->second == name
                    ? fmt::format("`{}` names two {}", name, what_)
                    : fmt::format("`{}` and `{}` differ only in case", before->second, name),
                where, fmt::format("{} need names that differ in more", what_));
  }

 private:
  std::string_view what_;
  std::map<std::string, std::string> names_;
};

void check_names(const Project& project) {
  Names tables("sources and tables"), predictions("predictions");
  for (const SourceSpec& source : project.sources) tables.add(source.name, source.where);
  for (const auto& [name, table] : project.tables) tables.add(name, table.where);
  for (const PredictSpec& predict : project.predicts) predictions.add(predict.name, predict.where);
}

// What is said of a source is said of it all: where an environment changed it, of that.
Where place_of_source(const Spot& spot) {
  if (!spot.value.is_object()) return spot.where();
  for (const auto& [key, unused] : spot.value.items()) {
    if (const Where member = spot[key].where(); member.file != project_file) return member;
  }
  return spot.where();
}

// The project file, with the one of an environment laid over it.
Document read_document(const fs::path& dir, const std::string& env) {
  Document document = Document::read(dir / project_file);
  if (env.empty()) return document;
  const std::string name = fmt::format("gristmill.{}.yaml", env);
  if (!disk().exists(dir / name) || env.find('/') != std::string::npos) {
    std::vector<std::string> known;
    for (const fs::path& file : disk().list(dir)) {
      const std::string other = file.filename().string();
      if (other.size() > project_file.size() && other.starts_with("gristmill.") &&
          other.ends_with(".yaml"))
        known.push_back(other.substr(10, other.size() - 15));
    }
    throw Error(Code::usage,
                fmt::format("--env {}: there is no {} in `{}`", env, name, dir.string()), {},
                did_you_mean(env, known));
  }
  document.lay_over(Document::read(dir / name));
  return document;
}

}  // namespace

bool RuleSpec::is_check() const {
  return Rules::instance().get(kind, "rule").stage == RuleStage::check;
}

std::vector<RuleSpec> without_checks(const std::vector<RuleSpec>& rules) {
  std::vector<RuleSpec> others;
  std::copy_if(rules.begin(), rules.end(), std::back_inserter(others),
               [](const RuleSpec& rule) { return !rule.is_check(); });
  return others;
}

bool leave_repeats_out(const std::vector<RuleSpec>& rules) {
  return std::any_of(rules.begin(), rules.end(), [](const RuleSpec& rule) {
    return Rules::instance().get(rule.kind, "rule").whole_table;
  });
}

json rules_key(const std::vector<RuleSpec>& rules) {
  json list = json::array();
  for (const RuleSpec& rule : rules) {
    list.push_back({{"kind", rule.kind},
                    {"version", Rules::instance().get(rule.kind, "rule").version},
                    {"params", rule.params}});
  }
  return list;
}

Where PredictSpec::place(const std::string& member) const {
  auto found = places.find(member);
  return found == places.end() ? where : found->second;
}

const std::vector<RuleSpec>& Project::rules_of(const std::string& table) const {
  static const std::vector<RuleSpec> none;
  auto found = clean.find(table);
  return found == clean.end() ? none : found->second;
}

Project Project::read(const fs::path& dir, const std::map<std::string, std::string>& overrides,
                      const std::string& env) {
  Project project;
  project.dir = dir;
  project.file = dir / project_file;
  if (!disk().exists(project.file)) {
    throw Error(Code::not_found, fmt::format("there is no {} in `{}`", project_file, dir.string()),
                {}, "`gristmill init` writes a first one; -C names another folder");
  }
  const Document document = read_document(dir, env);
  const Spot root{document, document.json(), ""};
  if (!root.value.is_object())
    root.fail("the project file must be a mapping, beginning with `project: NAME`");
  check_keys(root, project_keys(), "the project file");
  project.name = root.has("project") ? root["project"].text("`project`") : dir.filename().string();
  read_params(root, overrides, project);
  auto each = [&](const std::string& section, auto&& read) {
    if (!root.has(section)) return;
    const Spot spot = root[section];
    spot.expect_object("`" + section + "`");
    for (const auto& [name, unused] : spot.value.items()) read(spot[name], name);
  };
  each("sources", [&](const Spot& spot, const std::string& name) {
    if (name.find('.') != std::string::npos)
      spot.fail(fmt::format("a source's name may not hold a dot: `{}`", name));
    // DuckDB's own.
    for (const char* taken : {"", "temp", "information_schema", "pg_catalog"}) {
      if (lower(name) == taken)
        spot.fail(fmt::format("a source cannot be named `{}`", name), "give it another name");
    }
    if (!spot.value.is_string()) spot.expect_object("a source");
    SourceSpec source{name, spot.value, dir, place_of_source(spot)};
    try {
      source.given = expanded(spot);
    } catch (const Error& error) {
      source.problem = error;
    }
    project.sources.push_back(std::move(source));
  });
  each("tables", [&](const Spot& spot, const std::string& name) {
    if (name.find('.') != std::string::npos)
      spot.fail(fmt::format("a table's name may not hold a dot: `{}`", name));
    project.tables[name] = read_table(spot, name, dir);
  });
  each("clean", [&](const Spot& spot, const std::string& name) {
    project.clean[name] = read_rules(spot, name);
    project.clean_places[name] = spot.where();
  });
  each("predict", [&](const Spot& spot, const std::string& name) {
    project.predicts.push_back(read_predict(spot, name));
    read_feature_files(dir, project.predicts.back());
    project.predicts.back().from_many_files =
        std::any_of(project.sources.begin(), project.sources.end(), [](const SourceSpec& source) {
          return source.given.is_object() && source.given.contains("as");
        });
  });
  for (PredictSpec& predict : project.predicts) {
    const auto table = project.tables.find(predict.from);
    if (table == project.tables.end() || !predict.key.empty()) continue;
    predict.key = table->second.key;
    check_prediction_key(predict.key, predict.where);
  }
  // As they stand in the file, those of the environment last: the first answers /predict.
  const auto place = [](const PredictSpec& spec) {
    return std::tuple(spec.where.file != project_file, spec.where.line, spec.where.column);
  };
  std::sort(project.predicts.begin(), project.predicts.end(),
            [&](const PredictSpec& a, const PredictSpec& b) { return place(a) < place(b); });
  check_names(project);
  return project;
}

const PredictSpec& Project::predict(const std::string& name) const {
  std::vector<std::string> names;
  for (const PredictSpec& spec : predicts) {
    if (spec.name == name) return spec;
    names.push_back(spec.name);
  }
  throw Error(Code::not_found, fmt::format("the project has no prediction \"{}\"", name), {},
              did_you_mean(name, names));
}

}  // namespace gristmill
