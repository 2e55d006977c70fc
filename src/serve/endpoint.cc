#include "serve/endpoint.h"

#include <algorithm>
#include <chrono>

#include "serve/documents.h"

namespace gristmill {
namespace {

std::vector<Metrics::Model> metric_models(
    const std::vector<std::shared_ptr<const Bundle>>& bundles) {
  std::vector<Metrics::Model> models;
  for (const auto& bundle : bundles)
    models.push_back(
        {bundle->name, bundle->version, std::string(name_of(bundle->signature.problem))});
  return models;
}

// Names and examples come from the user's tables: any bytes.
std::string dump(const nlohmann::json& document) {
  return document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

Endpoint::Endpoint(std::vector<std::shared_ptr<const Bundle>> bundles, int threads,
                   ServeLimits limits)
    : metrics_(metric_models(bundles), threads) {
  if (bundles.empty()) throw Error(Code::usage, "there is no bundle to serve");
  for (auto& bundle : bundles) {
    if (std::find(names_.begin(), names_.end(), bundle->name) != names_.end())
      throw Error(Code::usage, "two bundles are named \"" + bundle->name + "\"", {},
                  "serve one of them only");
    names_.push_back(bundle->name);
    schemas_.push_back(dump(instance_schema(*bundle)));
    models_.push_back(std::make_unique<ServedModel>(bundle, threads, limits));
  }
  openapi_ = openapi_document(bundles, limits.rows);
}

void Endpoint::attach(HttpServer& server) {
  server.route("POST", "/predict", [this](const HttpRequest& request, HttpResponse& response) {
    predict(0, request, response);
  });
  server.route("POST", "/models/*/predict",
               [this](const HttpRequest& request, HttpResponse& response) {
                 predict(model_named(request.captures[0]), request, response);
               });
  server.route("GET", "/schema",
               [this](const HttpRequest&, HttpResponse& response) { response.body = schemas_[0]; });
  server.route("GET", "/models/*/schema",
               [this](const HttpRequest& request, HttpResponse& response) {
                 response.body = schemas_[model_named(request.captures[0])];
               });
  nlohmann::json models = nlohmann::json::array();
  for (const auto& model : models_) models.push_back(describe_model(model->bundle()));
  serve_document(server, "/models", {{"models", models}});
  serve_document(server, "/openapi.json", openapi_);
  serve_document(server, "/healthz", {{"status", "ok"}});
  serve_document(server, "/readyz", {{"status", "ready"}});
  server.route("GET", "/metrics", [this](const HttpRequest&, HttpResponse& response) {
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = metrics_.text();
  });
  server.on_rejected([this](std::string_view reason) { metrics_.count_rejected(reason); });
}

void Endpoint::serve_document(HttpServer& server, const char* path, nlohmann::json document) {
  server.route("GET", path, [text = dump(document)](const HttpRequest&, HttpResponse& response) {
    response.body = text;
  });
}

size_t Endpoint::model_named(std::string_view name) {
  auto found = std::find(names_.begin(), names_.end(), name);
  if (found != names_.end()) return size_t(found - names_.begin());
  metrics_.count_rejected("unknown_model");
  throw Error(Code::not_found, "no model is named \"" + std::string(name) + "\"", {},
              did_you_mean(name, names_));
}

void Endpoint::predict(size_t model, const HttpRequest& request, HttpResponse& response) {
  using Clock = std::chrono::steady_clock;
  Clock::time_point began = Clock::now();
  int64_t rows = models_[model]->predict(request, response);
  std::chrono::duration<double> taken = Clock::now() - began;
  metrics_.count_request(request.thread, model, response.status, rows, taken.count());
}

}  // namespace gristmill
