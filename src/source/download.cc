#include "source/download.h"

#include <curl/curl.h>

#include <cstdlib>
#include <exception>
#include <memory>

#include <fmt/format.h>

#include "base/progress.h"

namespace gristmill {
namespace {

constexpr long seconds_to_connect = 30, seconds_of_silence = 60, redirects_max = 10;

// What a transfer is made of; libcurl calls the functions below with it.
class Transfer {
 public:
  Transfer(const DownloadRequest& request, FileWriter& file) : request_(request), file_(file) {
    static const CURLcode ready = ::curl_global_init(CURL_GLOBAL_DEFAULT);
    curl_.reset(ready == CURLE_OK ? ::curl_easy_init() : nullptr);
    if (curl_ == nullptr) throw Error(Code::exhausted, "memory ran out");
    for (const auto& [name, value] : request.headers) {
      // An empty one is written with a semicolon.
      const std::string line = name + (value.empty() ? ";" : ": " + value);
      curl_slist* more = ::curl_slist_append(headers_.get(), line.c_str());
      if (more == nullptr) throw Error(Code::exhausted, "memory ran out");
      headers_.release();
      headers_.reset(more);
    }
    set_options();
  }

  std::optional<Download> run() {
    const CURLcode code = ::curl_easy_perform(curl_.get());
    check_interrupted();
    if (failure_) std::rethrow_exception(failure_);
    if (code != CURLE_OK && code != CURLE_WRITE_ERROR) fail(code);
    if (status() == 304) return std::nullopt;
    if (status() != 200) fail_status();
    if (code != CURLE_OK) fail(code);
    return Download{header("ETag"), header("Last-Modified"), hasher_.finish()};
  }

 private:
  template <class Value>
  void set(CURLoption option, Value value) {
    if (::curl_easy_setopt(curl_.get(), option, value) == CURLE_OK) return;
    throw Error(Code::invalid, fmt::format("`{}` is no URL that can be fetched", request_.shown));
  }

  void set_options() {
    const bool is_safe = request_.url.starts_with("https:");
    set(CURLOPT_URL, request_.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_REDIR_PROTOCOLS_STR, is_safe ? "https" : "http,https");
    set(CURLOPT_FOLLOWLOCATION, request_.follows ? 1L : 0L);
    set(CURLOPT_MAXREDIRS, redirects_max);
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_CONNECTTIMEOUT, seconds_to_connect);
    set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(CURLOPT_LOW_SPEED_TIME, seconds_of_silence);
    set(CURLOPT_USERAGENT, "gristmill");
    set(CURLOPT_HTTPHEADER, headers_.get());
    set(CURLOPT_ERRORBUFFER, said_);
    set(CURLOPT_WRITEFUNCTION, &Transfer::write);
    set(CURLOPT_WRITEDATA, this);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &Transfer::wants_stop);
    // As OpenSSL's own programs take it.
    if (const char* file = std::getenv("SSL_CERT_FILE")) set(CURLOPT_CAINFO, file);
  }

  static size_t write(char* bytes, size_t, size_t size, void* data) {
    Transfer& transfer = *static_cast<Transfer*>(data);
    try {
      return transfer.take({bytes, size}) ? size : 0;
    } catch (...) {
      transfer.failure_ = std::current_exception();
      return 0;
    }
  }

  static int wants_stop(void*, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return interrupted() ? 1 : 0;
  }

  // False for the page that comes with an error.
  bool take(std::string_view bytes) {
    if (status() != 200) return false;
    got_ += int64_t(bytes.size());
    if (got_ > request_.bytes_max)
      throw Error(Code::exhausted,
                  fmt::format("`{}` is larger than {} bytes", request_.shown, request_.bytes_max),
                  {}, "`max_bytes` of the source allows more");
    hasher_.update(bytes);
    file_.write(bytes);
    return true;
  }

  long status() const {
    long status = 0;
    ::curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &status);
    return status;
  }

  std::string header(const char* name) const {
    curl_header* found = nullptr;
    if (::curl_easy_header(curl_.get(), name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK) return {};
    return found->value;
  }

  [[noreturn]] void fail(CURLcode code) const {
    const bool is_cut = code == CURLE_PARTIAL_FILE || code == CURLE_GOT_NOTHING ||
                        code == CURLE_RECV_ERROR || code == CURLE_HTTP2_STREAM;
    std::string reason = said_[0] != '\0' ? said_ : ::curl_easy_strerror(code);
    if (is_cut) reason = fmt::format("the connection broke off after {} bytes ({})", got_, reason);
    throw Error(Code::unavailable,
                fmt::format("`{}` cannot be fetched: {}", request_.shown, reason), {},
                "run again when the server can be reached; `--frozen` takes stored tables as they "
                "are");
  }

  [[noreturn]] void fail_status() const {
    const long status = this->status();
    if (status == 404 || status == 410)
      throw Error(Code::not_found,
                  fmt::format("`{}` is not there: the server answers {}", request_.shown, status));
    const bool refused = status == 401 || status == 403;
    const bool moved = status >= 300 && status < 400;
    throw Error(
        Code::unavailable,
        fmt::format("`{}` cannot be fetched: the server answers {}", request_.shown, status), {},
        refused ? "it wants a user and password, or other ones"
        : moved ? "it lies elsewhere; name that place"
                : "");
  }

  struct FreeHandle {
    void operator()(CURL* curl) const { ::curl_easy_cleanup(curl); }
  };
  struct FreeList {
    void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
  };

  const DownloadRequest& request_;
  FileWriter& file_;
  std::unique_ptr<curl_slist, FreeList> headers_;
  std::unique_ptr<CURL, FreeHandle> curl_;
  char said_[CURL_ERROR_SIZE] = "";
  int64_t got_ = 0;
  Hasher hasher_;
  std::exception_ptr failure_;
};

}  // namespace

std::optional<Download> download(const DownloadRequest& request, FileWriter& file) {
  return Transfer(request, file).run();
}

}  // namespace gristmill
