#include <random>

#include "clean/folded_text.h"
#include "clean/rule_testing.h"
#include "clean/similar_texts.h"

namespace gristmill {
namespace {

using namespace testing_rules;

std::string folded(std::string_view text) {
  char out[200];
  return std::string(out, fold_text(text, out, sizeof out).value());
}

TEST(FoldedText, IsOneFormForOneName) {
  EXPECT_EQ(folded("  ACME,  Inc. "), "acme inc");
  EXPECT_EQ(folded("Müller & Söhne GmbH"), "muller sohne gmbh");
  EXPECT_EQ(folded("Mu\u0308ller"), "muller");  // the accent is a character of its own
  EXPECT_EQ(folded("Ｆｕｌｌ　ｗｉｄｔｈ １２"), "full width 12");
  EXPECT_EQ(folded("Straße ﬁve"), "strasse five");
  EXPECT_EQ(folded("ΣΊΣΥΦΟΣ"), folded("Σίσυφος"));
  EXPECT_EQ(folded("soft\u00adhyphen zero\u200bwidth"), "softhyphen zerowidth");
  EXPECT_EQ(folded("हिन्दी"), "हिन्दी");  // vowels that are marks are no accents
  EXPECT_EQ(folded(" .,-! "), "");
  EXPECT_EQ(folded("a\xff\xc3z"), "a z");
}

TEST(FoldedText, IsNeverLargerThanItsRoom) {
  char out[8];
  EXPECT_EQ(fold_text("12345678", out, 8), 8u);
  EXPECT_EQ(fold_text("1234567 8", out, 8), std::nullopt);
  EXPECT_EQ(fold_text("\uFDFA", out, 8), std::nullopt);  // becomes 18 characters
  EXPECT_EQ(fold_text("12345678 . ", out, 8), 8u);
  std::mt19937 random(3);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes;
    for (int i = 0; i < 12; ++i) bytes += char(random() % 256);
    const size_t room = random() % 40;
    std::vector<char> small(room);
    if (auto size = fold_text(bytes, small.data(), room)) {
      EXPECT_LE(*size, room);
      const std::string once(small.data(), *size);
      EXPECT_EQ(folded(once), once);
    }
  }
}

double ratio(std::string_view a, std::string_view b) {
  Scratch scratch;
  TokenSortRatio ratio(400, scratch);
  ratio.set(a);
  return ratio.to(b);
}

TEST(TokenSortRatio, IsThatOfRapidFuzz) {
  EXPECT_EQ(ratio("acme", "acme"), 1);
  EXPECT_EQ(ratio("", ""), 1);
  EXPECT_EQ(ratio("acme", ""), 0);
  EXPECT_EQ(ratio("smith john", "john smith"), 1);
  EXPECT_EQ(ratio("kitten", "sitting"), 2.0 * 4 / 13);
  EXPECT_EQ(ratio("acme corp", "zcme corp"), 2.0 * 8 / 18);  // sorted it would be less
  EXPECT_EQ(ratio("иван петров", "петров иван"), 1);
  EXPECT_EQ(ratio("ива", "ивн"), 2.0 * 2 / 6);  // characters, not bytes
}

TEST(TokenSortRatio, OfLongTexts) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    auto text = [&] {
      std::string out;
      for (size_t i = random() % 300; i > 0; --i) out += "abc"[random() % 3];
      return out;
    };
    const std::string a = text(), b = text();
    std::vector<size_t> before(b.size() + 1, 0), now = before;
    for (char x : a) {
      for (size_t j = 0; j < b.size(); ++j)
        now[j + 1] = x == b[j] ? before[j] + 1 : std::max(before[j + 1], now[j]);
      before = now;
    }
    if (a.size() + b.size() > 0) {
      EXPECT_EQ(ratio(a, b), double(2 * before.back()) / double(a.size() + b.size()));
    }
  }
}

World make_world() {
  World world;
  world.tables["companies"] =
      table({{"name", Type::string}, {"id", Type::int64}, {"sector", Type::string}},
            {{"Acme Corporation", 1, "tools"},
             {"Müller & Söhne GmbH", 2, "mills"},
             {"International Business Machines", 3, nullptr},
             {"Globex Trading Ltd.", 4, "trade"},
             {"Globax Trading Ltd.", 5, "trade"},
             {nullptr, 6, "none"},
             {"12 Main Street, Springfield", 7, "home"},
             {"ACME Corp", 8, "tools"},
             {"acme corp", 9, "tools"},
             {"-", 10, "dash"}});
  return world;
}
const World world = make_world();
const Json params = {
    {"table", "companies"}, {"by", {{"company", "name"}}}, {"take", {"id", "sector"}}};

