// Rules that treat each column alone, by what holds for the column: a Target. All else is the same.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "clean/cells.h"

namespace gristmill {

// What targets share, and what they do unless they say otherwise. Each adds
//   static const std::string owner;                           "rule range", for messages
//   bool find(const Column&, uint64_t* hits) const;           marks cells; true when any is
//   void save(nlohmann::json&) const, load(const nlohmann::json&);   all but name and type
// A target that knows what it changes only by changing it has, in place of find and change,
//   bool clean(Column&, uint64_t* hits, Scratch&) const;      changes and marks; true when any did
struct ColumnTarget {
  std::string name;
  Type type = Type::string;
  size_t index = 0;

  bool nullable(bool /* before */) const { return true; }
  void change(Column& column, const uint64_t* hits, Scratch& scratch) const {
    make_missing(column, hits, scratch);
  }
};

template <class Target>
class ColumnRule : public Rule {
 public:
  explicit ColumnRule(std::vector<Target> targets) : targets_(std::move(targets)) {}

  Schema bind(const Schema& in) override {
    Schema out = in;
    for (Target& target : targets_) {
      target.index = bound_column(in, target.name, target.type, Target::owner);
      out.replace(target.index,
                  {target.name, target.type, target.nullable(in[target.index].nullable)});
    }
    return out;
  }

  std::vector<std::string> reads() const override {
    std::vector<std::string> names;
    for (const Target& target : targets_) names.push_back(target.name);
    return names;
  }
  std::vector<std::string> writes() const override { return reads(); }
  std::vector<std::string> reads_for(const std::string& column) const override { return {column}; }
  void restrict_to(const std::set<std::string>& columns) override {
    std::erase_if(targets_, [&](const Target& target) { return columns.count(target.name) == 0; });
  }

  void apply(Batch& rows, Scratch& scratch, RuleReport* report, int64_t first_row) const override {
    Touches touches(report, rows, first_row, scratch);
    auto* hits = scratch.values<uint64_t>(words_of_bits(rows.rows));
    for (const Target& target : targets_) {
      Column& column = rows.columns[target.index];
      const Column before = column;
      if constexpr (requires { target.clean(column, hits, scratch); }) {
        if (!target.clean(column, hits, scratch)) continue;
      } else {
        if (!target.find(column, hits)) continue;
        target.change(column, hits, scratch);
      }
      touches.add(target.name, hits, before, column);
    }
  }

  State save() const override {
    State state;
    nlohmann::json columns = nlohmann::json::array();
    for (const Target& target : targets_) {
      columns.push_back({{"name", target.name}, {"type", name_of(target.type)}});
      target.save(columns.back());
    }
    state.json["columns"] = std::move(columns);
    return state;
  }
  static std::unique_ptr<Rule> load(const State& state) {
    return read_state(Target::owner, [&] {
      std::vector<Target> targets;
      for (const auto& saved : state.at<nlohmann::json>("columns")) {
        Target& target = targets.emplace_back();
        saved.at("name").get_to(target.name);
        target.type = parse_type(saved.at("type").get<std::string>());
        target.load(saved);
      }
      return std::make_unique<ColumnRule>(std::move(targets));
    });
  }

 private:
  std::vector<Target> targets_;
};

}  // namespace gristmill
