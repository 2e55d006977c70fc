// Content-addressed bytes: an OCI image layout on disk (blobs/sha256/…, oci-layout, index.json).
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "base/file_system.h"

namespace gristmill {

// A blob as a manifest names it.
struct Descriptor {
  std::string media_type;
  Digest digest;
  int64_t size = 0;
  nlohmann::json annotations = nlohmann::json::object();
  nlohmann::json json() const;
  static Descriptor from_json(const nlohmann::json& json);
};

// An OCI image manifest (image-spec 1.1): config plus layers, stored as a blob itself.
struct Manifest {
  std::string artifact_type;  // e.g. "application/vnd.gristmill.table.v1"
  nlohmann::json config;      // small facts, stored as a blob
  std::vector<Descriptor> layers;
  nlohmann::json annotations = nlohmann::json::object();
};

// Thread-safe, and safe beside other processes on the same folder: a blob is seen whole or not at
// all, and equal bytes have one name.
class Store {
 public:
  // Opens or makes the layout below `dir`. Code::unavailable when the folder cannot be written.
  explicit Store(const fs::path& dir);

  const fs::path& dir() const { return dir_; }
  fs::path path_of(const Digest& digest) const;
  bool has(const Digest& digest) const;
  bool has(const Descriptor& blob) const;  // with the size it should have
  // A blob whose bytes fit its name; of a manifest, its config is whole too, and its layers are
  // there with their sizes.
  bool complete(const Digest& root) const;
  std::string read(const Digest& digest) const;  // checked; Code::not_found, Code::corrupt
  // For who reads a blob from its path: its bytes fit its name. They are read once in this object's
  // life, 1 ms for each 1.5 MB. A damaged blob is removed, so that what made it runs again:
  // Code::corrupt, as for an absent one.
  void check(const Digest& digest);

  // A fresh path on the same disk to write a blob to; then publish() hashes, fsyncs and renames it.
  // What is never published is collected as garbage: its name begins with the process's number.
  fs::path new_file();
  Descriptor publish(const fs::path& file, std::string media_type);
  Descriptor put(std::string_view bytes, std::string media_type);

  // A blob under another name than its digest, e.g. the digest of the cells in a Parquet file, so
  // that it need not be made again to be found. Names are hexadecimal. A name whose blob is gone or
  // damaged is not found.
  void set_alias(const std::string& name, const Descriptor& blob);
  std::optional<Descriptor> find_alias(const std::string& name) const;

  Digest put_manifest(const Manifest& manifest);
  Manifest manifest(const Digest& digest) const;

  // Removes blobs not reachable from `roots` (manifests are followed) and unpublished files. Nobody
  // else may be at work in the folder: what was just written is not yet referred to. `dry` only
  // counts. Code::corrupt when a manifest is damaged: then nothing is removed.
  struct Collected {
    int64_t blobs = 0, bytes = 0, kept_blobs = 0, kept_bytes = 0;
  };
  Collected collect(const std::vector<Digest>& roots, bool dry);

 private:
  bool is_whole(const Digest& digest) const;
  std::optional<Descriptor> read_alias(const fs::path& path) const;
  void remove_stale_aliases();
  bool is_known_whole(const Digest& digest);
  void set_known_whole(const Digest& digest);

  fs::path dir_;
  std::mutex mutex_;
  std::set<Digest> known_whole_;
};

}  // namespace gristmill
