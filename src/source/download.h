// One GET over HTTP(S) into a file.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/digest.h"
#include "base/file_system.h"

namespace gristmill {

struct DownloadRequest {
  std::string url;
  std::string shown;                           // the same, for errors
  std::map<std::string, std::string> headers;  // to send
  bool follows = true;                         // redirects, but never from https to http
  int64_t bytes_max = 0;
};

// What came.
struct Download {
  std::string etag, last_modified;  // or ""
  Digest digest;                    // SHA-256 of the bytes
};

// Writes what comes into `file`, not yet finished. nullopt: it is as the request's conditions say
// ("304 Not Modified"), and nothing was written. Code::not_found, Code::unavailable and
// Code::exhausted as fetch_remote() says. Stops soon after interrupted() is set.
std::optional<Download> download(const DownloadRequest& request, FileWriter& file);

}  // namespace gristmill
