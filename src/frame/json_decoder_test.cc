#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "frame/cell.h"
#include "frame/readers.h"

namespace gristmill {
namespace {

Expected flights() {
  return {Schema({{"id", Type::int64, false},
                  {"late", Type::boolean, true},
                  {"dep_delay", Type::float64, true},
                  {"carrier", Type::string, false},
                  {"day", Type::date, true},
                  {"hour", Type::timestamp, true},
                  {"seen", Type::timestamptz, true}}),
          {"origin"}};
}

struct Decoded {
  std::vector<std::string> rows;  // cells joined with |; nulls are empty
  std::vector<std::string> unknown;
};

Decoded decode_with(JsonDecoder& decoder, std::string body, int64_t max_rows = 100) {
  const size_t size = body.size();
  body.resize(size + 64, ']');  // what a hostile neighbour may have left in the padding
  static thread_local BatchBuffer out;
  Decoded decoded;
  decoded.unknown = decoder.decode(std::string_view(body).substr(0, size), max_rows, out);
  const Batch batch = out.view();
  for (int64_t row = 0; row < batch.rows; ++row) {
    std::string text;
    for (const Column& column : batch.columns) text += cell_text(column, row) + "|";
    decoded.rows.push_back(text);
  }
  return decoded;
}

Decoded decode(const std::string& body) {
  JsonDecoder decoder(flights());
  return decode_with(decoder, body);
}

Error error_of(const std::string& body, int64_t max_rows = 100) {
  JsonDecoder decoder(flights());
  try {
    decode_with(decoder, body, max_rows);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "accepted: " << body;
  return Error(Code::internal, "");
}

TEST(JsonDecoder, ReadsEveryType) {
  const Decoded decoded = decode(
      R"({"instances": [{"id": 7, "late": true, "dep_delay": -2.5,
      "carrier": "ÜA\n\u00e4\ud83d\ude00", "day": "2013-02-28", "hour": "2013-01-01T05:00:00",
      "seen": "2013-01-01T05:00:00+05:00"}]})");
  ASSERT_EQ(decoded.rows.size(), 1u);
  EXPECT_EQ(decoded.rows[0].find("7|true|-2.5|ÜA\nä😀|2013-02-28|2013-01-01T05:00:00"), 0u)
      << decoded.rows[0];
  EXPECT_NE(decoded.rows[0].find("2013-01-01T00:00:00"), std::string::npos) << decoded.rows[0];
  EXPECT_TRUE(decoded.unknown.empty());
}

TEST(JsonDecoder, TakesRowsInAnyOrderAndShape) {
  for (const char* body : {
           R"({"instances":[{"id":1,"carrier":"UA"},{"carrier":"AA","id":2,"late":false}]})",
           R"([{"id":1,"carrier":"UA"},{"carrier":"AA","late":false,"id":2.0}])",
           R"(  [ { "id" : 1 , "carrier" : "UA" , "late" : null } ,
              {"late":false,"id":20e-1,"carrier":"AA"} ]  )",
           R"({"x":[{"instances":1}],"instances":[{"\u0069d":1,"c\u0061rrier":"U\u0041"},
              {"id":2,"carrier":"AA","late":false}],"y":null})",
           "\n[{\"id\":1,\"carrier\":\"UA\",\"origin\":{\"deep\":[1,2,{}]}},{\"id\":2,\"origin\":"
           "1e999,\"carrier\":\"AA\",\"late\":false}]\r\n",
       }) {
    const Decoded decoded = decode(body);
    EXPECT_EQ(decoded.rows, (std::vector<std::string>{"1|||UA||||", "2|false||AA||||"})) << body;
    EXPECT_TRUE(decoded.unknown.empty()) << body;
  }
}

