// Expressions made at random, against DuckDB itself.
#include "table/test_binding.h"

namespace gristmill {
namespace {

using namespace testing_bind;

// Expressions of a given type at random.
class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  std::string make(Type type, int depth) {
    if (depth == 0 || random_() % 6 == 0) return leaf(type);
    if (random_() % 4 == 0) return choice(type, depth);
    switch (type) {
      case Type::int64:
        return integer(depth);
      case Type::float64:
        return real(depth);
      case Type::boolean:
        return boolean(depth);
      default:
        return text(depth);
    }
  }

 private:
  Type number() { return random_() % 2 == 0 ? Type::int64 : Type::float64; }
  Type any() { return one<Type>({Type::int64, Type::float64, Type::boolean, Type::string}); }
  template <class T>
  T one(std::vector<T> from) {
    return from[random_() % from.size()];
  }

  std::string leaf(Type type) {
    switch (type) {
      case Type::int64:
        return one<std::string>(
            {"a", "a2", "a", "a2", "n", "3::BIGINT", "(-1)::BIGINT", "0::BIGINT"});
      case Type::float64:
        return one<std::string>({"b", "b2", "b", "b2", "1.5e0", "0e0", "'nan'::DOUBLE"});
      case Type::boolean:
        return one<std::string>({"f", "f2", "f", "f2", "true", "NULL::BOOLEAN"});
      default:
        return one<std::string>({"s", "s2", "s", "s2", "'abc'", "'5'"});
    }
  }
  std::string choice(Type type, int depth) {
    auto part = [&](Type t) { return make(t, depth - 1); };
    switch (random_() % 5) {
      case 0:
        return fmt::format("CASE WHEN {} THEN {} WHEN {} THEN {} END", part(Type::boolean),
                           part(type), part(Type::boolean), part(type));
      case 1:
        return fmt::format("CASE WHEN {} THEN {} ELSE {} END", part(Type::boolean), part(type),
                           part(type));
      case 2:
        return fmt::format("coalesce({}, {}, {})", part(type), part(type), part(type));
      case 3:
        return fmt::format("nullif({}, {})", part(type), part(type));
      default:
        return fmt::format("{}({}, {})", one<std::string>({"greatest", "least"}), part(type),
                           part(type));
    }
  }
  std::string text(int depth) {
    auto part = [&] { return make(Type::string, depth - 1); };
    switch (random_() % 7) {
      case 0:
        return fmt::format("CAST({} AS VARCHAR)", make(any(), depth - 1));
      case 1:
        return fmt::format("{}({})",
                           one<std::string>({"lower", "upper", "trim", "ltrim", "concat"}), part());
      case 2:
        return fmt::format("{}({}, {})", one<std::string>({"trim", "rtrim", "concat"}), part(),
                           part());
      case 3:
        return fmt::format("substr({}, {}, {})", part(), random_() % 5, random_() % 5);
      case 4:
        return fmt::format("replace({}, {}, {})", part(), part(), part());
      case 5:
        return fmt::format("regexp_extract({}, '{}')", part(),
                           one<std::string>({"[a-c]+", "\\d", ".$", "(?i)A"}));
      default:
        return fmt::format("({} || {})", part(), part());
    }
  }
  std::string time() {
    return one<std::string>({"d", "ts", "tz", "DATE '2013-05-31'", "date_trunc('week', ts)"});
  }
  std::string integer(int depth) {
    if (random_() % 6 == 0) return fmt::format("length({})", make(Type::string, depth - 1));
    if (random_() % 8 == 0) {
      return fmt::format("date_part('{}', {})",
                         one<std::string>({"year", "month", "week", "isodow", "hour"}), time());
    }
    if (random_() % 4 == 0) {
      return fmt::format("{}({} AS BIGINT)", one<std::string>({"CAST", "TRY_CAST"}),
                         make(any(), depth - 1));
    }
    if (random_() % 5 == 0) {
      return fmt::format("{}({})", one<std::string>({"abs", "-", "round"}),
                         make(Type::int64, depth - 1));
    }
    return fmt::format("({} {} {})", make(Type::int64, depth - 1),
                       one<std::string>({"+", "-", "*", "//", "%"}), make(Type::int64, depth - 1));
  }
  std::string real(int depth) {
    if (random_() % 4 == 0) {
      return fmt::format("{}({} AS DOUBLE)", one<std::string>({"CAST", "TRY_CAST"}),
                         make(any(), depth - 1));
    }
    if (random_() % 3 == 0) {
      return fmt::format(
          "{}({})", one<std::string>({"abs", "-", "round", "floor", "ceil", "sqrt", "ln", "exp"}),
          make(Type::float64, depth - 1));
    }
    return fmt::format("({} {} {})", make(number(), depth - 1), one<std::string>({"/", "/", "**"}),
                       make(Type::float64, depth - 1));
  }
  std::string boolean(int depth) {
    switch (random_() % 7) {
      case 5:
        return fmt::format("({} {} {})", make(Type::string, depth - 1),
                           one<std::string>({"LIKE", "NOT ILIKE", "^@"}),
                           make(Type::string, depth - 1));
      case 6:
        return fmt::format("({} {} {})", time(), one<std::string>({"<", "=", ">="}), time());
      case 0:
        return fmt::format("({} {} {})", make(Type::boolean, depth - 1),
                           one<std::string>({"AND", "OR"}), make(Type::boolean, depth - 1));
      case 1:
        return fmt::format("(NOT {})", make(Type::boolean, depth - 1));
      case 2:
        return fmt::format("({} IS {}NULL)", make(any(), depth - 1),
                           one<std::string>({"", "NOT "}));
      case 3: {
        const Type type = any();
        return fmt::format("({} IN ({}, {}))", make(type, depth - 1), make(type, depth - 1),
                           leaf(type));
      }
      default: {
        const Type type = any();
        return fmt::format("({} {} {})", make(type, depth - 1),
                           one<std::string>({"=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM",
                                             "IS NOT DISTINCT FROM"}),
                           make(type, depth - 1));
      }
    }
  }

  std::mt19937_64 random_;
};

TEST_F(BindTest, RandomExpressionsAnswerAsDuckDb) {
  fill(60, 7);
  Generator generator(8);
  int bound = 0;
  for (int i = 0; i < 400 && !HasFatalFailure(); ++i) {
    const Type type = std::vector{Type::int64, Type::float64, Type::boolean, Type::string}[i % 4];
    const std::string text = generator.make(type, 1 + i % 4);
    // A constant that cannot be cast is refused at once, where DuckDB waits for a row.
    try {
      bind(text);
    } catch (const Error&) {
      continue;
    }
    ++bound;
    compare(text);
  }
  EXPECT_GT(bound, 350);
}

}  // namespace
}  // namespace gristmill
