#include "store/store.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/json.h"

namespace gristmill {
namespace {

using nlohmann::json;

constexpr std::string_view manifest_type = "application/vnd.oci.image.manifest.v1+json";
constexpr std::string_view index_type = "application/vnd.oci.image.index.v1+json";
constexpr std::string_view config_type = "application/vnd.gristmill.config.v1+json";
constexpr int64_t manifest_bytes_max = int64_t(64) << 20;

fs::path blob_dir(const fs::path& dir) { return dir / "blobs" / "sha256"; }

Digest digest_of_file(const fs::path& path, int64_t& size) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Error(Code::unavailable, "cannot read " + path.string());
  Hasher hasher;
  std::vector<char> buffer(1 << 20);
  size = 0;
  while (in.read(buffer.data(), std::streamsize(buffer.size())) || in.gcount() > 0) {
    hasher.update(buffer.data(), size_t(in.gcount()));
    size += in.gcount();
  }
  if (in.bad()) throw Error(Code::unavailable, "cannot read " + path.string());
  return hasher.finish();
}

int64_t size_of(const fs::path& path) {
  std::error_code failed;
  const auto size = int64_t(fs::file_size(path, failed));
  return failed ? -1 : size;
}

// A root is a digest alone; manifests are JSON objects.
bool may_be_manifest(const fs::path& path) {
  const int64_t size = size_of(path);
  return size >= 0 && size <= manifest_bytes_max &&
         std::ifstream(path, std::ios::binary).peek() == '{';
}

// Null for what is none.
json manifest_json(const std::string& bytes) {
  json manifest = try_parse_json(bytes);
  return manifest.is_object() && manifest.contains("schemaVersion") ? manifest : json();
}

// What a manifest or an index names.
std::vector<Descriptor> named_by(const json& manifest) {
  std::vector<Descriptor> blobs;
  if (manifest.contains("config")) blobs.push_back(Descriptor::from_json(manifest["config"]));
  for (const char* list : {"layers", "manifests"}) {
    if (!manifest.contains(list)) continue;
    for (const json& entry : manifest[list]) blobs.push_back(Descriptor::from_json(entry));
  }
  return blobs;
}

void make_index(const fs::path& dir) {
  if (!disk().exists(dir / "oci-layout")) {
    disk().write_atomic(dir / "oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
  }
  if (!disk().exists(dir / "index.json")) {
    json index = {{"schemaVersion", 2}, {"mediaType", index_type}, {"manifests", json::array()}};
    disk().write_atomic(dir / "index.json", index.dump());
  }
}

Error damaged(const fs::path& path, const std::string& why) {
  return {Code::corrupt,
          "a stored blob is damaged: " + why,
          {.file = path.string()},
          "remove the file and run again: it is made anew"};
}

Error lost(const fs::path& path, const std::string& why) {
  return {Code::corrupt,
          "a stored blob is damaged: " + why,
          {.file = path.string()},
          "run again: what it holds is made anew"};
}

}  // namespace

json Descriptor::json() const {
  nlohmann::json out = {
      {"mediaType", media_type}, {"digest", "sha256:" + digest.hex()}, {"size", size}};
  if (!annotations.empty()) out["annotations"] = annotations;
  return out;
}

Descriptor Descriptor::from_json(const nlohmann::json& json) {
  try {
    std::string digest = json.at("digest").get<std::string>();
    if (!digest.starts_with("sha256:")) throw Error(Code::corrupt, "digest is not sha256");
    Descriptor out;
    out.media_type = json.at("mediaType").get<std::string>();
    out.digest = Digest::parse(std::string_view(digest).substr(7));
    out.size = json.at("size").get<int64_t>();
    if (json.contains("annotations")) out.annotations = json["annotations"];
    return out;
  } catch (const std::exception& error) {
    throw Error(Code::corrupt, fmt::format("this is not a descriptor: {}", error.what()));
  }
}

Store::Store(const fs::path& dir) : dir_(dir) {
  disk().make_dirs(blob_dir(dir_));
  disk().make_dirs(dir_ / "tmp");
  disk().make_dirs(dir_ / "aliases");
  if (::access(blob_dir(dir_).c_str(), W_OK) != 0) {
    throw file_error(errno, "write to", blob_dir(dir_));
  }
  make_index(dir_);
}

fs::path Store::path_of(const Digest& digest) const { return blob_dir(dir_) / digest.hex(); }

bool Store::has(const Digest& digest) const { return disk().exists(path_of(digest)); }

bool Store::has(const Descriptor& blob) const { return size_of(path_of(blob.digest)) == blob.size; }

bool Store::is_whole(const Digest& digest) const {
  int64_t size = 0;
  return has(digest) && digest_of_file(path_of(digest), size) == digest;
}

bool Store::complete(const Digest& root) const {
  if (!is_whole(root)) return false;
  if (!may_be_manifest(path_of(root))) return true;
  const json manifest = manifest_json(read(root));
  if (manifest.is_null()) return true;
  const std::vector<Descriptor> blobs = named_by(manifest);
  // What is small is read; what is large is when it is needed.
  return std::all_of(blobs.begin(), blobs.end(), [&](const Descriptor& blob) {
    return has(blob) && (blob.media_type != config_type || is_whole(blob.digest));
  });
}

std::string Store::read(const Digest& digest) const {
  fs::path path = path_of(digest);
  if (!disk().exists(path)) {
    throw Error(Code::not_found, fmt::format("the store has no blob {}", digest.brief()),
                {.file = path.string()});
  }
  std::string bytes = disk().read(path);
  if (Digest::of(bytes) != digest) throw damaged(path, "its bytes do not fit its name");
  return bytes;
}

bool Store::is_known_whole(const Digest& digest) {
  const std::lock_guard lock(mutex_);
  return known_whole_.count(digest) > 0;
}

void Store::set_known_whole(const Digest& digest) {
  const std::lock_guard lock(mutex_);
  known_whole_.insert(digest);
}

void Store::check(const Digest& digest) {
  const fs::path path = path_of(digest);
  int64_t size = 0;
  if (!has(digest)) throw lost(path, "it is not there");
  if (is_known_whole(digest)) return;
  if (digest_of_file(path, size) != digest) {
    disk().remove(path);
    throw lost(path, "its bytes did not fit its name");
  }
  set_known_whole(digest);
}

fs::path Store::new_file() {
  static std::atomic<uint64_t> counter{0};
  auto now = std::chrono::system_clock::now().time_since_epoch().count();
  return dir_ / "tmp" / fmt::format("{}-{}-{}", ::getpid(), now, counter++);
}

Descriptor Store::publish(const fs::path& file, std::string media_type) {
  Descriptor out;
  out.media_type = std::move(media_type);
  out.digest = digest_of_file(file, out.size);
  // One that is there already is replaced: it may be damaged.
  disk().publish(file, path_of(out.digest));
  set_known_whole(out.digest);
  return out;
}

Descriptor Store::put(std::string_view bytes, std::string media_type) {
  Descriptor out;
  out.media_type = std::move(media_type);
  out.digest = Digest::of(bytes);
  out.size = int64_t(bytes.size());
  const fs::path path = path_of(out.digest);
  if (has(out) && disk().read(path) == bytes) return out;
  fs::path file = new_file();
  disk().write_atomic(file, bytes);
  disk().publish(file, path);
  return out;
}

void Store::set_alias(const std::string& name, const Descriptor& blob) {
  disk().write_atomic(dir_ / "aliases" / name, blob.json().dump());
}

std::optional<Descriptor> Store::find_alias(const std::string& name) const {
  return read_alias(dir_ / "aliases" / name);
}

// An alias only saves work: a damaged one is as good as none.
std::optional<Descriptor> Store::read_alias(const fs::path& path) const {
  if (!disk().exists(path)) return std::nullopt;
  try {
    const Descriptor blob = Descriptor::from_json(try_parse_json(disk().read(path)));
    if (has(blob)) return blob;
  } catch (const Error& error) {
    if (error.code() != Code::corrupt) throw;
  }
  return std::nullopt;
}

Digest Store::put_manifest(const Manifest& manifest) {
  Descriptor config = put(manifest.config.dump(), std::string(config_type));
  json out = {{"schemaVersion", 2},
              {"mediaType", manifest_type},
              {"artifactType", manifest.artifact_type},
              {"config", config.json()},
              {"layers", json::array()}};
  for (const Descriptor& layer : manifest.layers) out["layers"].push_back(layer.json());
  if (!manifest.annotations.empty()) out["annotations"] = manifest.annotations;
  return put(out.dump(), std::string(manifest_type)).digest;
}

Manifest Store::manifest(const Digest& digest) const {
  std::string bytes = read(digest);
  try {
    json in = parse_json(bytes);
    Manifest out;
    out.artifact_type = in.value("artifactType", "");
    out.config = parse_json(read(Descriptor::from_json(in.at("config")).digest));
    for (const json& layer : in.at("layers")) out.layers.push_back(Descriptor::from_json(layer));
    if (in.contains("annotations")) out.annotations = in["annotations"];
    return out;
  } catch (const json::exception& error) {
    throw damaged(path_of(digest), fmt::format("it is not a manifest: {}", error.what()));
  }
}

namespace {

// Everything reachable from `roots`, the roots included.
class Reachable {
 public:
  explicit Reachable(const Store& store) : store_(store) {}

