// Encoder `set`: a text such as "a;b;c" as one column a frequent member, 1 where the set has it.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "feature/encoder.h"
#include "feature/level_column.h"
#include "feature/source_column.h"

namespace gristmill {
namespace {

constexpr int64_t most_members = 10'000;
constexpr size_t longest_separator = 16;

// Calls use(member) for each that is not empty, without the space around it.
template <class Use>
void for_members(std::string_view text, std::string_view separator, Use use) {
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(separator, begin), text.size());
    const std::string_view member = trimmed(text.substr(begin, end - begin));
    if (!member.empty()) use(member);
    begin = end + separator.size();
  }
}

class SetEncoder : public Encoder {
 public:
  SetEncoder(SourceColumn column, std::string separator, std::vector<std::string> members,
             bool indicator)
      : column_(std::move(column)),
        separator_(std::move(separator)),
        members_(std::move(members)),
        table_({members_.begin(), members_.end()}),
        indicator_(indicator) {}

  void bind(const Schema& in) override { column_.bind(in); }
  std::vector<std::string> reads() const override { return {column_.name()}; }
  std::vector<TensorSpec> outputs() const override {
    TensorSpec spec{column_.name(), TensorKind::block, {}, column_.name()};
    for (const std::string& member : members_) spec.names.push_back(column_.name() + "=" + member);
    if (indicator_) spec.names.push_back(column_.name() + "_missing");
    return {spec};
  }

  void encode(const Batch& rows, const FeatureRows& out, const int64_t* at,
              Scratch&) const override {
    const Column& column = column_.in(rows);
    for (int64_t i = 0; i < column.length; ++i) {
      float* cells = out.floats + i * out.float_stride + at[0];
      std::fill_n(cells, members_.size() + size_t(indicator_), 0.0f);
      if (column.is_null(i)) {
        if (indicator_) cells[members_.size()] = 1;
        continue;
      }
      for_members(column.string(i), separator_, [&](std::string_view member) {
        const int32_t code = table_.code(member);
        if (code >= LevelTable::first_code) cells[code - LevelTable::first_code] = 1;
      });
    }
  }

  State save() const override {
    State state;
    column_.save(state);
    state.json["separator"] = separator_;
    state.json["indicator"] = indicator_;
    state.put_strings("levels", members_);
    return state;
  }

  static std::unique_ptr<Encoder> load(const State& state) {
    const SourceColumn column = SourceColumn::load(state);
    const auto separator = state.at<std::string>("separator");
    std::vector<std::string> members = load_levels(state, column.type(), "set", most_members);
    if (column.type() != Type::string || separator.empty() ||
        separator.size() > longest_separator || members.empty())
      throw Error(Code::corrupt, "an encoder `set` without text, separator or members");
    return std::make_unique<SetEncoder>(column, separator, std::move(members),
                                        state.at<bool>("indicator"));
  }

 private:
  SourceColumn column_;
  std::string separator_;
  std::vector<std::string> members_;
  LevelTable table_;
  bool indicator_;
};

class SetFit : public EncoderFit {
 public:
  // `min_count` 0: by the number of rows.
  SetFit(SourceColumn column, std::string separator, int64_t members, int64_t min_count)
      : column_(std::move(column)),
        separator_(std::move(separator)),
        most_(members),
        min_count_(min_count) {}

  std::vector<std::string> reads() const override { return {column_.name()}; }
  void observe(const FitBatch& seen) override {
    const Column& column = column_.named_in(seen.rows);
    rows_ += column.length;
    std::vector<std::string_view> members;
    for (int64_t i = 0; i < column.length; ++i) {
      if (column.is_null(i)) {
        counts_.add_null();
        continue;
      }
      members.clear();
      for_members(column.string(i), separator_,
                  [&](std::string_view member) { members.push_back(member); });
      std::sort(members.begin(), members.end());
      members.erase(std::unique(members.begin(), members.end()), members.end());
      for (std::string_view member : members) counts_.add(member);
    }
  }
  std::unique_ptr<EncoderFit> clone_empty() const override {
    return std::make_unique<SetFit>(column_, separator_, most_, min_count_);
  }
  void merge(EncoderFit&& other) override {
    const auto& later = dynamic_cast<SetFit&>(other);
    counts_.merge(later.counts_);
    rows_ += later.rows_;
  }

  std::unique_ptr<Encoder> freeze(std::string* why) const override {
    const int64_t least = min_count_ > 0 ? min_count_ : least_count(rows_);
    std::vector<std::string> members = frequent_levels(Type::string, counts_, least, most_);
    if (counts_.nulls() == rows_) {
      *why = all_missing;
    } else if (members.empty()) {
      *why = fmt::format("no member of its sets occurs in at least {} rows", least);
    }
    if (!why->empty()) return nullptr;
    return std::make_unique<SetEncoder>(column_, separator_, std::move(members),
                                        counts_.nulls() > 0);
  }

 private:
  SourceColumn column_;
  std::string separator_;
  int64_t most_, min_count_;
  int64_t rows_ = 0;
  LevelCounts counts_;  // of members, by the rows that have them
};

const std::vector<ParamDoc> docs = {
    {"separator", "string", "What stands between two members.", ";", {}, {}, {}},
    {"members",
     "integer",
     "The most members that get a column, the most frequent first.",
     100,
     1,
     double(most_members),
     {}},
    {"min_count",
     "integer",
     "A member of fewer rows gets none; without it 1 of 1,000 rows, at least 2 and at most 250.",
     nullptr,
     1,
     {},
     {}},
};

std::unique_ptr<EncoderFit> make(const nlohmann::json& given, const EncoderContext& context) {
  const Params params(given.is_string() ? nlohmann::json{{"separator", given}} : given, docs,
                      "encoder set");
  require_type(context.field, "set", {Type::string}, "choose `category`");
  const std::string separator = params.text("separator");
  if (separator.empty() || separator.size() > longest_separator)
    throw Error(Code::invalid, "encoder set: `separator` has 1 to 16 bytes",
                {.field = context.field.name}, "for example {tags: {set: \";\"}}");
  return std::make_unique<SetFit>(SourceColumn(context.field), separator, params.integer("members"),
                                  params.has("min_count") ? params.integer("min_count") : 0);
}

const RegisterEncoder registered({
    .name = "set",
    .version = 1,
    .text = "Text that lists members, as `red;green`: one column for each frequent member, 1 where "
            "the set has it and 0 where not. Space around members, their order and repeats do not "
            "count. Where training saw a missing value, a column `<name>_missing` marks it.",
    .example = "{tags: {set: \";\"}, genres: {set: {separator: \"|\", members: 30}}}",
    .params = docs,
    .make = make,
    .load = SetEncoder::load,
});

}  // namespace
}  // namespace gristmill
