// Rule `parse`: text becomes numbers, dates and times, by how the column writes them.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "clean/cell_reader.h"
#include "clean/value.h"

namespace gristmill {
namespace {

const std::string owner = "rule parse";

struct Target {
  std::string name;
  nlohmann::json how;  // as it was given, without `strict`
  bool strict = false;
  std::unique_ptr<CellReader> reader;
  size_t index = 0;
};

// Where the zone of a column is kept.
std::string zone_member(size_t column) { return fmt::format("zone{}", column); }

class Parse : public Rule {
 public:
  explicit Parse(std::vector<Target> targets) : targets_(std::move(targets)) {}

  Schema bind(const Schema& in) override {
    Schema out = in;
    for (Target& target : targets_) {
      target.index = bound_column(in, target.name, Type::string, owner);
      out.replace(target.index, {target.name, target.reader->type(), true});
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
    auto* failed = scratch.values<uint64_t>(words_of_bits(rows.rows));
    RuleReport::Example parsed{-1, "", "", ""};
    for (const Target& target : targets_) {
      Column& column = rows.columns[target.index];
      const Column before = column;
      ColumnBuffer& out = scratch.column(target.reader->type());
      const bool any = target.reader->read(before, out, failed);
      out.copy_validity(before);
      if (any) for_hits(failed, rows.rows, [&](int64_t i) { clear_bit(out.validity(), i); });
      column = out.view();
      if (any && target.strict) complain(target, before, failed, scratch);
      if (report == nullptr) continue;
      touches.add(target.name, failed, before, column);
      for (int64_t word = 0; word < words_of_bits(rows.rows); ++word) {
        report->cells_unmatched += std::popcount(failed[word]);
        failed[word] = present_word(column, word);
      }
      touches.count(failed);  // those that were read
      if (parsed.row < 0) parsed = first_example(target.name, before, column, first_row);
    }
    // What went well is shown once a table; what did not is what people look for.
    if (report != nullptr && first_row == 0 && parsed.row >= 0 &&
        report->examples.size() < RuleReport::max_examples)
      report->examples.push_back(std::move(parsed));
  }

  State save() const override {
    State state;
    nlohmann::json columns = nlohmann::json::array();
    for (const Target& target : targets_)
      columns.push_back({{"name", target.name}, {"how", target.how}, {"strict", target.strict}});
    state.json["columns"] = std::move(columns);
    for (size_t i = 0; i < targets_.size(); ++i) {
      if (const TimeZone* zone = targets_[i].reader->zone())
        state.put_state(zone_member(i), zone->save());
    }
    return state;
  }

 private:
  static void complain(const Target& target, const Column& column, const uint64_t* failed,
                       Scratch& scratch) {
    for_hits(failed, column.length, [&](int64_t i) {
      scratch.errors.push_back(
          {i, target.name,
           fmt::format("{} is not {}", excerpt(column.string(i)), target.reader->what())});
    });
  }

  static RuleReport::Example first_example(const std::string& name, const Column& before,
                                           const Column& after, int64_t first_row) {
    for (int64_t i = 0; i < after.length; ++i) {
      if (!after.is_null(i))
        return {first_row + i, name, report_text(before, i), report_text(after, i)};
    }
    return {-1, "", "", ""};
  }

  std::vector<Target> targets_;
};

std::unique_ptr<Rule> load(const State& state) {
  return read_state(owner, [&] {
    std::vector<Target> targets;
    for (const auto& saved : state.at<nlohmann::json>("columns")) {
      Target& target = targets.emplace_back();
      saved.at("name").get_to(target.name);
      saved.at("strict").get_to(target.strict);
      target.how = saved.at("how");
      const size_t at = targets.size() - 1;
      try {
        target.reader = CellReader::make(target.how, [&](const std::string&) {
          return TimeZone::load(state.get_state(zone_member(at)));
        });
      } catch (const Error& error) {
        throw Error(Code::corrupt,
                    fmt::format("the saved state of {}: {}", owner, error.message()));
      }
    }
    return std::make_unique<Parse>(std::move(targets));
  });
}

Target parse_target(const Field& field, const nlohmann::json& given) {
  Where where;
  where.field = field.name;
  if (field.type != Type::string)
    throw Error(Code::invalid,
                fmt::format("{}: {} is {} already, and only text is parsed", owner, field.name,
                            name_of(field.type)),
                where,
                "a CSV keeps it as text with `types: {" + field.name + ": text}`" +
                    (field.type == Type::timestamp ? "; or, in the table's SQL: " + field.name +
                                                         " AT TIME ZONE 'Europe/Berlin'"
                                                   : ""));
  Target target{field.name, given, false, nullptr};
  if (given.is_object() && given.contains("strict")) {
    if (!given["strict"].is_boolean())
      throw Error(Code::invalid,
                  fmt::format("{}: {}: `strict` must be true or false, not {}", owner, field.name,
                              shown(given["strict"])),
                  where);
    target.strict = given["strict"].get<bool>();
    target.how.erase("strict");
  }
  try {
    target.reader = CellReader::make(target.how, TimeZone::find);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}: {}: {}", owner, field.name, error.message()), where,
                error.hint());
  }
  return target;
}

std::unique_ptr<RuleFit> make(const nlohmann::json& given, const RuleContext& context) {
  if (!given.is_object() || given.empty())
    throw Error(Code::invalid, owner + " needs columns and how they are written", {},
                "for example: parse: {price: {number: \"1.234,5\"}}");
  std::vector<Target> targets;
  for (const auto& [name, how] : given.items())
    targets.push_back(parse_target(context.schema[context.schema.index_of(name, owner)], how));
  return already_fitted(std::make_unique<Parse>(std::move(targets)), "parse");
}

const RegisterRule register_parse({
    .name = "parse",
    .text =
        "Makes text columns numbers, dates and times. How a column is written is said, never "
        "guessed; a list of forms is tried in its order. Text that is of no form becomes missing "
        "and is counted; with `strict: true` it is an error of its row. Space around a cell is "
        "left aside. "
        "`number`, `percent`, `money`: 1234.5 as the column writes it: \"1.234,5\", \"1 234.5\", "
        "\"1'234.5\"; or 1234, for whole numbers. Groups of thousands may be left out, but not "
        "misplaced; a percentage bears its sign (\"1234,5 %\") and 12,5 % is 0.125; money "
        "(\"€ 1.234,5\") may bear the one currency of its form, before or behind, and stands in "
        "parentheses when negative. "
        "`unit`: numbers with units (12 kg, 1.2 t, 5 ft 11 in), converted to this one, with "
        "`number` for how the numbers are written when not as 1234.5. Units are kg, g, mg, µg, t, "
        "lb, oz, st; m, km, cm, mm, µm, nm, in, ft, yd, mi, nmi; l, ml, cl, dl, hl, m3, gal, qt, "
        "pt, fl oz (of the United States); s, ms, µs, ns, min, h, d, w; °C, °F, K; B, kB, MB … "
        "PB, KiB, MiB … PiB; m/s, km/h, mph, kn, ft/s; and their English names; large and small "
        "letters count only in sizes of data. A number without a unit is not one. "
        "`duration`, in seconds: `units` (1h 30m, 2 days), `iso` (PT1H30M), `h:m:s`, `h:m`, `m:s`. "
        "`date`, `timestamp`: formats of %Y, %y (69 to 99 are 19…), %m, %b or %B (English names), "
        "%d, %H, or %I with %p, %M, %S, %f, %z (Z, +01:00) and %%; two that would read one text "
        "as different days are refused. A timestamp is of a clock on the wall; with %z it is an "
        "instant, and with `zone` (Europe/Berlin, UTC, \"+01:00\") one "
        "without %z is. A time that the clocks of a zone skip in spring or show twice in autumn is "
        "of no form. Bundles keep the zone as it was known in training.",
    .example = "- parse: {price: {number: \"1.234,5\"}, weight: {unit: kg}}\n"
               "- parse:\n"
               "    price: {number: [\"1.234,5\", \"1234.5\"]}\n"
               "    fare: {money: \"€ 1.234,5\", strict: true}\n"
               "    share: {percent: \"1234,5 %\"}\n"
               "    weight: {unit: kg, number: \"1234,5\"}\n"
               "    took: {duration: [h:m:s, units]}\n"
               "    booked: {date: [\"%d/%m/%Y\", \"%Y-%m-%d\"]}\n"
               "    seen: {timestamp: \"%d %b %Y %H:%M\", zone: Europe/Berlin}",
    .make = make,
    .load = load,
});

}  // namespace
}  // namespace gristmill
