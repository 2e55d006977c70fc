// Bundles that a stranger wrote, with right checksums over anything: they do not open, or they open
// and answer. Never does the program crash, read beyond the file, or wait for ever.
#include <cmath>
#include <limits>

#include "bundle/state_file.h"
#include "bundle/test_bundles.h"

namespace gristmill {
namespace {

using testing_rules::Json;
using Pointer = Json::json_pointer;

// Rows of any schema, nulls among them.
BatchBuffer rows_of(const Schema& schema) {
  BatchBuffer rows(schema);
  for (int64_t row = 0; row < 3; ++row) {
    for (size_t i = 0; i < schema.size(); ++i) {
      ColumnBuffer& column = rows[i];
      if (row == 2 && schema[i].nullable) {
        column.append_null();
        continue;
      }
      switch (schema[i].type) {
        case Type::boolean:
          column.append(row == 0);
          break;
        case Type::float64:
          column.append(row == 0 ? 12.5 : NAN);
          break;
        case Type::string:
          column.append(std::string_view(row == 0 ? "north" : ""));
          break;
        case Type::date:
          column.append_days(int32_t(19000 + row));
          break;
        default:
          column.append(row == 0 ? int64_t(1704442500000000) : int64_t(-1));
      }
    }
  }
  return rows;
}

State state_of(const std::string& model, Problem problem) {
  auto owner = std::make_shared<std::string>(order_bundle(model, problem).serialize());
  return read_state_file(owner, *owner, "a.bundle").state;
}

// Too little was kept of the model, or it is explained.
void expect_explained_or_refused(std::shared_ptr<const Bundle> bundle, const Batch& rows) {
  try {
    const ColumnExplainer explainer(bundle);
    const Explanations explanations = explanations_of(explainer, bundle, rows);
    BatchBuffer out(explainer.output_schema());
    explainer.append_output(explanations, out, 0);
    EXPECT_EQ(out.rows(), rows.rows);
  } catch (const Error& error) {
    EXPECT_EQ(name_of(error.code()), name_of(Code::invalid)) << error.what();
  }
}

// Refused as corrupt, or it answers; whether it opened.
bool expect_harmless(const State& state, const std::string& what) {
  bool opened = false;
  try {
    auto bundle = parse_bundle(write_state_file(state));
    opened = true;
    const BatchBuffer rows = rows_of(bundle->signature.expected().schema);
    const Answers answers = answers_of(bundle, rows.view());
    EXPECT_EQ(answers.values.size(), 3u) << what;
    Predictor predictor(bundle);
    BatchBuffer out(predictor.output_schema());
    predictor.append_output(answers, out, 0);
    expect_explained_or_refused(bundle, rows.view());
  } catch (const Error& error) {
    EXPECT_EQ(name_of(error.code()), name_of(Code::corrupt)) << what << "\n" << error.what();
  } catch (const std::exception& error) {
    ADD_FAILURE() << what << ": " << error.what();
  }
  return opened;
}

void all_places(const Json& at, const Pointer& place, std::vector<Pointer>& out) {
  if (!place.empty()) out.push_back(place);
  if (place.to_string() == "/card" || place.to_string() == "/layout") return;  // for people
  if (at.is_object()) {
    for (const auto& [name, value] : at.items()) all_places(value, place / name, out);
  } else if (at.is_array()) {
    for (size_t i = 0; i < at.size(); ++i) all_places(at[i], place / i, out);
  }
}

// `parts`: the places to change begin with one of them.
void expect_each_value_checked(const State& whole, const std::vector<std::string>& parts) {
  const std::vector<Json> values = {nullptr,       -1, 3, "x", INT64_MAX, Json::array(), {"x"},
                                    Json::object()};
  std::vector<Pointer> places;
  all_places(whole.json, Pointer(), places);
  int64_t opened = 0, tried = 0;
  for (const Pointer& place : places) {
    const std::string name = place.to_string();
    auto begins = [&](const std::string& part) { return name.starts_with(part); };
    if (std::none_of(parts.begin(), parts.end(), begins)) continue;
    for (const Json& value : values) {
      State state = whole;
      state.json[place] = value;
      opened += expect_harmless(state, name + " = " + value.dump());
      ++tried;
    }
    State state = whole;
    Json& parent = state.json[place.parent_pointer()];
    if (parent.is_object()) parent.erase(place.back());
    if (parent.is_array()) parent.erase(std::stoul(place.back()));
    expect_harmless(state, "without " + name);
  }
  EXPECT_GT(opened, 0);
  EXPECT_LT(opened, tried / 2);
}

TEST(Stranger, EachValueOfTheManifestReplaced) {
  expect_each_value_checked(state_of("linear", Problem::binary), {"/"});
  expect_each_value_checked(state_of("boosted-trees", Problem::multiclass),
                            {"/model", "/signature/classes"});
}

// Each cell, all cells, and other lengths; how many of these opened.
template <class T>
int64_t change_cells(const State& whole, const std::string& name) {
  const auto cells = whole.get<T>(name);
  const std::vector<T> before(cells.begin(), cells.end());
  using Limits = std::numeric_limits<T>;
  std::vector<T> values = {T(1), T(-1), T(7), Limits::max(), Limits::lowest()};
  if (Limits::has_quiet_NaN) values.insert(values.end(), {Limits::quiet_NaN(), Limits::infinity()});
  int64_t opened = 0;
  auto change = [&](std::vector<T> after, const std::string& what) {
    State state = whole;
    state.put(name, std::move(after));
    opened += expect_harmless(state, name + " " + what);
  };
  for (T value : values) {
    for (size_t i = 0; i < before.size(); ++i) {
      std::vector<T> after = before;
      after[i] = value;
      change(std::move(after), std::to_string(i));
    }
    change(std::vector<T>(before.size(), value), "all");
  }
  for (size_t size : {size_t(0), before.size() / 2, before.size() + 1, before.size() * 2 + 64}) {
    std::vector<T> after = before;
    after.resize(size);
    change(std::move(after), "of size " + std::to_string(size));
  }
  return opened;
}

int64_t change_array(const State& whole, const std::string& name, DType dtype) {
  switch (dtype) {
    case DType::u8:
      return change_cells<uint8_t>(whole, name);
    case DType::u32:
      return change_cells<uint32_t>(whole, name);
    case DType::i32:
      return change_cells<int32_t>(whole, name);
    case DType::i64:
      return change_cells<int64_t>(whole, name);
    case DType::f32:
      return change_cells<float>(whole, name);
    case DType::f64:
      return change_cells<double>(whole, name);
    default:
      ADD_FAILURE() << name << " is of a type that nothing here changes";
      return 0;
  }
}

// `part`: the arrays to change begin with it.
void expect_each_array_checked(const State& whole, const std::string& part) {
  int64_t opened = 0;
  for (const auto& [name, array] : whole.arrays()) {
    if (!name.starts_with(part)) continue;
    opened += change_array(whole, name, array.dtype);
    State other = whole;
    other.put(name, std::vector<uint16_t>(3));
    EXPECT_FALSE(expect_harmless(other, name + " of another type"));
    State without;
    without.json = whole.json;
    for (const auto& [kept, values] : whole.arrays())
      if (kept != name) without.put(kept, values);
    expect_harmless(without, "without " + name);
  }
  EXPECT_GT(opened, 0);
}

TEST(Stranger, EachArrayReplaced) {
  expect_each_array_checked(state_of("linear", Problem::binary), "");
  expect_each_array_checked(state_of("boosted-trees", Problem::multiclass), "model/");
}

}  // namespace
}  // namespace gristmill
