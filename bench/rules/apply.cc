// apply DIR: the rules of DIR's rows.rows over all its rows, in memory before and after, on all
// cores; columns that no rule touches stay where they are, as they do with the peers. Prints one
// JSON line: seconds, and by column the nulls and a sum to compare with others.
#include <chrono>
#include <deque>

#include <fmt/format.h>

#include "base/thread_pool.h"
#include "pipeline/project.h"
#include "pipeline/rule_maker.h"
#include "table/engine.h"

namespace gristmill {
namespace {

std::string relation(const fs::path& dir, const std::string& table) {
  return "read_parquet(" + quote_text((dir / (table + ".parquet")).string()) + ")";
}

class Bench {
 public:
  explicit Bench(const fs::path& dir) : dir_(dir), engine_({.temp_dir = temp_.path()}) {
    const auto reader = engine_.query("SELECT * FROM " + relation(dir, "rows"));
    schema_ = reader->schema();
    Chunker chunker(*reader);
    for (BatchBuffer chunk; chunker.next(chunk); chunk = BatchBuffer())
      before_.push_back(std::move(chunk));
    after_.resize(before_.size());
    made_.resize(before_.size());
  }

  double seconds() {
    const auto start = std::chrono::steady_clock::now();
    const RuleChain chain = made();
    ThreadPool pool;
    pool.for_each(int64_t(before_.size()), [&](int64_t i) {
      thread_local Scratch scratch;
      scratch.clear();
      Batch rows = before_[size_t(i)].view();
      chain.apply(rows, scratch, nullptr, 0);
      after_[size_t(i)] = kept(rows, before_[size_t(i)].view(), made_[size_t(i)]);
    });
    output_ = chain.output();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  // [nulls, sum of numbers or of texts' bytes]
  nlohmann::json sums() const {
    nlohmann::json out;
    for (size_t c = 0; c < output_.size(); ++c) {
      int64_t nulls = 0;
      double sum = 0;
      for (const Batch& rows : after_) {
        const Column& column = rows.columns[c];
        for (int64_t i = 0; i < rows.rows; ++i) {
          if (column.is_null(i))
            ++nulls;
          else if (column.type == Type::string)
            sum += double(column.string(i).size());
          else if (column.type == Type::float64)
            sum += column.values<double>()[i];
          else
            sum += double(column.values<int64_t>()[i]);
        }
      }
      out[output_[c].name] = {nulls, sum};
    }
    return out;
  }

 private:
  // The rows with what rules made of them copied out of their scratch, into `made`.
  static Batch kept(Batch rows, const Batch& before, std::deque<ColumnBuffer>& made) {
    made.clear();
    for (size_t c = 0; c < rows.columns.size(); ++c) {
      Column& column = rows.columns[c];
      if (c < before.columns.size() && column.data == before.columns[c].data &&
          column.validity == before.columns[c].validity)
        continue;
      made.emplace_back(column.type).append(column, 0, column.length);
      column = made.back().view();
    }
    return rows;
  }

  RuleChain made() {
    const RuleMaker maker{
        [&](const std::string& text, const Schema& schema) { return engine_.bind(text, schema); },
        [&](const std::string& table) {
          return engine_.query("SELECT * FROM " +
                               relation(dir_, table.substr(table.find('.') + 1)));
        }};
    RuleChain chain(schema_, {});
    const Project project = Project::read(dir_, {});
    for (const RuleSpec& spec : project.rules_of("rows.rows"))
      chain.append(spec.kind, maker.make(spec, chain.output())->freeze());
    return chain;
  }

  const fs::path dir_;
  ScratchDir temp_;
  Engine engine_;
  Schema schema_, output_;
  std::vector<BatchBuffer> before_;
  std::vector<Batch> after_;
  std::vector<std::deque<ColumnBuffer>> made_;  // of each chunk
};

}  // namespace
}  // namespace gristmill

int main(int, char** argv) {
  try {
    gristmill::Bench bench(argv[1]);
    const double seconds = bench.seconds();
    fmt::print("{}\n", nlohmann::json{{"seconds", seconds}, {"sums", bench.sums()}}.dump());
    return 0;
  } catch (const gristmill::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