BatchBuffer companies(const std::vector<std::string>& names) {
  Json rows = Json::array();
  for (const std::string& name : names) rows.push_back(Json::array({name}));
  return table({{"company", Type::string}}, rows);
}

std::string taken(const std::string& name, RuleReport* report = nullptr) {
  const BatchBuffer rows = companies({name});
  const std::string text =
      apply(world.chain("fuzzy_lookup", params, rows.schema()), rows, report)[0];
  return text.substr(name.size() + 1);
}

TEST(FuzzyLookup, TakesWhatIsWrittenOtherwise) {
  EXPECT_EQ(taken("Acme Corporation"), "1|tools");
  EXPECT_EQ(taken("ACME  corporation."), "1|tools");
  EXPECT_EQ(taken("Acme Corproation"), "1|tools");
  EXPECT_EQ(taken("corporation, acme"), "1|tools");
  EXPECT_EQ(taken("Coporation Acme"), "1|tools");
  EXPECT_EQ(taken("Muller & Sohne GmbH"), "2|mills");
  EXPECT_EQ(taken("MÜLLER SÖHNE GMBH"), "2|mills");
  EXPECT_EQ(taken("Internationl Busines Machines"), "3|~");
  EXPECT_EQ(taken("Springfield, 12 Main Stret"), "7|home");
}

TEST(FuzzyLookup, LeavesWhatIsLikeNoKey) {
  RuleReport report;
  for (const char* name : {"Initech", "", "  ", "...", "\u00e9", "A", "Acme"}) {
    EXPECT_EQ(taken(name, &report), "~|~") << name;
    EXPECT_EQ(report.cells_unmatched, 1) << name;
    EXPECT_EQ(report.examples[0].after, "no match in companies");
  }
  EXPECT_EQ(taken(std::string(5000, 'a')), "~|~");
}

TEST(FuzzyLookup, ToTheLetterComesFirst) {
  EXPECT_EQ(taken("ACME Corp"), "8|tools");
  EXPECT_EQ(taken("acme corp"), "9|tools");
  EXPECT_EQ(taken("-"), "10|dash");
}

TEST(FuzzyLookup, ListsDoubtfulPairs) {
  auto doubt = [](const std::string& name) {
    RuleReport report;
    EXPECT_EQ(taken(name, &report), "~|~") << name;
    EXPECT_EQ(report.cells_doubtful, 1) << name;
    EXPECT_EQ(report.cells_unmatched, 0) << name;
    return report.doubtful.empty() ? "" : report.doubtful[0].after;
  };
  // Several keys are the same; two are as like; the numbers differ; it is not alike enough.
  EXPECT_EQ(doubt("Acme Corp."), R"("acme corp" 1.00)");
  EXPECT_EQ(doubt("Globix Trading Ltd"), R"("globax trading ltd" 0.94, "globex trading ltd" 0.94)");
  EXPECT_EQ(doubt("13 Main Street, Springfield"), R"("12 main street springfield" 0.96)");
  EXPECT_EQ(doubt("Acme Corporated"), R"("acme corporation" 0.84)");
  EXPECT_EQ(doubt("Intl Business Machines"), R"("international business machines" 0.83)");
}

TEST(FuzzyLookup, ReportsRowsOnce) {
  BatchBuffer rows = table({{"company", Type::string}},
                           {{"acme corporation"}, {"Globix Trading"}, {nullptr}, {"Initech"}});
  RuleReport report;
  const RuleChain chain = world.chain("fuzzy_lookup", params, rows.schema());
  apply(chain, rows, &report, 10);
  EXPECT_EQ(report.rows, 4);
  EXPECT_EQ(report.rows_touched, 1);
  EXPECT_EQ(report.cells_touched, 2);
  EXPECT_EQ(report.cells_unmatched, 2);
  EXPECT_EQ(report.cells_doubtful, 1);
  EXPECT_EQ(report.doubtful[0].row, 11);
  EXPECT_EQ(report.doubtful[0].before, "\"Globix Trading\"");
  EXPECT_EQ(report.examples[0].before, "null");
  EXPECT_EQ(RuleReport::from_json(report.json()).json(), report.json());
  EXPECT_EQ(chain.sources_of({"id"}), std::vector<std::string>{"company"});
}

