#include "serve/endpoint.h"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "http/test_client.h"
#include "serve/test_bundle.h"

namespace gristmill {
namespace {

using nlohmann::json;

class Served {
 public:
  explicit Served(std::vector<std::shared_ptr<const Bundle>> bundles, ServeLimits limits = {},
                  int threads = 2)
      : endpoint(std::move(bundles), threads, limits), server(HttpLimits{}, threads) {
    endpoint.attach(server);
    port = server.listen("127.0.0.1", 0);
    thread = std::thread([this] { server.run(); });
  }
  ~Served() {
    server.stop();
    thread.join();
  }
  std::string ask(const std::string& method, const std::string& path,
                  const std::string& body = "") {
    TestClient client(port);
    client.send(fmt::format("{} {} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{}", method,
                            path, body.size(), body));
    return client.answer();
  }
  json post(const std::string& path, const std::string& body, int status = 200) {
    std::string answer = ask("POST", path, body);
    EXPECT_EQ(status_of(answer), status) << answer;
    return json::parse(body_of(answer));
  }
  json get(const std::string& path, int status = 200) {
    std::string answer = ask("GET", path);
    EXPECT_EQ(status_of(answer), status) << answer;
    return json::parse(body_of(answer));
  }

  Endpoint endpoint;
  HttpServer server;
  int port;
  std::thread thread;
};

TEST(Endpoint, PredictsAsTheContractSays) {
  Served served({test_bundle("late")});
  json answer = served.post(
      "/predict",
      R"({"instances":[{"carrier":"U\"A","flight":7,"distance":3},{"distance":4,"note":null}]})");
  EXPECT_EQ(answer["model"], "late");
  EXPECT_EQ(answer["version"], "0123456789ab");
  std::string id = answer["id"];
  EXPECT_EQ(id.size(), 16u);
  ASSERT_EQ(answer["predictions"].size(), 2u);
  json first = {{"id", id + "-0"},
                {"carrier", "U\"A"},
                {"flight", 7},
                {"prediction", true},
                {"probability", 0.75}};
  EXPECT_EQ(answer["predictions"][0], first);
  json second = {{"id", id + "-1"}, {"prediction", true}, {"probability", 0.75}};
  EXPECT_EQ(answer["predictions"][1], second);
  EXPECT_FALSE(answer.contains("ignored"));
  EXPECT_NE(served.post("/models/late/predict", R"([{"distance":1}])")["id"], id);
}

// All columns may have been left out: rows still count.
TEST(Endpoint, RowsWithoutColumns) {
  Signature signature;
  signature.problem = Problem::regression;
  Served served({test_bundle("mean", signature)});
  EXPECT_EQ(served.post("/predict", R"({"instances":[{},{"x":1},{}]})")["predictions"].size(), 3u);
}

TEST(Endpoint, MulticlassAndRegression) {
  Served served({test_bundle("kind", test_signature(Problem::multiclass)),
                 test_bundle("delay", test_signature(Problem::regression))});
  json kind = served.post("/predict", R"({"instances":[{"distance":1}]})")["predictions"][0];
  EXPECT_EQ(kind["prediction"], "b\"");
  EXPECT_EQ(kind["probabilities"], (json{{"a", 0.2}, {"b\"", 0.5}, {"c", 0.3}}));
  json delay =
      served.post("/models/delay/predict", R"({"instances":[{"distance":1}]})")["predictions"][0];
  EXPECT_EQ(delay["prediction"], 12.5);
  EXPECT_EQ(delay.size(), 2u);
}

