// Bundles that are damaged, cut, or written by a stranger: they do not open, or they open and
// answer; never does the program crash, read beyond the file, or wait for ever.
#include <cmath>

#include "base/digest.h"
#include "bundle/state_file.h"
#include "bundle/test_bundles.h"

namespace gristmill {
namespace {

using testing_rules::Json;

constexpr size_t header_bytes = 24;

std::string linear_bytes() { return order_bundle("linear", Problem::binary).serialize(); }
std::string trees_bytes() { return order_bundle("boosted-trees", Problem::multiclass).serialize(); }

// The file in a block of exactly its size, so that a sanitizer sees every read beyond it.
std::shared_ptr<const Bundle> parse_exactly(std::string_view bytes) {
  auto owner = std::shared_ptr<char[]>(new char[bytes.size()]);
  if (!bytes.empty()) std::memcpy(owner.get(), bytes.data(), bytes.size());
  return Bundle::parse(owner, {owner.get(), bytes.size()}, "a.bundle");
}

bool is_refused(std::string_view bytes) {
  try {
    parse_exactly(bytes);
  } catch (const Error& error) {
    EXPECT_EQ(name_of(error.code()), name_of(Code::corrupt)) << error.what();
    EXPECT_NE(error.message().find("a.bundle"), std::string::npos) << error.what();
    return true;
  }
  return false;
}

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

// What a stranger wrote with right checksums: refused as corrupt, or it answers.
void expect_harmless(const State& state, const std::string& what, int64_t& opened) {
  const std::string bytes = write_state_file(state);
  try {
    auto bundle = parse_exactly(bytes);
    ++opened;
    const BatchBuffer rows = rows_of(bundle->signature.expected().schema);
    const Answers answers = answers_of(bundle, rows.view());
    EXPECT_EQ(answers.values.size(), 3u) << what;
    Predictor predictor(bundle);
    BatchBuffer out(predictor.output_schema());
    predictor.append_output(answers, out, 0);
  } catch (const Error& error) {
    EXPECT_EQ(name_of(error.code()), name_of(Code::corrupt)) << what << "\n" << error.what();
  } catch (const std::exception& error) {
    ADD_FAILURE() << what << ": " << error.what();
  }
}

State state_of(const std::string& bytes) {
  auto owner = std::make_shared<std::string>(bytes);
  return read_state_file(owner, *owner, "a.bundle").state;
}

using Pointer = Json::json_pointer;

void all_pointers(const Json& at, const Pointer& pointer, std::vector<Pointer>& out) {
  if (!pointer.empty()) out.push_back(pointer);
  if (at.is_object()) {
    for (const auto& [name, value] : at.items()) all_pointers(value, pointer / name, out);
  } else if (at.is_array()) {
    for (size_t i = 0; i < at.size(); ++i) all_pointers(at[i], pointer / i, out);
  }
}

TEST(Damage, EachByteIsGuarded) {
  for (const std::string& whole : {linear_bytes(), trees_bytes()}) {
    ASSERT_LT(whole.size(), 32000u);
    std::string bytes = whole;
    for (size_t at = 0; at < whole.size(); ++at) {
      for (int pattern : {0x01, 0xff}) {
        bytes[at] = char(whole[at] ^ pattern);
        EXPECT_TRUE(is_refused(bytes)) << "byte " << at << " xor " << pattern;
      }
      bytes[at] = whole[at];
    }
    EXPECT_FALSE(is_refused(bytes));
  }
}

TEST(Damage, CutAnywhereOrContinued) {
  for (const std::string& whole : {linear_bytes(), trees_bytes()}) {
    for (size_t size = 0; size < whole.size(); ++size)
      EXPECT_TRUE(is_refused(std::string_view(whole).substr(0, size))) << size;
    for (size_t more : {1, 63, 64, 4096}) EXPECT_TRUE(is_refused(whole + std::string(more, '\0')));
    EXPECT_TRUE(is_refused(whole + whole));
    EXPECT_TRUE(is_refused(whole.substr(1)));
  }
}

TEST(Damage, TheHeadersNumbersAreChecked) {
  const std::string whole = linear_bytes();
  auto with = [&](size_t at, auto value) {
    std::string bytes = whole;
    std::memcpy(bytes.data() + at, &value, sizeof(value));
    return bytes;
  };
  for (uint32_t version : {0u, 2u, ~0u}) EXPECT_TRUE(is_refused(with(8, version)));
  const auto size = uint64_t(whole.size());
  for (uint64_t length : {uint64_t(0), uint64_t(40), size - 24, size, size + 40, uint64_t(1) << 63,
                          ~uint64_t(0), ~uint64_t(0) - 23, ~uint64_t(0) - 87})
    EXPECT_TRUE(is_refused(with(16, length))) << length;
  try {
    parse_exactly(with(8, uint32_t(2)));
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "`a.bundle` has bundle format 2, this program reads format 1");
    EXPECT_EQ(error.hint(), "use a newer gristmill");
  }
}

// An index that lies, with a right checksum.
TEST(Damage, TheIndexIsNotTrusted) {
  const std::string whole = linear_bytes();
  uint64_t length;
  std::memcpy(&length, whole.data() + 16, sizeof(length));
  const Json index = Json::parse(whole.substr(header_bytes, length));
  auto sealed = [&](const std::string& text) {
    std::string padded = text;
    padded.append((64 - (header_bytes + text.size()) % 64) % 64, ' ');
    std::string bytes = whole.substr(0, 12);
    const uint32_t crc = crc32c(padded);
    const uint64_t size = padded.size();
    bytes.append(reinterpret_cast<const char*>(&crc), sizeof(crc));
    bytes.append(reinterpret_cast<const char*>(&size), sizeof(size));
    return bytes + padded + whole.substr(header_bytes + length);
  };
  ASSERT_FALSE(is_refused(sealed(index.dump())));

  const Json values = {nullptr,
                       true,
                       "x",
                       -1,
                       0,
                       1,
                       64,
                       uint64_t(1) << 32,
                       1e300,
                       INT64_MAX,
                       UINT64_MAX,
                       UINT64_MAX - 63,
                       {},
                       {1},
                       {-1},
                       {INT64_MAX, INT64_MAX, 4},
                       {0},
                       "json",
                       Json::object()};
  std::vector<Pointer> places;
  all_pointers(index, Pointer(), places);
  for (const auto& place : places) {
    const std::string last = place.back();
    for (const Json& value : values) {
      Json changed = index;
      changed[place] = value;
      // The digest is for people; a name or type of section may stay, as may a dimension of 1.
      const std::string bytes = sealed(changed.dump());
      if (last == "sha256" || last == "kind" || changed == index) continue;
      try {
        parse_exactly(bytes);
        EXPECT_EQ(last, "name") << place << " = " << value;
      } catch (const Error& error) {
        EXPECT_EQ(name_of(error.code()), name_of(Code::corrupt)) << error.what();
      }
    }
  }
  for (const char* text : {"", "[]", "{}", "null", "{\"sections\": 1}", "{\"sections\": []}",
                           "{\"sections\": [[]]}", "{\"sections\": [", "\xff"})
    EXPECT_TRUE(is_refused(sealed(text))) << text;
}

TEST(Damage, EachValueOfTheManifestReplaced) {
  const Json values = {nullptr,   true,      -1,
                       0,         3,         1e300,
                       INT64_MAX, INT64_MIN, uint64_t(1) << 33,
                       "x",       "",        Json::array(),
                       {"x"},     {{1, 2}},  Json::object()};
  int64_t opened = 0, tried = 0;
  for (const std::string& bytes : {linear_bytes(), trees_bytes()}) {
    const State whole = state_of(bytes);
    std::vector<Pointer> places;
    all_pointers(whole.json, Pointer(), places);
    for (const auto& place : places) {
      for (const Json& value : values) {
        State state = whole;
        state.json[place] = value;
        ++tried;
        expect_harmless(state, place.to_string() + " = " + value.dump(), opened);
      }
      State state = whole;
      Json& parent = state.json[place.parent_pointer()];
      if (parent.is_object()) parent.erase(place.back());
      if (parent.is_array()) parent.erase(std::stoul(place.back()));
      ++tried;
      expect_harmless(state, "without " + place.to_string(), opened);
    }
  }
  EXPECT_GT(opened, 0);
  EXPECT_LT(opened, tried / 2);
}

template <class T>
void change_cells(const State& whole, const std::string& name, int64_t& opened) {
  const auto cells = whole.get<T>(name);
  const std::vector<T> values = {T(0),
                                 T(1),
                                 T(-1),
                                 T(7),
                                 std::numeric_limits<T>::max(),
                                 std::numeric_limits<T>::lowest(),
                                 std::numeric_limits<T>::quiet_NaN(),
                                 std::numeric_limits<T>::infinity()};
  const std::vector<T> before(cells.begin(), cells.end());
  auto expect = [&](std::vector<T> after, const std::string& what) {
    State state = whole;
    state.put(name, std::move(after));
    expect_harmless(state, name + " " + what, opened);
  };
  for (size_t i = 0; i < before.size(); ++i) {
    for (T value : values) {
      std::vector<T> after = before;
      after[i] = value;
      expect(after, std::to_string(i));
    }
  }
  for (T value : values) expect(std::vector<T>(before.size(), value), "all");
  for (size_t size : {size_t(0), before.size() / 2, before.size() + 1, before.size() * 2 + 64}) {
    std::vector<T> after = before;
    after.resize(size);
    expect(after, "of size " + std::to_string(size));
  }
}

TEST(Damage, EachArrayReplaced) {
  int64_t opened = 0;
  for (const std::string& bytes : {linear_bytes(), trees_bytes()}) {
    const State whole = state_of(bytes);
    for (const auto& [name, array] : whole.arrays()) {
      switch (array.dtype) {
        case DType::u8:
          change_cells<uint8_t>(whole, name, opened);
          break;
        case DType::u32:
          change_cells<uint32_t>(whole, name, opened);
          break;
        case DType::i32:
          change_cells<int32_t>(whole, name, opened);
          break;
        case DType::i64:
          change_cells<int64_t>(whole, name, opened);
          break;
        case DType::f32:
          change_cells<float>(whole, name, opened);
          break;
        case DType::f64:
          change_cells<double>(whole, name, opened);
          break;
        default:
          ADD_FAILURE() << name << " is of a type that nothing here changes";
      }
      State other = whole;
      other.put(name, std::vector<uint16_t>(3));
      expect_harmless(other, name + " of another type", opened);
      State state;
      state.json = whole.json;
      for (const auto& [kept, values] : whole.arrays())
        if (kept != name) state.put(kept, values);
      expect_harmless(state, "without " + name, opened);
    }
  }
  EXPECT_GT(opened, 0);
}

}  // namespace
}  // namespace gristmill