TEST(FuzzyLookup, Restricts) {
  const Schema schema({{"company", Type::string}});
  auto rule = world.fit("fuzzy_lookup", params, schema)->freeze();
  rule->restrict_to({"sector"});
  RuleChain chain(schema, {});
  chain.append("fuzzy_lookup", std::move(rule));
  EXPECT_EQ(apply(RuleChain::load(chain.save()), companies({"corporation acme"})),
            Rows{"corporation acme|tools"});
  rule = world.fit("fuzzy_lookup", params, schema)->freeze();
  rule->restrict_to({});
  EXPECT_TRUE(rule->reads().empty());
  EXPECT_EQ(rule->bind(Schema({{"x", Type::int64}})).size(), 1u);
}

TEST(FuzzyLookup, Refuses) {
  const Schema schema({{"company", Type::string}, {"id", Type::int64}});
  World own = make_world();
  own.tables["twice"] = table({{"k", Type::string}, {"v", Type::int64}},
                              Json::array({Json::array({"a", 1}), Json::array({"a", 2})}));
  auto error = [&](const Json& changes, Code code = Code::invalid) {
    Json given = {{"table", "companies"}, {"by", {{"company", "name"}}}, {"take", {"sector"}}};
    given.update(changes);
    return error_of([&] { own.fit("fuzzy_lookup", given, schema); }, code);
  };
  EXPECT_NE(error({{"table", "twice"}, {"by", {{"company", "k"}}}, {"take", {"v"}}})
                .find("rule fuzzy_lookup: k is not unique in twice: \"a\" occurs twice"),
            std::string::npos);
  EXPECT_NE(error({{"take", {"id"}}}).find("id of companies is a column already"),
            std::string::npos);
  EXPECT_NE(error({{"by", {{"id", "name"}}}}).find("id is int64"), std::string::npos);
  EXPECT_NE(error({{"by", {{"company", "id"}}}}).find("id is int64"), std::string::npos);
  EXPECT_NE(error({{"doubtful", 0.95}}).find("`doubtful`"), std::string::npos);
  error({{"by", {{"company", "name"}, {"id", "id"}}}});
  error({{"similarity", 1.5}});
  error({{"similarty", 0.9}});
  error({{"table", "nowhere"}}, Code::not_found);
  error({{"by", {{"company", "nme"}}}}, Code::not_found);
  error({{"by", {{"compny", "name"}}}}, Code::not_found);
  error_of([&] { own.fit("fuzzy_lookup", {{"by", "company"}, {"take", {"id"}}}, schema); });
}

TEST(FuzzyLookup, LargeTablesAreRefused) {
  World own;
  BatchBuffer& big = own.tables["big"];
  big.reset(Schema({{"k", Type::string}, {"v", Type::string}}));
  const std::string text(1000, 'x');
  for (int64_t i = 0; i < 70000; ++i) {
    big[0].append(std::string_view(std::to_string(i)));
    big[1].append(std::string_view(text));
  }
  const std::string message = error_of(
      [&] {
        own.fit("fuzzy_lookup", {{"table", "big"}, {"by", {{"s", "k"}}}, {"take", {"v"}}},
                Schema({{"s", Type::string}}));
      },
      Code::exhausted);
  EXPECT_NE(message.find("64 MB"), std::string::npos) << message;
  EXPECT_NE(message.find("rule fuzzy_lookup"), std::string::npos) << message;
}

