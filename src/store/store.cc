#include "store/store.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <set>

#include <fmt/format.h>

#include "base/error.h"

namespace gristmill {
namespace {

using nlohmann::json;

constexpr std::string_view manifest_type = "application/vnd.oci.image.manifest.v1+json";
constexpr std::string_view config_type = "application/vnd.gristmill.config.v1+json";
constexpr size_t hash_block = size_t(4) << 20;

Descriptor describe(std::string_view bytes, std::string media_type) {
  return {std::move(media_type), Digest::of(bytes), int64_t(bytes.size()), json::object()};
}

// Digest of a file, mapped page by page.
Digest digest_of(const fs::path& path, int64_t& size) {
  const MappedFile file(path);
  size = int64_t(file.bytes().size());
  Hasher hasher;
  for (size_t at = 0; at < file.bytes().size(); at += hash_block)
    hasher.update(file.bytes().substr(at, hash_block));
  return hasher.finish();
}

}  // namespace

nlohmann::json Descriptor::json() const {
  nlohmann::json out = {
      {"mediaType", media_type}, {"digest", "sha256:" + digest.hex()}, {"size", size}};
  if (!annotations.empty()) out["annotations"] = annotations;
  return out;
}

Descriptor Descriptor::from_json(const nlohmann::json& json) {
  const auto digest = json.at("digest").get<std::string>();
  if (digest.rfind("sha256:", 0) != 0)
    throw Error(Code::corrupt, "a manifest names a digest that is not SHA-256");
  return {json.at("mediaType").get<std::string>(), Digest::parse(digest.substr(7)),
          json.at("size").get<int64_t>(), json.value("annotations", nlohmann::json::object())};
}

Store::Store(const fs::path& dir) : dir_(dir) {
  disk().make_dirs(dir_ / "blobs" / "sha256");
  disk().make_dirs(dir_ / "tmp");
  if (!disk().exists(dir_ / "oci-layout"))
    disk().write_atomic(dir_ / "oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
  if (!disk().exists(dir_ / "index.json"))
    disk().write_atomic(dir_ / "index.json", R"({"schemaVersion":2,"manifests":[]})");
}

fs::path Store::path_of(const Digest& digest) const {
  return dir_ / "blobs" / "sha256" / digest.hex();
}

bool Store::has(const Digest& digest) const { return disk().exists(path_of(digest)); }

std::string Store::read(const Digest& digest) const {
  if (!has(digest))
    throw Error(Code::not_found, fmt::format("the store does not hold {}", digest.brief()));
  std::string bytes = disk().read(path_of(digest));
  if (Digest::of(bytes) != digest) {
    throw Error(Code::corrupt,
                fmt::format("`{}` is not what it was when it was stored", path_of(digest).string()),
                {}, "remove it; the next run makes it anew");
  }
  return bytes;
}

fs::path Store::new_file() {
  static std::atomic<int64_t> counter{0};
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  return dir_ / "tmp" / fmt::format("{}-{:x}-{}", ::getpid(), now, counter++);
}

Descriptor Store::publish(const fs::path& file, std::string media_type) {
  Descriptor blob{.media_type = std::move(media_type)};
  blob.digest = digest_of(file, blob.size);
  if (has(blob.digest)) {
    disk().remove(file);
  } else {
    disk().publish(file, path_of(blob.digest));
  }
  return blob;
}

Descriptor Store::put(std::string_view bytes, std::string media_type) {
  Descriptor blob = describe(bytes, std::move(media_type));
  if (!has(blob.digest)) disk().write_atomic(path_of(blob.digest), bytes);
  return blob;
}

Digest Store::put_manifest(const Manifest& manifest) {
  const Descriptor config = put(manifest.config.dump(), std::string(config_type));
  json layers = json::array();
  for (const Descriptor& layer : manifest.layers) layers.push_back(layer.json());
  json out = {{"schemaVersion", 2},
              {"mediaType", manifest_type},
              {"artifactType", manifest.artifact_type},
              {"config", config.json()},
              {"layers", layers}};
  if (!manifest.annotations.empty()) out["annotations"] = manifest.annotations;
  return put(out.dump(), std::string(manifest_type)).digest;
}

Manifest Store::manifest(const Digest& digest) const {
  try {
    const json in = json::parse(read(digest));
    Manifest manifest;
    manifest.artifact_type = in.at("artifactType").get<std::string>();
    manifest.config = json::parse(read(Descriptor::from_json(in.at("config")).digest));
    for (const auto& layer : in.at("layers"))
      manifest.layers.push_back(Descriptor::from_json(layer));
    manifest.annotations = in.value("annotations", json::object());
    return manifest;
  } catch (const json::exception& error) {
    throw Error(Code::corrupt,
                fmt::format("{} is not a manifest: {}", digest.brief(), error.what()));
  }
}

Store::Collected Store::collect(const std::vector<Digest>& roots, int grace_seconds, bool dry) {
  std::set<Digest> reachable;
  for (const Digest& root : roots) {
    if (!has(root) || !reachable.insert(root).second) continue;
    // Manifests are small and say what they are; any other blob has no children.
    if (fs::file_size(path_of(root)) > (size_t(64) << 20)) continue;
    const std::string bytes = read(root);
    const json parsed = json::parse(bytes, nullptr, false);
    if (!parsed.is_object() || parsed.value("mediaType", "") != manifest_type) continue;
    reachable.insert(Descriptor::from_json(parsed.at("config")).digest);
    for (const auto& layer : parsed.at("layers"))
      reachable.insert(Descriptor::from_json(layer).digest);
  }
  Collected collected;
  for (const fs::path& path : disk().list(dir_ / "blobs" / "sha256")) {
    const int64_t size = int64_t(fs::file_size(path));
    const std::string name = path.filename().string();
    if (name.size() == 64 && reachable.count(Digest::parse(name)) > 0) {
      ++collected.kept_blobs;
      collected.kept_bytes += size;
      continue;
    }
    ++collected.blobs;
    collected.bytes += size;
    if (!dry) disk().remove(path);
  }
  const auto now = fs::file_time_type::clock::now();
  for (const fs::path& path : disk().list(dir_ / "tmp")) {
    if (now - fs::last_write_time(path) < std::chrono::seconds(grace_seconds)) continue;
    ++collected.blobs;
    collected.bytes += int64_t(fs::file_size(path));
    if (!dry) disk().remove(path);
  }
  return collected;
}

}  // namespace gristmill
