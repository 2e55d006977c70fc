// Rule `fuzzy_lookup`: takes columns of a reference table whose key a text resembles.
#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "clean/cells.h"
#include "clean/similar_texts.h"
#include "clean/taken_columns.h"

namespace gristmill {
namespace {

const std::string owner = "rule fuzzy_lookup";

class FuzzyLookup : public Rule {
 public:
  FuzzyLookup(std::string by, TakenColumns taken, SimilarTexts texts,
              SimilarTexts::Thresholds thresholds)
      : by_(std::move(by)),
        taken_(std::move(taken)),
        texts_(std::move(texts)),
        thresholds_(thresholds) {
    if (taken_.frozen().keys().size() != 1 || taken_.frozen().keys()[0].type != Type::string)
      throw Error(Code::corrupt, "the saved table of rule fuzzy_lookup has no key of text");
  }

  Schema bind(const Schema& in) override {
    Schema out = in;
    if (taken_.empty()) return out;
    index_ = bound_column(in, by_, Type::string, owner);
    taken_.add_to(out, by_);
    return out;
  }

  std::vector<std::string> reads() const override {
    return taken_.empty() ? std::vector<std::string>() : std::vector<std::string>{by_};
  }
  std::vector<std::string> writes() const override { return taken_.names(); }
  void restrict_to(const std::set<std::string>& columns) override { taken_.restrict_to(columns); }

  void apply(Batch& rows, Scratch& scratch, RuleReport* report, int64_t first_row) const override {
    if (report != nullptr) report->rows += rows.rows;
    if (taken_.empty()) return;
    const Column& column = rows.columns[index_];
    const Column* cells[] = {&column};
    auto* found = scratch.values<uint32_t>(rows.rows);
    SimilarTexts::Search search(texts_, thresholds_, scratch);
    for (int64_t i = 0; i < rows.rows; ++i) {
      found[i] = taken_.frozen().find(cells, i);
      SimilarTexts::Match match;
      if (found[i] == FrozenTable::no_row && !column.is_null(i)) {
        match = search.find(column.string(i));
        found[i] = match.row;
      }
      if (report != nullptr) tell(column, i, found[i], match, *report, first_row);
    }
    taken_.append(found, rows, scratch, report);
  }

  State save() const override {
    State state;
    state.json = {{"table", taken_.table()},
                  {"by", by_},
                  {"take", taken_.names()},
                  {"similarity", thresholds_.match},
                  {"doubtful", thresholds_.doubtful}};
    state.put_state("frozen", taken_.frozen().state());
    state.put_state("texts", texts_.state());
    return state;
  }

 private:
  void tell(const Column& column, int64_t i, uint32_t row, const SimilarTexts::Match& match,
            RuleReport& report, int64_t first_row) const {
    if (row != FrozenTable::no_row) {
      ++report.rows_touched;
    } else if (match.doubtful()) {
      ++report.cells_doubtful;
      if (report.doubtful.size() < RuleReport::max_doubtful)
        report.doubtful.push_back({first_row + i, by_, report_text(column, i), doubt(match)});
    } else {
      ++report.cells_unmatched;
      if (report.examples.size() < RuleReport::max_examples)
        report.examples.push_back(
            {first_row + i, by_, report_text(column, i), "no match in " + taken_.table()});
    }
  }

  // "acme corporation" 0.93, "acme corporations" 0.93
  std::string doubt(const SimilarTexts::Match& match) const {
    std::string text;
    for (const auto& similar : {match.best, match.second}) {
      if (similar.form == SimilarTexts::none) continue;
      text += fmt::format("{}{} {:.2f}", text.empty() ? "" : ", ",
                          excerpt(texts_.form(similar.form)), similar.similarity);
    }
    return text;
  }