TEST(JsonDecoder, CollectsUnknownNamesSortedForEachCallAlone) {
  JsonDecoder decoder(flights());
  EXPECT_EQ(decode_with(decoder, R"([{"zz":{"a":[]},"id":1,"carrier":"","aa":"x"},
                                    {"aa":2,"id":1,"carrier":"","\u0062b":1}])")
                .unknown,
            (std::vector<std::string>{"aa", "bb", "zz"}));
  EXPECT_EQ(decode_with(decoder, R"([{"id":1,"carrier":""}])").unknown, std::vector<std::string>());
  EXPECT_EQ(decode_with(decoder, R"([{"id":1,"carrier":"","aa":0}])").unknown,
            std::vector<std::string>{"aa"});
  std::string many = R"([{"id":1,"carrier":"")";
  for (int i = 0; i < 500; ++i) many += fmt::format(",\"u{}\":{}", i, i);
  EXPECT_EQ(decode_with(decoder, many + "}]").unknown.size(), 100u);
  const std::string name(127, 'n');
  EXPECT_EQ(
      decode_with(decoder, fmt::format(R"([{{"{}ä":1,"id":1,"carrier":"","{}äö":2}}])", name, name))
          .unknown,
      std::vector<std::string>{name + "…"});
  EXPECT_EQ(decode_with(decoder, R"([{"id":1,"carrier":"","aa":0}])").unknown,
            std::vector<std::string>{"aa"});
}

TEST(JsonDecoder, NumbersInAnArrayAreText) {
  auto text_of = [](const std::string& array) {
    JsonDecoder decoder({Schema({{"x", Type::string}}), {}});
    BatchBuffer out;
    const std::string body = "[{\"x\":" + array + "}]" + std::string(64, ' ');
    decoder.decode(std::string_view(body).substr(0, body.size() - 64), 10, out);
    return cell_text(out.view().columns[0], 0);
  };
  EXPECT_EQ(text_of("[1, 2.50 ,-3e2,null]"), "[1,2.50,-3e2,null]");
  EXPECT_EQ(text_of("[ ]"), "[]");
  for (const char* broken : {"[1,]", "[1 2]", "[,1]", "[1", "[nul]", "[01]", "[true]"})
    EXPECT_THROW(text_of(broken), Error) << broken;
}

TEST(JsonDecoder, SaysWhichRowAndColumnIsWrong) {
  struct Case {
    const char* row;
    const char* field;
    const char* message;
    const char* hint = "";
  };
  for (const Case& c : std::vector<Case>{
           {R"({"carrier":"A"})", "id", "\"id\" is missing"},
           {R"({"id":1,"carier":"A"})", "carrier", "is missing",
            "\"carier\" is not known; did you mean \"carrier\"?"},
           {R"({"id":null,"carrier":"A"})", "id", "may not be null"},
           {R"({"id":5.5,"carrier":"A"})", "id", "takes an integer, not \"5.5\""},
           {R"({"id":"5","carrier":"A"})", "id", "takes an integer, not the string \"5\""},
           {R"({"id":true,"carrier":"A"})", "id", "takes an integer, not true"},
           {R"({"id":9223372036854775808,"carrier":"A"})", "id", "beyond 64-bit"},
           {R"({"id":-9223372036854775809,"carrier":"A"})", "id", "beyond 64-bit"},
           {R"({"id":1e30,"carrier":"A"})", "id", "beyond 64-bit"},
           {R"({"id":1e-30,"carrier":"A"})", "id", "takes an integer"},
           {R"({"id":5.00000000000000000000000001,"carrier":"A"})", "id", "takes an integer"},
           {R"({"id":1,"carrier":5})", "carrier", "takes text, not 5"},
           {R"({"id":1,"carrier":["A"]})", "carrier",
            "takes text, not an array with the string \"A\"",
            "an array of numbers is taken as its text"},
           {R"({"id":1,"carrier":[[1]]})", "carrier", "takes text, not an array with an array",
            "an array of numbers is taken as its text"},
           {R"({"id":1,"carrier":{"a":1}})", "carrier", "takes text, not an object"},
           {R"({"id":1,"carrier":"A","late":1})", "late", "takes true or false, not 1"},
           {R"({"id":1,"carrier":"A","late":"true"})", "late", "not the string \"true\""},
           {R"({"id":1,"carrier":"A","dep_delay":1e400})", "dep_delay", "too large"},
           {R"({"id":1,"carrier":"A","dep_delay":"1"})", "dep_delay", "takes a number"},
           {R"({"id":1,"carrier":"A","dep_delay":{}})", "dep_delay", "not an object"},
           {R"({"id":1,"carrier":"A","day":"2013-02-30"})", "day", "takes a date"},
           {R"({"id":1,"carrier":"A","day":20130230})", "day", "takes a date"},
           {R"({"id":1,"carrier":"A","hour":"25:00"})", "hour", "takes a time"},
           {R"({"id":1,"carrier":"A","id":1})", "", "\"id\" occurs twice"},
           {R"({"id":1,"carrier":"A","\u0069d":1})", "", "\"id\" occurs twice"},
           {R"({"id":1,"carrier":"A","origin":1,"origin":1})", "", "occurs twice"},
           {R"({"id":1,"carrier":"A","q":1,"q":1})", "", "\"q\" occurs twice"},
           {R"([1])", "", "must be an object"},
           {R"("x")", "", "must be an object"},
           {R"(null)", "", "must be an object"},
       }) {
    const Error error = error_of(fmt::format(R"([{{"id":1,"carrier":"A"}},{}])", c.row));
    EXPECT_EQ(error.code(), Code::invalid);
    EXPECT_NE(error.message().find(c.message), std::string::npos) << error.what();
    EXPECT_EQ(error.where().row, 1) << error.what();
    EXPECT_EQ(error.where().field, c.field) << error.what();
    EXPECT_EQ(error.hint(), c.hint) << error.what();
  }
}

