#include "base/state.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

namespace gristmill {
namespace {

Code code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return Code::internal;
}

TEST(State, KeepsArraysAndStrings) {
  State state;
  state.put<double>("means", {1.5, -0.0, INFINITY});
  state.put<int32_t>("codes", {1, 2, 3, 4, 5, 6}, {2, 3});
  std::vector<std::string> words = {"", "über", std::string("n\0l", 3), ""};
  state.put_strings("words", words);
  state.put_strings("none", {});
  EXPECT_EQ(state.get<double>("means")[0], 1.5);
  EXPECT_TRUE(std::signbit(state.get<double>("means")[1]));
  EXPECT_EQ(state.get<int32_t>("codes").size(), 6u);
  EXPECT_EQ(state.get_strings("words"), std::vector<std::string_view>(words.begin(), words.end()));
  EXPECT_TRUE(state.get_strings("none").empty());
}

TEST(State, RefusesWhatDoesNotFit) {
  State state;
  state.put<double>("means", {1, 2});
  EXPECT_EQ(code_of([&] { state.get<float>("means"); }), Code::corrupt);
  EXPECT_EQ(code_of([&] { state.get<double>("other"); }), Code::corrupt);
  auto put = [&](std::vector<int64_t> shape, std::string_view bytes) {
    state.put("bad", Array{DType::f64, std::move(shape), bytes, nullptr});
  };
  alignas(8) static const char bytes[24] = {};
  put({3}, {bytes, 16});
  EXPECT_EQ(code_of([&] { state.get<double>("bad"); }), Code::corrupt);
  put({-2}, {bytes, 16});
  EXPECT_EQ(code_of([&] { state.get<double>("bad"); }), Code::corrupt);
  put({int64_t(1) << 40, int64_t(1) << 40}, {bytes, 0});
  EXPECT_EQ(code_of([&] { state.get<double>("bad"); }), Code::corrupt);
  put({2}, {bytes + 4, 16});
  EXPECT_EQ(code_of([&] { state.get<double>("bad"); }), Code::corrupt);
  put({2}, {bytes, 16});
  EXPECT_EQ(state.get<double>("bad").size(), 2u);
}

TEST(State, RefusesBadStrings) {
  State state;
  state.put<uint8_t>("s.bytes", {'a', 'b', 'c'});
  for (std::vector<int64_t> offsets :
       std::vector<std::vector<int64_t>>{{}, {1, 3}, {0, 2}, {0, 4}, {0, 3, 2, 3}, {0, -1, 3}}) {
    state.put<int64_t>("s.offsets", offsets);
    EXPECT_EQ(code_of([&] { state.get_strings("s"); }), Code::corrupt);
  }
}

TEST(State, MembersAreTyped) {
  State state;
  state.json = {{"n", 3}, {"name", "x"}};
  EXPECT_EQ(state.at<int>("n"), 3);
  EXPECT_EQ(code_of([&] { state.at<std::string>("n"); }), Code::corrupt);
  EXPECT_EQ(code_of([&] { state.at<int>("m"); }), Code::corrupt);
  state.json = 5;
  EXPECT_EQ(code_of([&] { state.at<int>("n"); }), Code::corrupt);
}

TEST(State, Nests) {
  State child, parent;
  child.json = {{"k", 1}};
  child.put<int64_t>("v", {7, 8});
  parent.put_state("a", child);
  parent.put_state("ab", State());
  State back = parent.get_state("a");
  EXPECT_EQ(back.json, child.json);
  EXPECT_EQ(back.get<int64_t>("v")[1], 8);
  EXPECT_EQ(back.arrays().size(), 1u);
  EXPECT_EQ(back.digest_hex(), child.digest_hex());
  EXPECT_TRUE(parent.get_state("ab").arrays().empty());
}

TEST(State, DigestSeesEverything) {
  State state;
  state.json = {{"a", 0.1}};
  state.put<double>("v", {1, 2});
  std::string first = state.digest_hex();
  State other = state;
  EXPECT_EQ(other.digest_hex(), first);
  other.put<double>("v", {1, 2.0000000001});
  EXPECT_NE(other.digest_hex(), first);
  other = state;
  other.put<double>("v", {1, 2}, {2, 1});
  EXPECT_NE(other.digest_hex(), first);
  other = state;
  other.json["a"] = 0.1 + 0x1p-55;
  EXPECT_NE(other.digest_hex(), first);
  other = state;
  other.put<uint8_t>("w", {});
  EXPECT_NE(other.digest_hex(), first);
}

TEST(DTypes, NamesRoundTrip) {
  for (int i = 0; i < 8; ++i) EXPECT_EQ(parse_dtype(name_of(DType(i))), DType(i));
  EXPECT_EQ(safetensors_name(DType::i64), "I64");
  EXPECT_EQ(size_of(DType::u16), 2u);
  EXPECT_EQ(code_of([] { parse_dtype("f16"); }), Code::corrupt);
}

}  // namespace
}  // namespace gristmill
