#include "http/message.h"

#include <charconv>
#include <ctime>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/log.h"

namespace gristmill {
namespace {

std::string_view status_line(int status) {
  switch (status) {
    case 200:
      return "HTTP/1.1 200 OK\r\n";
    case 400:
      return "HTTP/1.1 400 Bad Request\r\n";
    case 404:
      return "HTTP/1.1 404 Not Found\r\n";
    case 405:
      return "HTTP/1.1 405 Method Not Allowed\r\n";
    case 408:
      return "HTTP/1.1 408 Request Timeout\r\n";
    case 409:
      return "HTTP/1.1 409 Conflict\r\n";
    case 413:
      return "HTTP/1.1 413 Content Too Large\r\n";
    case 415:
      return "HTTP/1.1 415 Unsupported Media Type\r\n";
    case 417:
      return "HTTP/1.1 417 Expectation Failed\r\n";
    case 422:
      return "HTTP/1.1 422 Unprocessable Content\r\n";
    case 431:
      return "HTTP/1.1 431 Request Header Fields Too Large\r\n";
    case 500:
      return "HTTP/1.1 500 Internal Server Error\r\n";
    case 501:
      return "HTTP/1.1 501 Not Implemented\r\n";
    case 503:
      return "HTTP/1.1 503 Service Unavailable\r\n";
    case 505:
      return "HTTP/1.1 505 HTTP Version Not Supported\r\n";
    default:
      return {};
  }
}

void append_number(ByteBuffer& out, int64_t value) {
  out.reserve(20);
  out.added(size_t(std::to_chars(out.end(), out.end() + 20, value).ptr - out.end()));
}

void append_status(ByteBuffer& out, int status) {
  std::string_view line = status_line(status);
  if (!line.empty()) return out.append(line);
  out.append("HTTP/1.1 ");
  append_number(out, status);
  out.append(" \r\n");
}

void append_header(ByteBuffer& out, std::string_view name, std::string_view value) {
  out.append(name);
  out.append(": ");
  out.append(value);
  out.append("\r\n");
}

}  // namespace

void HttpResponse::clear() {
  status = 200;
  content_type = "application/json";
  body.clear();
  headers.clear();
}

void answer_error(HttpResponse& response, int status, const Error& error) {
  response.status = status;
  response.content_type = "application/json";
  nlohmann::json body;
  body["error"] = error.json();
  // A request may hold any bytes, and messages quote it.
  response.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

int http_status(const Error& error) {
  switch (error.code()) {
    case Code::usage:
      return 400;
    case Code::invalid:
      return error.where().row >= 0 || !error.where().field.empty() ? 422 : 400;
    case Code::not_found:
      return 404;
    case Code::conflict:
      return 409;
    case Code::exhausted:
      return 413;
    case Code::unavailable:
    case Code::interrupted:
      return 503;
    case Code::corrupt:
    case Code::internal:
      return 500;
  }
  return 500;
}

void answer_failure(HttpResponse& response, const std::exception& failure) {
  const auto* error = dynamic_cast<const Error*>(&failure);
  const int status = error != nullptr ? http_status(*error) : 500;
  if (status >= 500)
    log_error(fmt::format("a request was answered with {}: {}", status, failure.what()));
  if (error != nullptr) return answer_error(response, status, *error);
  answer_error(response, status, Error(Code::internal, "the server failed to answer"));
}

void append_answer(ByteBuffer& out, const HttpResponse& response, const AnswerForm& form) {
  append_status(out, response.status);
  append_header(out, "Content-Type", response.content_type);
  out.append("Content-Length: ");
  append_number(out, int64_t(response.body.size()));
  out.append("\r\n");
  out.append(form.date);
  for (const auto& [name, value] : response.headers) append_header(out, name, value);
  if (!form.keep_alive)
    out.append("Connection: close\r\n");
  else if (form.version_1_0)
    out.append("Connection: keep-alive\r\n");
  out.append("\r\n");
  if (!form.head_only) out.append(response.body);
}

std::string date_header(int64_t unix_seconds) {
  std::time_t time = unix_seconds;
  std::tm utc{};
  gmtime_r(&time, &utc);
  static constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return fmt::format("Date: {}, {:02} {} {} {:02}:{:02}:{:02} GMT\r\n", days[utc.tm_wday],
                     utc.tm_mday, months[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
                     utc.tm_sec);
}

}  // namespace gristmill