TEST(JsonDecoder, SaysWhichShapeIsDue) {
  for (const auto& [body, message] : std::vector<std::pair<std::string, std::string>>{
           {"", "empty"},
           {"  ", "empty"},
           {"5", "the request is 5"},
           {"null", "the request is null"},
           {"\"a\"", "the request is the string"},
           {"{}", "\"instances\" is missing"},
           {R"({"Instances":[]})", "\"instances\" is missing"},
           {"[]", "no rows"},
           {R"({"instances":[]})", "no rows"},
           {R"({"instances":{"id":1}})", "must be an array of rows, not an object"},
           {R"({"instances":[{"id":1,"carrier":""}],"instances":[{"id":1,"carrier":""}]})",
            "occurs twice"},
       }) {
    const Error error = error_of(body);
    EXPECT_EQ(error.code(), Code::invalid);
    EXPECT_NE(error.message().find(message), std::string::npos) << error.what();
    EXPECT_NE(error.hint().find("instances"), std::string::npos) << error.what();
  }
}

TEST(JsonDecoder, SaysAtWhichByteJsonIsMalformed) {
  for (const auto& [body, at] : std::vector<std::pair<std::string, size_t>>{
           {R"([{"id":1,"carrier":"A"}] x)", 25},
           {R"([{"id":1,"carrier":"A"}]])", 24},
           {R"([{"id":1,"carrier":"A"})", 23},
           {R"([{"id":1,"carrier":"A")", 22},
           {R"([{"id":1,"carrier":"A)", 19},
           {R"([{"id":1,})", 9},
           {R"([{"id" 1})", 7},
           {R"([{id:1})", 2},
           {R"([{"id":01}])", 7},
           {R"([{"id":-}])", 8},
           {R"([{"id":1.}])", 9},
           {R"([{"id":1e}])", 9},
           {R"([{"id":+1}])", 0},
           {R"([{"id":nul}])", 7},
           {R"([{"id":1,"carrier":"\x"}])", 20},
           {R"([{"id":1,"carrier":"\ud800"}])", 20},
           {R"([{"id":1,"carrier":"\ud800\u0041"}])", 20},
           {R"([{"id":1,"carrier":"\u12g4"}])", 24},
           {"[{\"id\":1,\"carrier\":\"a\tb\"}]", 21},
           {"[{\"id\":1,\"carrier\":\"a\xff\"}]", 21},
           {R"([{"id":1,"carrier":"A","origin":[1,]}])", 35},
           {R"([{"id":1,"carrier":"A","origin":{"a":1,}}])", 39},
           {R"([{"id":1,"carrier":"A","origin":{"a" 1}}])", 37},
           {R"([{"id":1,"carrier":"A","origin":tru}])", 32},
           {R"([{"id":1,"carrier":"A","x":[1 2]}])", 30},
           {R"([{"id":1,"carrier":"A","x":"\q"}])", 28},
           {R"([{"id":1,"carrier":"A","x":00}])", 27},
           {R"({"a":[1 2],"instances":[{"id":1,"carrier":"A"}]})", 8},
           {R"({"instances":[{"id":1,"carrier":"A"}],"b":[}})", 43},
           {std::string("[{\"id\":1,\"carrier\":\"A\"}]\0", 25), 24},
       }) {
    const Error error = error_of(body);
    EXPECT_EQ(error.code(), Code::invalid);
    if (at == 0) continue;
    EXPECT_NE(error.message().find("malformed JSON"), std::string::npos) << error.what();
    EXPECT_NE(error.message().find(fmt::format("byte {}:", at)), std::string::npos) << body << "\n"
                                                                                    << error.what();
  }
}

