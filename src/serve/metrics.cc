#include "serve/metrics.h"

#include <algorithm>

#include <fmt/format.h>

namespace gristmill {
namespace {

// A label's value: backslash, quote and line feed escaped.
std::string escaped(std::string_view value) {
  std::string text;
  for (char c : value) {
    if (c == '\n') {
      text += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') text += '\\';
    text += c;
  }
  return text;
}

void append_help(std::string& out, std::string_view name, std::string_view type,
                 std::string_view help) {
  out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

}  // namespace

Metrics::Metrics(std::vector<Model> models, int threads) : models_(std::move(models)) {
  for (const Model& model : models_)
    labels_.push_back(
        fmt::format("model=\"{}\",version=\"{}\"", escaped(model.name), escaped(model.version)));
  for (int i = 0; i < threads; ++i)
    threads_.push_back(std::make_unique<ModelCounts[]>(models_.size()));
}

void Metrics::count_request(int thread, size_t model, int status, int64_t rows, double seconds) {
  ModelCounts& counts = threads_[size_t(thread)][model];
  auto known = std::find(statuses.begin(), statuses.end(), status);
  // What is not listed is an error of ours.
  size_t at = known == statuses.end() ? statuses.size() - 1 : size_t(known - statuses.begin());
  counts.requests[at].add(1);
  auto bucket = std::lower_bound(bucket_seconds.begin(), bucket_seconds.end(), seconds);
  counts.buckets[size_t(bucket - bucket_seconds.begin())].add(1);
  counts.rows.add(uint64_t(rows));
  counts.nanoseconds.add(uint64_t(seconds * 1e9));
}

void Metrics::count_rejected(std::string_view reason) {
  auto known = std::find(reasons.begin(), reasons.end(), reason);
  if (known != reasons.end())
    rejected_[size_t(known - reasons.begin())].fetch_add(1, std::memory_order_relaxed);
}

uint64_t Metrics::sum(size_t model, const Counter& (*pick)(const ModelCounts&, size_t),
                      size_t i) const {
  uint64_t total = 0;
  for (const auto& counts : threads_)
    total += pick(counts[model], i).value.load(std::memory_order_relaxed);
  return total;
}

void Metrics::append_requests(std::string& out) const {
  append_help(out, "gristmill_requests_total", "counter",
              "Prediction requests by model and HTTP status.");
  for (size_t model = 0; model < models_.size(); ++model) {
    for (size_t i = 0; i < statuses.size(); ++i) {
      uint64_t total = sum(
          model, [](const ModelCounts& c, size_t k) -> const Counter& { return c.requests[k]; }, i);
      if (total == 0 && statuses[i] != 200) continue;
      out += fmt::format("gristmill_requests_total{{{},code=\"{}\"}} {}\n", labels_[model],
                         statuses[i], total);
    }
  }
}

void Metrics::append_durations(std::string& out) const {
  constexpr std::string_view name = "gristmill_request_duration_seconds";
  append_help(out, name, "histogram", "Seconds from a whole request to its answer.");
  for (size_t model = 0; model < models_.size(); ++model) {
    uint64_t total = 0;
    for (size_t i = 0; i <= bucket_seconds.size(); ++i) {
      total += sum(
          model, [](const ModelCounts& c, size_t k) -> const Counter& { return c.buckets[k]; }, i);
      std::string edge =
          i < bucket_seconds.size() ? fmt::format("{}", bucket_seconds[i]) : std::string("+Inf");
      out += fmt::format("{}_bucket{{{},le=\"{}\"}} {}\n", name, labels_[model], edge, total);
    }
    uint64_t nanoseconds =
        sum(model, [](const ModelCounts& c, size_t) -> const Counter& { return c.nanoseconds; }, 0);
    out += fmt::format("{}_sum{{{}}} {}\n", name, labels_[model], double(nanoseconds) * 1e-9);
    out += fmt::format("{}_count{{{}}} {}\n", name, labels_[model], total);
  }
}

void Metrics::append_rows(std::string& out) const {
  append_help(out, "gristmill_rows_total", "counter", "Rows predicted.");
  for (size_t model = 0; model < models_.size(); ++model) {
    uint64_t total =
        sum(model, [](const ModelCounts& c, size_t) -> const Counter& { return c.rows; }, 0);
    out += fmt::format("gristmill_rows_total{{{}}} {}\n", labels_[model], total);
  }
}

std::string Metrics::text() const {
  std::string out;
  append_requests(out);
  append_durations(out);
  append_rows(out);
  append_help(out, "gristmill_rejected_total", "counter", "Requests that no model saw, by reason.");
  for (size_t i = 0; i < reasons.size(); ++i)
    out += fmt::format("gristmill_rejected_total{{reason=\"{}\"}} {}\n", reasons[i],
                       rejected_[i].load(std::memory_order_relaxed));
  append_help(out, "gristmill_model_info", "gauge", "The models being served; always 1.");
  for (size_t model = 0; model < models_.size(); ++model)
    out += fmt::format("gristmill_model_info{{{},problem=\"{}\"}} 1\n", labels_[model],
                       escaped(models_[model].problem));
  return out;
}

}  // namespace gristmill