  std::string by_;
  TakenColumns taken_;
  SimilarTexts texts_;
  SimilarTexts::Thresholds thresholds_;
  size_t index_ = 0;
};

std::unique_ptr<Rule> load(const State& state) {
  TakenColumns taken(owner, state.at<std::string>("table"),
                     state.at<std::vector<std::string>>("take"),
                     FrozenTable(state.get_state("frozen")));
  SimilarTexts texts(state.get_state("texts"), taken.frozen().rows());
  return std::make_unique<FuzzyLookup>(
      state.at<std::string>("by"), std::move(taken), std::move(texts),
      SimilarTexts::Thresholds{state.at<double>("similarity"), state.at<double>("doubtful")});
}

const std::vector<ParamDoc> params = {
    {"table", "string", "The reference table: source.table, or a table of the project."},
    {"by", "any", "The text: a column, or {column here: column there}."},
    {"take", "any", "What to add: a list of columns, or {name here: column there}."},
    {"similarity", "number", "How alike a match must be: 1 is equal.", 0.9, 0.5, 1},
    {"doubtful", "number", "From here up to `similarity`, a pair is listed as doubtful.", 0.8, 0.5,
     1},
};

std::unique_ptr<RuleFit> make(const nlohmann::json& given, const RuleContext& context) {
  const Params parsed(given, params, owner);
  for (const ParamDoc& param : params) {
    if (!parsed.has(param.name))
      throw Error(Code::invalid, fmt::format("{} needs `{}`", owner, param.name), {}, param.text);
  }
  const SimilarTexts::Thresholds thresholds{parsed.number("similarity"), parsed.number("doubtful")};
  if (thresholds.doubtful > thresholds.match)
    throw Error(Code::invalid, owner + ": `doubtful` is above `similarity`");
  const auto by = parse_pairs(parsed["by"], "by", owner);
  if (by.size() != 1)
    throw Error(Code::invalid, owner + ": `by` is one column", {},
                "put what is to be compared into one, with `derive` here and in the SQL there");
  const auto& [here, there] = by.front();
  const TakeParams take = parse_take(parsed["take"], owner);
  const std::string table = parsed.text("table");
  auto reader = context.open_table(table);
  bound_column(context.schema, here, Type::string, owner);
  bound_column(reader->schema(), there, Type::string, owner + ", table " + table);
  TakenColumns taken(owner, table, take.here,
                     FrozenTable::build(*reader, {there}, take.there, table, owner));
  SimilarTexts texts = SimilarTexts::build(taken.frozen().keys()[0]);
  check_frozen_size(taken.frozen().state().bytes() + texts.state().bytes(), table, owner);
  auto rule = std::make_unique<FuzzyLookup>(here, std::move(taken), std::move(texts), thresholds);
  rule->bind(context.schema);  // names are wrong now or never
  return already_fitted(std::move(rule), "fuzzy_lookup");
}

const RegisterRule register_fuzzy_lookup({
    .name = "fuzzy_lookup",
    .text =
        "Adds columns of a reference table by a text that need not be written as it is there: a "
        "name or an address with typing errors, in other case, with other punctuation or accents, "
        "or with its words in another order. What is written to the letter as a key is that key. "
        "Else both sides are folded (Unicode NFKD, no accents, case folded, one space for what is "
        "no letter or digit), and equal texts match. Else the row takes the key most like its "
        "text: similarity is 2 · the longest common subsequence / the characters of both, as the "
        "texts are or with their words sorted, whichever is larger (`ratio` and "
        "`token_sort_ratio` of RapidFuzz). It must be at least `similarity`, no other key may be "
        "as similar, and the numbers in both must be the same. From `doubtful` on, what fails "
        "this is doubtful: it gets nulls, as what is like no key does, and the report counts such "
        "rows and lists the first 20 with the keys they are like. Compared are the 64 keys that "
        "share most of the text's rarest trigrams, rare ones counting more. The keys must be "
        "unique to the letter; several that fold to one text are doubtful. A text of more than "
        "1,024 bytes matches to the letter "
        "only. The table is frozen into the bundle as that of `lookup` is, with its index: 64 MB "
        "at most.",
    .example = "- fuzzy_lookup: {table: ref.companies, by: {company: name}, take: [sector, size]}\n"
               "- fuzzy_lookup: {table: ref.companies, by: address, take: {branch: sector}, "
               "similarity: 0.95, doubtful: 0.85}",
    .params = params,
    .make = make,
    .load = load,
});

}  // namespace
}  // namespace gristmill