TEST(JsonDecoder, RefusesBombs) {
  const std::string deep(100000, '[');
  EXPECT_NE(error_of(R"([{"id":1,"carrier":"A","x":)" + deep).message().find("nested deeper"),
            std::string::npos);
  EXPECT_NE(error_of(deep).message().find("must be an object"), std::string::npos);
  std::string objects;
  for (int i = 0; i < 100000; ++i) objects += "{\"a\":";
  EXPECT_NE(error_of("{\"x\":" + objects).message().find("nested deeper"), std::string::npos);

  const Error rows = error_of(R"([{"id":1,"carrier":"A"},{"id":1,"carrier":"A"}])", 1);
  EXPECT_EQ(rows.code(), Code::exhausted);
}

TEST(JsonDecoder, KeepsIntegersAndDoublesExact) {
  JsonDecoder decoder({Schema({{"i", Type::int64, true}, {"x", Type::float64, true}}), {}});
  BatchBuffer out;
  auto run = [&](const std::string& i, const std::string& x) {
    std::string body = fmt::format(R"([{{"i":{},"x":{}}}])", i, x);
    const size_t size = body.size();
    body.resize(size + 64);
    decoder.decode(std::string_view(body).substr(0, size), 1, out);
    const Batch batch = out.view();
    return std::pair(batch.columns[0].values<int64_t>()[0], batch.columns[1].values<double>()[0]);
  };
  EXPECT_EQ(run("9223372036854775807", "0").first, INT64_MAX);
  EXPECT_EQ(run("-9223372036854775808", "0").first, INT64_MIN);
  EXPECT_EQ(run("9007199254740993.0", "0").first, 9007199254740993);
  EXPECT_EQ(run("92233720368547758.07e2", "0").first, INT64_MAX);
  EXPECT_EQ(run("0e99999", "0").first, 0);
  EXPECT_EQ(run("-0", "5e-324").second, 5e-324);
  EXPECT_EQ(run("0", "1e-400").second, 0.0);
  EXPECT_EQ(run("0", "0e999999").second, 0.0);
  EXPECT_TRUE(std::signbit(run("0", "-0").second));
  EXPECT_EQ(run("0", "1.7976931348623157e308").second, 1.7976931348623157e308);
  EXPECT_EQ(run("0", "2.2250738585072011e-308").second, 2.2250738585072011e-308);
  EXPECT_EQ(run("0", std::string(400, '1').insert(1, ".")).second, 10.0 / 9);

  std::mt19937_64 random(7);
  for (int k = 0; k < 20000; ++k) {
    const int64_t i = int64_t(random()) >> (random() % 64);
    uint64_t bits = random();
    double x;
    std::memcpy(&x, &bits, sizeof(x));
    if (!std::isfinite(x)) continue;
    const std::string text = k % 2 == 0 ? fmt::format("{}", x)
                             : k % 4 == 1
                                 ? fmt::format("{:.17e}", x)
                                 : fmt::format("{:.3f}", x = std::round(double(i % 99999)) / 8);
    const auto [i2, x2] = run(std::to_string(i), text);
    ASSERT_EQ(i, i2);
    ASSERT_EQ(x, x2) << text;
  }
}