TEST(Endpoint, Explains) {
  Served served({test_bundle("late"), test_bundle("kind", test_signature(Problem::multiclass))});
  const std::string body = R"({"instances":[{"distance":1}]})";
  json late = served.post("/predict?explain=true", body)["predictions"][0]["explanation"];
  EXPECT_EQ(late["contributions"], json::object());
  EXPECT_NEAR(late["base"], std::log(3), 1e-15);
  json kind =
      served.post("/models/kind/predict?explain=true", body)["predictions"][0]["explanation"];
  EXPECT_NEAR(kind["base"]["b\""], std::log(0.5), 1e-15);
  EXPECT_EQ(kind["contributions"],
            (json{{"a", json::object()}, {"b\"", json::object()}, {"c", json::object()}}));
  EXPECT_FALSE(
      served.post("/predict?explain=false", body)["predictions"][0].contains("explanation"));
  EXPECT_FALSE(served.post("/predict?", body)["predictions"][0].contains("explanation"));
  for (const char* query : {"explain", "explain=", "explain=1", "explain=TRUE", "explian=true", "=",
                            "explain=true&a=1", "explain=%00"}) {
    json error = served.post(std::string("/predict?") + query, body, 400)["error"];
    EXPECT_EQ(error["code"], "invalid") << query;
  }
}

TEST(Endpoint, ExplainsSoManyRowsAtOnce) {
  for (ServeLimits limits :
       {ServeLimits{.explained_steps = 2}, ServeLimits{.explained_numbers = 2}}) {
    Served served({test_bundle("late")}, limits);
    const std::string three = R"([{"distance":1},{"distance":1},{"distance":1}])";
    EXPECT_EQ(
        served.post("/predict?explain=true", R"([{"distance":1},{"distance":2}])")["predictions"]
            .size(),
        2u);
    json error = served.post("/predict?explain=true", three, 413)["error"];
    EXPECT_NE(std::string(error["message"]).find("at most 2"), std::string::npos) << error;
    served.post("/predict", three);
  }
}

// A model of which too little was kept: said each time, and predictions go on.
TEST(Endpoint, CannotExplain) {
  auto bundle = std::const_pointer_cast<Bundle>(test_bundle("late"));
  bundle->model = make_baseline({0.75}, {});
  Served served({bundle});
  for (int i = 0; i < 2; ++i) {
    json error = served.post("/predict?explain=true", R"([{"distance":1}])", 400)["error"];
    EXPECT_NE(std::string(error["message"]).find("cannot explain"), std::string::npos) << error;
  }
  served.post("/predict", R"([{"distance":1}])");
}

TEST(Endpoint, UnknownColumnsAreListed) {
  Served served({test_bundle("late")});
  json answer = served.post(
      "/predict", R"({"instances":[{"distance":1,"zoo":1,"dep_delay":"x","ant":[1,{"a":2}]}]})");
  EXPECT_EQ(answer["ignored"], (json{"ant", "zoo"}));
}

TEST(Endpoint, KeyColumnsNamedLikeOurMembersStandApart) {
  Signature signature = test_signature(Problem::regression);
  signature.fields[0].field.name = "id";
  Served served({test_bundle("delay", signature)});
  json row = served.post(
      "/predict", R"({"instances":[{"id":"x1","flight":2,"distance":1}]})")["predictions"][0];
  EXPECT_EQ(row["key"], (json{{"id", "x1"}}));
  EXPECT_EQ(row["flight"], 2);
  EXPECT_NE(row["id"], "x1");
}

TEST(Endpoint, RowsThatDoNotFit) {
  Served served({test_bundle("late")});
  json error =
      served.post("/predict", R"({"instances":[{"distance":1},{"distanse":2}]})", 422)["error"];
  EXPECT_EQ(error["code"], "invalid");
  EXPECT_EQ(error["where"], (json{{"row", 2}, {"field", "distance"}}));
  EXPECT_NE(std::string(error["hint"]).find("distanse"), std::string::npos) << error;
  error = served.post("/predict", R"({"instances":[{"distance":"far"}]})", 422)["error"];
  EXPECT_EQ(error["where"]["field"], "distance");
  served.post("/predict", R"({"instances":[{"distance":null}]})", 422);
  served.post("/predict", R"({"instances":[5]})", 422);
}

TEST(Endpoint, BodiesThatAreNotRows) {
  Served served({test_bundle("late")});
  for (const char* body : {"", "{", R"({"instances":[]})", "null", "5", "{}", R"({"instances":5})",
                           "\xff\xfe", R"({"instances":[{"distance":1}]} x)",
                           R"({"instances":[{"distance":1)", R"({"instances":[{"distance":1e}]})"})
    EXPECT_FALSE(std::string(served.post("/predict", body, 400)["error"]["message"]).empty());
}

