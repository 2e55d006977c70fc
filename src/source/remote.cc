#include "source/remote.h"

#include <algorithm>
#include <chrono>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/secrets.h"
#include "base/text.h"
#include "source/download.h"
#include "source/s3.h"

namespace gristmill {
namespace {

using nlohmann::json;

constexpr std::string_view about_name = ".about.json";

const json& said(const SourceSpec& spec, const char* key) {
  static const json nothing;
  if (!spec.given.is_object()) return nothing;
  const auto found = spec.given.find(key);
  return found == spec.given.end() ? nothing : *found;
}

std::string text_of(const SourceSpec& spec, const char* key) {
  const json& value = said(spec, key);
  if (value.is_null()) return {};
  if (value.is_string()) return value.get<std::string>();
  throw Error(Code::invalid, fmt::format("`{}` of source {} must be text", key, spec.name));
}

std::optional<Digest> pinned(const SourceSpec& spec) {
  const std::string text = lower(text_of(spec, "sha256"));
  if (text.empty()) return std::nullopt;
  try {
    return Digest::parse(text);
  } catch (const Error&) {
    throw Error(Code::invalid, fmt::format("`sha256` of source {} is no such sum", spec.name), {},
                "64 hexadecimal digits, as `sha256sum` prints them");
  }
}

int64_t bytes_max(const SourceSpec& spec) {
  const json& value = said(spec, "max_bytes");
  if (value.is_null()) return remote_params().at(1).value.get<int64_t>();
  if (value.is_number_integer() && value > 0) return value.get<int64_t>();
  throw Error(Code::invalid, fmt::format("`max_bytes` of source {} must be a number", spec.name));
}

S3Login login_of(const SourceSpec& spec) {
  S3Login login{.access_key = text_of(spec, "access_key"),
                .secret_key = text_of(spec, "secret_key"),
                .session_token = text_of(spec, "session_token")};
  if (const std::string region = text_of(spec, "region"); !region.empty()) login.region = region;
  remember_secret(login.secret_key);
  remember_secret(login.session_token);
  if (login.access_key.empty() != login.secret_key.empty())
    throw Error(
        Code::invalid,
        fmt::format("source {} has one of `access_key` and `secret_key`, but not both", spec.name));
  return login;
}

DownloadRequest request_of(const SourceSpec& spec, const std::string& url) {
  DownloadRequest request{
      .url = url, .shown = shown_remote(url), .headers = {}, .bytes_max = bytes_max(spec)};
  if (!url.starts_with("s3://")) return request;
  const S3Login login = login_of(spec);
  const S3Place place(url, text_of(spec, "endpoint"), login.region);
  request.url = place.url();
  request.follows = false;  // what is signed is signed for one host
  if (login.access_key.empty()) return request;
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  request.headers = s3_signed(place, login, fmt::format("{:%Y%m%dT%H%M%SZ}", now));
  return request;
}

// A name for the file on disk: the last part of the URL's path, whose suffix tells the kind.
std::string file_name(const std::string& url) {
  std::string path = url.starts_with("s3://") ? url : url.substr(0, url.find_first_of("?#"));
  path.erase(0, path.find("://") + 3);
  const size_t slash = path.rfind('/');
  const std::string last = slash == std::string::npos ? "" : path.substr(slash + 1);
  std::string name;
  for (size_t i = 0; i < last.size() && name.size() < 200; ++i) {
    const bool escape = !url.starts_with("s3://") && last[i] == '%' && i + 2 < last.size() &&
                        hex_digit(last[i + 1]) >= 0 && hex_digit(last[i + 2]) >= 0;
    char c = last[i];
    if (escape) {
      c = char(hex_digit(last[i + 1]) * 16 + hex_digit(last[i + 2]));
      i += 2;
    }
    name += c == '/' || static_cast<unsigned char>(c) < ' ' ? '_' : c;
  }
  if (name.empty()) return "data";
  return name[0] == '.' ? "_" + name : name;
}

// What is known of the kept file; null when there is none, or it is not the one that was fetched.
json known_of(const fs::path& file, const SourceSpec& spec) {
  const fs::path about = file.parent_path() / about_name;
  if (!disk().exists(file) || !disk().exists(about)) return nullptr;
  json known = json::parse(disk().read(about), nullptr, false);
  if (!known.is_object() || !known.contains("sha256") || spec.digests == nullptr) return nullptr;
  if (known.at("sha256") != json(spec.digests->digest(file).hex())) return nullptr;
  return known;
}

}  // namespace

bool is_remote(std::string_view pattern) {
  return pattern.starts_with("https://") || pattern.starts_with("http://") ||
         pattern.starts_with("s3://");
}

std::string shown_remote(const std::string& pattern) {
  if (!is_remote(pattern) || pattern.starts_with("s3://")) return pattern;
  const size_t begin = pattern.find("://") + 3;
  const size_t end = std::min(pattern.find_first_of("?#"), pattern.size());
  const size_t slash = std::min(pattern.find('/', begin), end);
  const size_t at = pattern.substr(0, slash).rfind('@');
  const size_t host = at == std::string::npos || at < begin ? begin : at + 1;
  return pattern.substr(0, begin) + pattern.substr(host, end - host);
}

const std::vector<ParamDoc>& remote_params() {
  static const std::vector<ParamDoc> docs = {
      {"sha256", "string", "of the file behind a URL: it must be this one", nullptr, {}, {}, {}},
      {"max_bytes",
       "integer",
       "of the file behind a URL: more is an error",
       int64_t(64) << 30,
       1,
       {},
       {}},
      {"endpoint",
       "string",
       "of s3://BUCKET/KEY: the server's URL; Amazon's for the region when absent",
       nullptr,
       {},
       {},
       {}},
      {"region", "string", "of S3; us-east-1 when absent", nullptr, {}, {}, {}},
      {"access_key", "string", "of S3, as ${NAME}; nobody asks when absent", nullptr, {}, {}, {}},
      {"secret_key", "string", "of S3, as ${NAME}", nullptr, {}, {}, {}},
      {"session_token", "string", "of a login of S3 for a time, as ${NAME}", nullptr, {}, {}, {}},
  };
  return docs;
}

void check_remote_params(const SourceSpec& spec, const std::vector<std::string>& patterns) {
  const auto urls = std::count_if(patterns.begin(), patterns.end(), [](const auto& pattern) {
    return pattern.find("://") != pattern.npos;
  });
  for (const ParamDoc& doc : remote_params()) {
    if (urls > 0 || said(spec, doc.name.c_str()).is_null()) continue;
    throw Error(Code::invalid,
                fmt::format("`{}` of source {} is for a file behind a URL", doc.name, spec.name));
  }
  if (patterns.size() > 1 && !said(spec, "sha256").is_null())
    throw Error(Code::invalid,
                fmt::format("`sha256` of source {} is for one file, not for several", spec.name),
                {}, "name each in a source of its own");
}

fs::path fetch_remote(const SourceSpec& spec, const std::string& url) {
  const std::optional<Digest> pin = pinned(spec);
  const fs::path file = spec.downloads / Digest::of(url).brief() / file_name(url);
  const json known = known_of(file, spec);
  if (pin && known.is_object() && known.at("sha256") == pin->hex()) return file;
  DownloadRequest request = request_of(spec, url);
  if (known.is_object() && !pin) {
    if (known.value("etag", "") != "") request.headers["if-none-match"] = known.at("etag");
    if (known.value("last_modified", "") != "")
      request.headers["if-modified-since"] = known.at("last_modified");
  }
  disk().make_dirs(file.parent_path());
  FileWriter out(file);
  const std::optional<Download> came = download(request, out);
  if (!came) return file;
  if (pin && came->digest != *pin)
    throw Error(Code::invalid,
                fmt::format("`{}` has not the `sha256` that is said of it, but {}", request.shown,
                            came->digest.hex()),
                {}, "it was changed, or is another file");
  out.finish();
  disk().write_atomic(file.parent_path() / about_name, json{{"etag", came->etag},
                                                            {"last_modified", came->last_modified},
                                                            {"sha256", came->digest.hex()}}
                                                           .dump());
  return file;
}

}  // namespace gristmill
