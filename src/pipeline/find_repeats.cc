#include "pipeline/find_repeats.h"

#include <atomic>

#include <fmt/format.h>

#include "frame/one_batch.h"

namespace gristmill {
namespace {

class SqlRepeatFinder : public RepeatFinder {
 public:
  explicit SqlRepeatFinder(Engine& engine) : engine_(engine), table_(new_name()) {}
  ~SqlRepeatFinder() override {
    try {
      if (made_) engine_.execute("DROP TABLE " + quote_name(table_));
    } catch (const Error&) {
    }
  }

  void add(const Batch& rows) override {
    OneBatch reader(rows);
    if (!made_) {
      engine_.load(table_, reader);
      made_ = true;
      return;
    }
    const std::string chunk = table_ + " chunk";
    engine_.load(chunk, reader);
    engine_.execute(
        fmt::format("INSERT INTO {} SELECT * FROM {}", quote_name(table_), quote_name(chunk)));
    engine_.execute("DROP TABLE " + quote_name(chunk));
  }

  void find(bool keep_last, const std::function<void(int64_t, int64_t)>& repeated) override {
    if (!made_) return;
    const auto rows = engine_.query(fmt::format(
        "WITH repeated AS (SELECT high, low FROM {0} GROUP BY ALL HAVING count(*) > 1) "
        "SELECT position, kept FROM (SELECT position, first_value(position) OVER (PARTITION BY "
        "high, low ORDER BY \"order\" {1} NULLS LAST, position {1}) AS kept FROM {0} SEMI JOIN "
        "repeated USING (high, low)) WHERE position <> kept ORDER BY position",
        quote_name(table_), keep_last ? "DESC" : "ASC"));
    Batch batch;
    while (rows->next(batch)) {
      for (int64_t i = 0; i < batch.rows; ++i)
        repeated(batch.columns[0].values<int64_t>()[i], batch.columns[1].values<int64_t>()[i]);
    }
  }

 private:
  static std::string new_name() {
    static std::atomic<int64_t> made{0};
    return fmt::format("repeats {}", made++);
  }

  Engine& engine_;
  std::string table_;
  bool made_ = false;
};

}  // namespace

std::unique_ptr<RepeatFinder> find_repeats(Engine& engine) {
  return std::make_unique<SqlRepeatFinder>(engine);
}

}  // namespace gristmill
