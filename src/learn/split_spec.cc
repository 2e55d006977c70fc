// `split:` of the project file: its keys, and what goes together.
#include <fmt/format.h>

#include "base/error.h"
#include "frame/span.h"
#include "learn/split.h"
#include "learn/split_boundary.h"

namespace gristmill {
namespace {

constexpr int max_folds = 100, max_splits = 200;

std::string boundary_text(const nlohmann::json& value, const std::string& key) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number()) return value.dump();
  throw Error(Code::invalid, fmt::format("`split`: `{}` must be a date, a share or a span", key),
              {}, "write for example 2013-08-01, 15% or 30d");
}

std::string column_name(const nlohmann::json& value, const std::string& key) {
  if (value.is_string()) return value.get<std::string>();
  throw Error(Code::invalid, fmt::format("`split`: `{}` must name a column", key));
}

int count(const nlohmann::json& value, const std::string& key, int least) {
  if (value.is_number_integer() && value >= least && value <= max_folds) return value.get<int>();
  throw Error(Code::invalid, fmt::format("`split`: `{}` must be a whole number from {} to {}", key,
                                         least, max_folds));
}

bool flag(const nlohmann::json& value, const std::string& key) {
  if (value.is_boolean()) return value.get<bool>();
  throw Error(Code::invalid, fmt::format("`split`: `{}` must be true or false", key));
}

void check_folds(const SplitSpec& spec, const nlohmann::json& given) {
  const auto refuse = [](const std::string& what, const std::string& hint) {
    throw Error(Code::invalid, "`split`: " + what, {}, hint);
  };
  if (spec.splits() > max_splits)
    refuse(fmt::format("{} `folds` of {} `repeats` are more than {} splits", spec.folds,
                       spec.repeats, max_splits),
           "each has a data set of its own");
  if (spec.folds == 0) {
    if (spec.repeats > 1)
      refuse("`repeats` says how often `folds` are made, and there are none",
             "write for example folds: 5");
    return;
  }
  if (spec.by == SplitSpec::By::time) {
    if (spec.repeats > 1)
      refuse("`repeats` is not for a split by time, which can be cut in one way only", "");
    if (Boundary::parse(spec.validate, "`validate`").instant)
      refuse("`validate` is a date, but lies elsewhere for each of the folds",
             "give a share such as 15%, or a span such as 30d");
    return;
  }
  if (spec.folds < 3)
    refuse("`folds: 2` leaves nothing to train on: one part tests, another validates",
           "give 3 folds at least");
  for (const char* name : {"validate", "test"}) {
    if (given.contains(name))
      refuse(fmt::format("`{}` and `folds` do not go together: each of {} folds tests once and "
                         "validates once",
                         name, spec.folds),
             fmt::format("leave `{}` out", name));
  }
}

}  // namespace

const std::vector<ParamDoc>& SplitSpec::keys() {
  static const std::vector<ParamDoc> docs = {
      {"time",
       "string",
       "by this column: train on the past, test on what came later",
       {},
       {},
       {},
       {}},
      {"group", "string", "by this column: its equal values stay together", {}, {}, {}, {}},
      {"random", "boolean", "by chance, from each row's key", {}, {}, {}, {}},
      {"stratify", "boolean", "of random splits: each class in its share", false, {}, {}, {}},
      {"validate",
       "any",
       "a share (15%); by time also a date, or a span (60d) before the test rows",
       "15%",
       {},
       {},
       {}},
      {"test",
       "any",
       "a share (15%); by time also a date, or a span (30d) up to the end",
       "15%",
       {},
       {},
       {}},
      {"gap",
       "string",
       "by time: rows within this span before a boundary are left out",
       {},
       {},
       {},
       {}},
      {"folds",
       "integer",
       "cross-validation: so many parts are tested in turn, each by models that have not seen it; "
       "by time, each by models of what came before it",
       {},
       2,
       max_folds,
       {}},
      {"repeats",
       "integer",
       "of folds, but not by time: deal the rows out so many times",
       1,
       1,
       max_folds,
       {}},
  };
  return docs;
}

SplitSpec SplitSpec::parse(const nlohmann::json& json, const std::string& time_column) {
  SplitSpec spec;
  if (json.is_null()) {
    if (!time_column.empty()) {
      spec.by = By::time;
      spec.column = time_column;
    }
    return spec;
  }
  if (!json.is_object())
    throw Error(Code::invalid, "`split` must be a mapping", {},
                "for example {random: true, test: 15%}");
  int ways = 0;
  for (const auto& [key, value] : json.items()) {
    if (key == "time" || key == "group") {
      spec.by = key == "time" ? By::time : By::group;
      spec.column = column_name(value, key);
      ++ways;
    } else if (key == "random") {
      if (!flag(value, key))
        throw Error(Code::invalid, "`random: false` chooses no way to split", {},
                    "say `time: COLUMN` or `group: COLUMN`, or leave it out");
      ++ways;
    } else if (key == "stratify") {
      spec.stratify = flag(value, key);
    } else if (key == "validate") {
      spec.validate = boundary_text(value, key);
    } else if (key == "test") {
      spec.test = boundary_text(value, key);
    } else if (key == "gap") {
      spec.gap = boundary_text(value, key);
    } else if (key == "folds") {
      spec.folds = count(value, key, 2);
    } else if (key == "repeats") {
      spec.repeats = count(value, key, 1);
    } else {
      std::vector<std::string> known;
      for (const ParamDoc& doc : keys()) known.push_back(doc.name);
      throw Error(Code::invalid, fmt::format("unknown key `{}` in `split`", key), {},
                  did_you_mean(key, known));
    }
  }
  if (ways > 1)
    throw Error(Code::invalid, "`split` goes either by `time`, or by `group`, or is `random`");
  if (ways == 0 && !time_column.empty()) {
    spec.by = By::time;
    spec.column = time_column;
  }
  if (spec.stratify && spec.by != By::random)
    throw Error(Code::invalid, "`stratify` is for random splits");
  if (!spec.gap.empty() && spec.by != By::time)
    throw Error(Code::invalid, "`gap` is for splits by time");
  if (!spec.gap.empty()) parse_span(spec.gap, "`gap`");
  for (const auto& [name, text] :
       {std::pair<std::string, std::string>{"validate", spec.validate}, {"test", spec.test}}) {
    const Boundary boundary = Boundary::parse(text, "`" + name + "`");
    if (spec.by != By::time && !boundary.share) {
      throw Error(
          Code::invalid,
          fmt::format("`{}` is \"{}\", but only a split by time can go by dates", name, text), {},
          "give a share such as 15%, or `time: COLUMN`");
    }
  }
  check_folds(spec, json);
  return spec;
}

std::string SplitSpec::title() const {
  if (number == all_rows) return " with all rows";
  if (folds == 0) return "";
  return fmt::format(" in fold {} of {}", number % folds + 1, folds) +
         (repeats > 1 ? fmt::format(", repeat {}", number / folds + 1) : "");
}

nlohmann::json SplitSpec::json() const {
  static constexpr const char* names[] = {"random", "time", "group"};
  nlohmann::json out = {{"by", names[int(by)]}, {"column", column}, {"stratify", stratify},
                        {"validate", validate}, {"test", test},     {"gap", gap},
                        {"seed", seed}};
  if (number == all_rows) {
    out["all_rows"] = true;
  } else if (folds > 0) {
    // What else is asked for changes nothing of this one: its data set is found again.
    if (by != By::time) out["folds"] = folds;
    if (by != By::time || number > 0) out["number"] = number;
  }
  return out;
}

}  // namespace gristmill
