// Objects of S3 and what speaks like it: where they lie, and requests that say who asks.
#pragma once

#include <map>
#include <string>

namespace gristmill {

struct S3Login {
  std::string access_key, secret_key;  // "": nobody in particular asks
  std::string session_token;           // of a login for a time, or ""
  std::string region = "us-east-1";
};

struct S3Place {
  std::string bucket, key;
  std::string scheme, host, path;  // of its URL; the path percent-encoded

  // `url`: s3://bucket/key. `endpoint`: the server's URL, under which buckets are folders; "": that
  // of Amazon for the region. Code::invalid for what is no such URL.
  S3Place(const std::string& url, const std::string& endpoint, const std::string& region);
  std::string url() const { return scheme + "://" + host + path; }
};

// The headers that sign a GET at `time` ("20130524T000000Z"), `headers` (names in lower case) among
// them: AWS Signature Version 4,
// docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html.
std::map<std::string, std::string> s3_signed(const S3Place& place, const S3Login& login,
                                             const std::string& time,
                                             std::map<std::string, std::string> headers = {});

}  // namespace gristmill