// Whatever bytes come, and whatever came before in this decoder: what it accepts a slow parser
// accepts with the same values, and what it calls malformed the slow parser refuses.
TEST(JsonDecoder, AgreesWithASlowParserOnMutatedRequests) {
  const std::string seed =
      R"({"a":[1,{"b":"x\n"}],"instances":[{"id":12,"late":true,"dep_delay":1.5e1,)"
      R"("carrier":"U\u0041","origin":[null,"\\"]},)"
      R"({"id":-3,"carrier":"é","zz":{"k":false},"late":null}]})";
  constexpr std::string_view alphabet = "{}[]\":,0123456789.eE+-\\ux truefalsn\n\t \xc3\xa9\x01";
  const Expected expected{Schema({{"id", Type::int64, false},
                                  {"late", Type::boolean, true},
                                  {"dep_delay", Type::float64, true},
                                  {"carrier", Type::string, false}}),
                          {"origin"}};
  JsonDecoder decoder(expected);
  std::mt19937_64 random(11);
  int accepted = 0;
  for (int k = 0; k < 60000; ++k) {
    std::string body = seed;
    for (size_t edits = 1 + random() % 3; edits > 0 && !body.empty(); --edits) {
      const size_t at = random() % body.size();
      const char c = alphabet[random() % alphabet.size()];
      switch (random() % 4) {
        case 0:
          body[at] = c;
          break;
        case 1:
          body.erase(at, 1 + random() % 4);
          break;
        case 2:
          body.insert(at, 1, c);
          break;
        default:
          body.insert(at, body.substr(random() % body.size(), random() % 12));
      }
    }
    const auto parsed = nlohmann::json::parse(body, nullptr, false);
    Decoded decoded;
    bool ok = true;
    try {
      decoded = decode_with(decoder, body);
    } catch (const Error& error) {
      ok = false;
      if (error.message().find("malformed") != std::string::npos) {
        ASSERT_TRUE(parsed.is_discarded()) << body << error.what();
      }
    }
    if (ok) {
      ++accepted;
      ASSERT_FALSE(parsed.is_discarded()) << body;
      const auto& rows = parsed.is_array() ? parsed : parsed["instances"];
      ASSERT_EQ(rows.size(), decoded.rows.size()) << body;
      for (size_t row = 0; row < rows.size(); ++row) {
        ASSERT_EQ(rows[row]["id"].get<double>(), std::stod(decoded.rows[row])) << body;
        ASSERT_NE(decoded.rows[row].find(rows[row]["carrier"].get<std::string>() + "|"),
                  std::string::npos)
            << body;
      }
    }
  }
  EXPECT_GT(accepted, 1000);
}

TEST(JsonDecoder, TakesLongAndOddNames) {
  const std::string long_name(300, 'n');
  const std::string almost = long_name + "x";
  JsonDecoder decoder({Schema({{long_name, Type::int64, false},
                               {almost, Type::int64, false},
                               {"q\"\\\n", Type::int64, false},
                               {"", Type::int64, false}}),
                       {}});
  const std::string body =
      fmt::format(R"([{{"{}":1,"{}":2,"q\"\\\n":3,"":4}}])", long_name, almost);
  EXPECT_EQ(decode_with(decoder, body).rows, std::vector<std::string>{"1|2|3|4|"});
  EXPECT_EQ(decode_with(decoder, body).rows, std::vector<std::string>{"1|2|3|4|"});
  EXPECT_THROW(decode_with(decoder, "[{\"" + long_name), Error);
  EXPECT_THROW(decode_with(decoder, "[{\"q\""), Error);
}

}  // namespace
}  // namespace gristmill
