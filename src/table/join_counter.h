// Counts how the joins of a query went, over copies of its tables that keep the columns of the join
// conditions alone.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "table/join_chain.h"
#include "table/version.h"

namespace gristmill {

// Any call may throw for what it cannot follow; what it has put into the report so far is true.
class JoinCounter {
 public:
  JoinCounter(Engine& engine, const NarrowedQuery& query);
  ~JoinCounter();

  void count_joins(QueryReport& report);
  // Rows of the tables that count_joins() did not meet.
  void count_rest(QueryReport& report);

 private:
  // A side of a join, and the copy that stands for it.
  struct Side {
    nlohmann::json node;
    std::string label, alias, copy;
    std::set<std::string> columns;  // in lower case
    bool is_table = false;
  };

  void count_select(QueryReport& report);
  Side describe(const nlohmann::json& leaf);
  // Gives the joins written with a comma their conditions from WHERE; the chain ends before one
  // that has none.
  void take_where(JoinChain& chain);
  void note_rows(QueryReport& report, const std::string& table, int64_t rows);
  void copy(Side& side, const nlohmann::json& leaf, const std::set<std::string>& names);
  bool is_unique(const Side& side, const std::set<std::string>& columns);
  bool all_unique(const JoinChain& chain);
  JoinReport blank(const JoinChain& chain, size_t k);

  // One pass over the left side: when no join can multiply rows.
  void count_at_once(const JoinChain& chain, QueryReport& report);
  // Two counts a join.
  void count_each(const JoinChain& chain, QueryReport& report);

  int64_t count(const nlohmann::json& from);
  int64_t number(const std::string& sql);
  nlohmann::json node_of(const std::string& sql);
  std::string text_of(const nlohmann::json& node);

  Engine& engine_;
  nlohmann::json query_;
  nlohmann::json node_;  // the SELECT of query_ that is counted now
  const NarrowedQuery narrowed_;
  std::vector<Side> sides_;
  std::vector<std::string> copies_;
};

}  // namespace gristmill
