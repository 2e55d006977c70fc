// Bundles behind HTTP: the routes that clients know.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/server.h"
#include "serve/metrics.h"
#include "serve/served_model.h"

namespace gristmill {

//   POST /predict, /models/NAME/predict   {"instances": [{column: value, …}, …]} → predictions;
//        ?explain=true                    each with its explanation
//   GET  /schema, /models/NAME/schema     JSON Schema of an instance
//   GET  /models, /openapi.json, /healthz, /readyz, /metrics
// /predict and /schema are the first bundle's. Outlives the server's run().
class Endpoint {
 public:
  // Code::usage when there is no bundle, or two share a name. `threads`: the server's.
  Endpoint(std::vector<std::shared_ptr<const Bundle>> bundles, int threads,
           ServeLimits limits = {});

  // Adds its routes; before server.listen().
  void attach(HttpServer& server);

 private:
  void predict(size_t model, const HttpRequest& request, HttpResponse& response);
  // Of the first capture; Code::not_found with the nearest name.
  size_t model_named(std::string_view name);
  void serve_document(HttpServer& server, const char* path, nlohmann::json document);

  std::vector<std::string> names_;
  std::vector<std::unique_ptr<ServedModel>> models_;
  std::vector<std::string> schemas_;
  nlohmann::json openapi_;
  Metrics metrics_;
};

}  // namespace gristmill