TEST(Endpoint, RowLimit) {
  Served served({test_bundle("late")}, {.rows = 2});
  EXPECT_EQ(served.post("/predict", R"([{"distance":1},{"distance":1}])")["predictions"].size(),
            2u);
  json error =
      served.post("/predict", R"([{"distance":1},{"distance":1},{"distance":1}])", 413)["error"];
  EXPECT_EQ(error["code"], "exhausted");
}

TEST(Endpoint, Documents) {
  Served served({test_bundle("late"), test_bundle("delay", test_signature(Problem::regression))});
  json schema = served.get("/schema");
  EXPECT_EQ(schema["required"], json{"distance"});
  EXPECT_EQ(schema["properties"]["note"]["type"], (json{"string", "null"}));
  EXPECT_EQ(served.get("/models/late/schema"), schema);
  json models = served.get("/models")["models"];
  ASSERT_EQ(models.size(), 2u);
  EXPECT_EQ(models[1]["name"], "delay");
  json openapi = served.get("/openapi.json");
  EXPECT_EQ(openapi["openapi"], "3.1.0");
  EXPECT_TRUE(openapi["paths"].contains("/models/delay/predict"));
  EXPECT_EQ(served.get("/healthz")["status"], "ok");
  EXPECT_EQ(served.get("/readyz")["status"], "ready");
  EXPECT_EQ(status_of(served.ask("PUT", "/predict")), 405);
  json error = served.get("/models/lat/schema", 404)["error"];
  EXPECT_NE(std::string(error["hint"]).find("late"), std::string::npos);
  served.post("/models/nothing/predict", "[]", 404);
}

TEST(Endpoint, Metrics) {
  Served served({test_bundle("late")});
  served.post("/predict", R"([{"distance":1},{"distance":1}])");
  served.post("/predict", R"([{"distance":1}])");
  served.post("/predict", R"([{"distance":"x"}])", 422);
  served.get("/nowhere", 404);
  std::string text = body_of(served.ask("GET", "/metrics"));
  auto has = [&](const std::string& line) { return text.find(line + "\n") != std::string::npos; };
  std::string model = R"(model="late",version="0123456789ab")";
  EXPECT_TRUE(has("gristmill_requests_total{" + model + R"(,code="200"} 2)")) << text;
  EXPECT_TRUE(has("gristmill_requests_total{" + model + R"(,code="422"} 1)")) << text;
  EXPECT_TRUE(has("gristmill_rows_total{" + model + "} 3")) << text;
  EXPECT_TRUE(has(R"(gristmill_rejected_total{reason="not_found"} 1)")) << text;
  EXPECT_TRUE(has("gristmill_request_duration_seconds_count{" + model + "} 3")) << text;
  EXPECT_TRUE(has("gristmill_request_duration_seconds_bucket{" + model + R"(,le="+Inf"} 3)"));
  EXPECT_TRUE(has("gristmill_model_info{" + model + R"(,problem="binary"} 1)")) << text;
}

TEST(Endpoint, ManyClientsAtOnce) {
  Served served({test_bundle("late")}, {}, 3);
  std::vector<std::thread> clients;
  std::atomic<int> wrong{0};
  for (int i = 0; i < 6; ++i)
    clients.emplace_back([&, i] {
      TestClient client(served.port);
      for (int k = 0; k < 200; ++k) {
        std::string body = fmt::format(R"([{{"flight":{},"distance":1}}])", i * 1000 + k);
        client.send(fmt::format("POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{}",
                                body.size(), body));
        json answer = json::parse(body_of(client.answer()));
        if (answer["predictions"][0]["flight"] != i * 1000 + k) ++wrong;
      }
    });
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(wrong, 0);
  std::string text = body_of(served.ask("GET", "/metrics"));
  EXPECT_NE(text.find(R"(code="200"} 1200)"), std::string::npos) << text;
}

TEST(Endpoint, RefusesBundlesOfOneName) {
  EXPECT_THROW(Endpoint({test_bundle("late"), test_bundle("late")}, 1), Error);
  EXPECT_THROW(Endpoint({}, 1), Error);
}

}  // namespace
}  // namespace gristmill