TEST(FuzzyLookup, HostileStatesAreRefused) {
  auto rule = world.fit("fuzzy_lookup", params, Schema({{"company", Type::string}}))->freeze();
  const RuleKind& kind = Rules::instance().get("fuzzy_lookup", "rule");
  auto broken = [&](auto change) {
    State state = rule->save();
    change(state);
    error_of([&] { kind.load(state); }, Code::corrupt);
  };
  auto change = [](State& state, const std::string& name, auto edit) {
    auto values = state.get<uint32_t>(name);
    std::vector<uint32_t> changed(values.begin(), values.end());
    edit(changed);
    state.put(name, std::move(changed));
  };
  for (const char* name : {"texts/rows", "texts/index/begins", "texts/index/postings"}) {
    broken([&](State& s) { change(s, name, [](auto& v) { v.back() = 1000000; }); });
    broken([&](State& s) { change(s, name, [](auto& v) { v.pop_back(); }); });
  }
  broken([&](State& s) { change(s, "texts/index/begins", [](auto& v) { v[1] = 1000000; }); });
  broken([&](State& s) { change(s, "texts/index/begins", [](auto& v) { v[1] = 0; }); });
  broken([&](State& s) { change(s, "texts/index/weights", [](auto& v) { v.push_back(1); }); });
  broken([](State& s) { s.put<uint64_t>("texts/index/trigrams", {}); });
  broken([](State& s) { s.put<uint32_t>("texts/index/begins", {}); });
  broken([](State& s) { s.json.erase("similarity"); });
  broken([](State& s) { s.json["take"] = {"id"}; });
  broken([](State& s) { s.json["texts"]["forms"]["columns"][0]["key"] = false; });

  // Texts that are not folded are wrong, and no more than that.
  for (const uint8_t byte : {uint8_t(' '), uint8_t(0xff)}) {
    State state = rule->save();
    const size_t size = state.get<uint8_t>("texts/forms/key0.values").size();
    state.put("texts/forms/key0.values", std::vector<uint8_t>(size, byte));
    RuleChain chain(Schema({{"company", Type::string}}), {});
    chain.append("fuzzy_lookup", kind.load(state));
    apply(chain, companies({"Globix Trading Ltd", "acme corproation", "13 Main Street"}));
  }
}

// Names of made words, with what people do to them.
class Names {
 public:
  std::string name() {
    std::string out;
    for (size_t words = 2 + random_() % 3; words > 0; --words)
      out += word() + (words > 1 ? " " : "");
    return out;
  }
  std::string dirty(std::string name) {
    if (random_() % 2 == 0)
      std::rotate(name.begin(), name.begin() + int64_t(name.find(' ')), name.end());
    for (size_t typos = random_() % 3; typos > 0; --typos) {
      const size_t at = random_() % name.size();
      if (random_() % 2 == 0)
        name.erase(at, 1);
      else
        name[at] = char('a' + random_() % 26);
    }
    return name;
  }

 private:
  std::string word() {
    static const char* parts[] = {"ber", "lin", "tra", "ve",  "so",
                                  "nik", "el",  "dor", "ash", "ton"};
    std::string out;
    for (size_t i = 1 + random_() % 3; i > 0; --i) out += parts[random_() % 10];
    return out;
  }
  std::mt19937 random_{9};
};

TEST(FuzzyLookup, IsSoundAndFindsTheMostSimilar) {
  Names names;
  std::set<std::string> keys;
  while (keys.size() < 2000) keys.insert(names.name());
  World own;
  BatchBuffer& reference = own.tables["names"];
  reference.reset(Schema({{"k", Type::string}, {"v", Type::string}}));
  for (const std::string& key : keys)
    reference[0].append(std::string_view(key)), reference[1].append(std::string_view(key));
  BatchBuffer rows(Schema({{"name", Type::string}}));
  for (const std::string& key : keys) {
    if (rows.rows() % 9 == 0) rows[0].append_null();
    rows[0].append(std::string_view(names.dirty(key)));
  }
  const Json given = {{"table", "names"}, {"by", {{"name", "k"}}}, {"take", {"v"}}};
  const RuleChain chain = own.chain("fuzzy_lookup", given, rows.schema());
  expect_sound(chain, rows);

  // What looking at every key finds is found by the index.
  Batch batch = rows.view();
  Scratch scratch, own_scratch;
  chain.apply(batch, scratch, nullptr, 0);
  TokenSortRatio ratio(SimilarTexts::bytes_most, own_scratch);
  int64_t matched = 0;
  for (int64_t i = 0; i < batch.rows; i += 7) {
    if (batch.columns[0].is_null(i)) continue;
    const std::string text = folded(batch.columns[0].string(i));
    ratio.set(text);
    double best = 0;
    std::string best_key;
    int equals = 0;
    for (const std::string& key : keys) {
      const double similarity = key == text ? 2 : ratio.to(key);
      equals = similarity > best ? 1 : equals + (similarity == best);
      if (similarity > best) best = similarity, best_key = key;
    }
    const bool match = best >= 0.9 && equals == 1;
    matched += match;
    EXPECT_EQ(!batch.columns[1].is_null(i), match) << text;
    if (match) {
      EXPECT_EQ(batch.columns[1].string(i), best_key);
    }
  }
  EXPECT_GT(matched, 100);
}

}  // namespace
}  // namespace gristmill