  void visit(const Digest& digest, bool is_manifest) {
    if (!store_.has(digest) || !seen_.insert(digest).second) return;
    if (!is_manifest && !may_be_manifest(store_.path_of(digest))) return;
    const json manifest = manifest_json(store_.read(digest));
    if (manifest.is_null()) {
      if (is_manifest) throw damaged(store_.path_of(digest), "it is not a manifest");
      return;
    }
    for (const Descriptor& blob : named_by(manifest)) {
      if (blob.media_type == manifest_type || blob.media_type == index_type) {
        visit(blob.digest, true);
      } else if (store_.has(blob.digest)) {
        seen_.insert(blob.digest);
      }
    }
  }

  const std::set<Digest>& digests() const { return seen_; }

 private:
  const Store& store_;
  std::set<Digest> seen_;
};

}  // namespace

void Store::remove_stale_aliases() {
  for (const fs::path& path : disk().list(dir_ / "aliases")) {
    if (!read_alias(path)) disk().remove(path);
  }
}

Store::Collected Store::collect(const std::vector<Digest>& roots, bool dry) {
  Reachable reachable(*this);
  for (const Digest& root : roots) reachable.visit(root, false);
  std::set<std::string> kept;
  for (const Digest& digest : reachable.digests()) kept.insert(digest.hex());
  Collected out;
  for (const fs::path& path : disk().list(blob_dir(dir_))) {
    const int64_t bytes = size_of(path);
    if (bytes < 0) continue;
    if (kept.count(path.filename().string()) > 0) {
      ++out.kept_blobs;
      out.kept_bytes += bytes;
    } else {
      ++out.blobs;
      out.bytes += bytes;
      if (!dry) disk().remove(path);
    }
  }
  if (dry) return out;
  remove_stale_aliases();
  for (const fs::path& path : disk().list(dir_ / "tmp")) {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  return out;
}

}  // namespace gristmill
