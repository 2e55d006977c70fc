#include "store/store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "base/error.h"

namespace gristmill {
namespace {

constexpr const char* type = "application/octet-stream";

class StoreTest : public testing::Test {
 protected:
  ScratchDir dir;
  Store store{dir.path() / "store"};

  fs::path file_of(const std::string& bytes) {
    fs::path file = store.new_file();
    std::ofstream(file, std::ios::binary) << bytes;
    return file;
  }
  Code code_of(const std::function<void()>& call) {
    try {
      call();
    } catch (const Error& error) {
      return error.code();
    }
    ADD_FAILURE() << "nothing was thrown";
    return Code::internal;
  }
  size_t files_in(const fs::path& path) { return disk().list(path).size(); }
};

TEST_F(StoreTest, IsAnOciLayout) {
  auto json = [&](const char* name) {
    return nlohmann::json::parse(disk().read(store.dir() / name));
  };
  EXPECT_EQ(json("oci-layout")["imageLayoutVersion"], "1.0.0");
  EXPECT_EQ(json("index.json")["schemaVersion"], 2);
  Descriptor blob = store.put("hello", type);
  EXPECT_EQ(store.path_of(blob.digest),
            store.dir() / "blobs" / "sha256" /
                "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
  EXPECT_EQ(blob.size, 5);
  // Opening it again changes nothing.
  Store again(store.dir());
  EXPECT_EQ(again.read(blob.digest), "hello");
}

TEST_F(StoreTest, PublishesAFileOnce) {
  std::string bytes(3 << 20, 'x');
  Descriptor a = store.publish(file_of(bytes), type);
  Descriptor b = store.publish(file_of(bytes), type);
  EXPECT_EQ(a.digest, b.digest);
  EXPECT_EQ(a.digest, Digest::of(bytes));
  EXPECT_EQ(a.size, int64_t(bytes.size()));
  EXPECT_EQ(store.read(a.digest), bytes);
  EXPECT_EQ(files_in(store.dir() / "tmp"), 0u);
  EXPECT_EQ(files_in(store.dir() / "blobs/sha256"), 1u);
  Descriptor empty = store.publish(file_of(""), type);
  EXPECT_EQ(store.read(empty.digest), "");
}

TEST_F(StoreTest, SeesDamage) {
  Descriptor blob = store.put("hello", type);
  std::ofstream(store.path_of(blob.digest), std::ios::binary) << "hellO";
  EXPECT_EQ(code_of([&] { store.read(blob.digest); }), Code::corrupt);
  EXPECT_EQ(code_of([&] { store.read(Digest::of("absent")); }), Code::not_found);
  // A blob that was cut is made whole by the next one who writes it.
  std::ofstream(store.path_of(blob.digest), std::ios::binary) << "he";
  store.publish(file_of("hello"), type);
  EXPECT_EQ(store.read(blob.digest), "hello");
}

TEST_F(StoreTest, DamagedBlobsAreFoundBeforeTheyAreReadAndMadeAnew) {
  const std::string bytes(3 << 20, 'x');
  const Digest digest = store.put(bytes, type).digest;
  store.check(digest);
  std::string other = bytes;
  other[1 << 20] ^= 1;
  std::ofstream(store.path_of(digest), std::ios::binary) << other;
  store.check(digest);  // once in the life of an object
  Store later(store.dir());
  EXPECT_EQ(code_of([&] { later.check(digest); }), Code::corrupt);
  EXPECT_EQ(code_of([&] { later.check(digest); }), Code::corrupt);
  EXPECT_FALSE(later.has(digest));
  later.put(bytes, type);
  EXPECT_NO_THROW(later.check(digest));
}

TEST_F(StoreTest, ManifestsComeBack) {
  Manifest manifest{.artifact_type = "application/vnd.gristmill.test.v1",
                    .config = {{"rows", 3}},
                    .layers = {store.put("a", type), store.put("b", type)}};
  manifest.layers[0].annotations["title"] = "ä";
  Digest digest = store.put_manifest(manifest);
  EXPECT_EQ(store.put_manifest(manifest), digest);
  Manifest back = store.manifest(digest);
  EXPECT_EQ(back.artifact_type, manifest.artifact_type);
  EXPECT_EQ(back.config, manifest.config);
  ASSERT_EQ(back.layers.size(), 2u);
  EXPECT_EQ(back.layers[0].json(), manifest.layers[0].json());
  nlohmann::json raw = nlohmann::json::parse(store.read(digest));
  EXPECT_EQ(raw["mediaType"], "application/vnd.oci.image.manifest.v1+json");
  EXPECT_EQ(code_of([&] { store.manifest(store.put("no JSON", type).digest); }), Code::corrupt);
  EXPECT_EQ(code_of([&] { store.manifest(store.put("{}", type).digest); }), Code::corrupt);
  const Digest deep = store.put("{\"schemaVersion\":" + std::string(200000, '['), type).digest;
  EXPECT_EQ(code_of([&] { store.manifest(deep); }), Code::corrupt);
  EXPECT_TRUE(store.complete(deep));  // a blob like any other
  store.collect({deep}, false);
  EXPECT_EQ(code_of([&] {
              store.manifest(store.put(R"({"config": {"digest": "sha256:12"}})", type).digest);
            }),
            Code::corrupt);
}

TEST_F(StoreTest, CollectsWhatNobodyReaches) {
  Manifest inner{.artifact_type = "t", .config = {}, .layers = {store.put("inner", type)}};
  Digest inner_digest = store.put_manifest(inner);
  Manifest outer{.artifact_type = "t",
                 .config = {},
                 .layers = {store.put("kept", type),
                            {.media_type = "application/vnd.oci.image.manifest.v1+json",
                             .digest = inner_digest,
                             .size = 1}}};
  Digest root = store.put_manifest(outer);
  Digest lonely = store.put("{ a root that is no manifest", type).digest;
  Digest garbage = store.put("garbage", type).digest;
  file_of("never published");
  Store::Collected dry = store.collect({root, lonely, Digest::of("absent")}, true);
  EXPECT_EQ(dry.blobs, 1);
  EXPECT_EQ(dry.bytes, 7);
  EXPECT_TRUE(store.has(garbage));
  Store::Collected collected = store.collect({root, lonely}, false);
  EXPECT_EQ(collected.blobs, 1);
  EXPECT_EQ(collected.kept_blobs, dry.kept_blobs);
  EXPECT_FALSE(store.has(garbage));
  EXPECT_EQ(files_in(store.dir() / "tmp"), 0u);
  EXPECT_EQ(store.read(store.manifest(inner_digest).layers[0].digest), "inner");
  EXPECT_EQ(store.read(store.manifest(root).layers[0].digest), "kept");
  EXPECT_EQ(store.read(lonely), "{ a root that is no manifest");
}

TEST_F(StoreTest, CompleteIsWhatCanBeReadWhole) {
  const Descriptor layer = store.put("a layer of some bytes", type);
  const Digest root = store.put_manifest({.artifact_type = "t", .config = {}, .layers = {layer}});
  EXPECT_TRUE(store.complete(root));
  EXPECT_TRUE(store.complete(layer.digest));
  EXPECT_FALSE(store.complete(Digest::of("absent")));
  for (const fs::path& path : disk().list(store.dir() / "blobs/sha256")) {
    const std::string bytes = disk().read(path);
    fs::resize_file(path, bytes.size() / 2);
    EXPECT_FALSE(store.complete(root)) << path;
    fs::remove(path);
    EXPECT_FALSE(store.complete(root)) << path;
    store.put(bytes, type);
    EXPECT_TRUE(store.complete(root)) << path;
  }
}

TEST_F(StoreTest, ADamagedBlobIsReplacedByItsBytes) {
  const Descriptor blob = store.put("some bytes", type);
  store.set_alias("ab", blob);
  fs::resize_file(store.path_of(blob.digest), 3);
  EXPECT_FALSE(store.has(blob));
  EXPECT_FALSE(store.find_alias("ab"));
  store.put("some bytes", type);
  EXPECT_EQ(store.read(blob.digest), "some bytes");
  EXPECT_TRUE(store.find_alias("ab"));
  // Of its size, too.
  for (const bool put : {true, false}) {
    std::ofstream(store.path_of(blob.digest), std::ios::binary) << "some BYTES";
    put ? store.put("some bytes", type) : store.publish(file_of("some bytes"), type);
    EXPECT_EQ(store.read(blob.digest), "some bytes");
  }
}

TEST_F(StoreTest, AManifestWithADamagedConfigIsNotComplete) {
  Manifest manifest;
  manifest.config = {{"rows", 3}};
  const Digest root = store.put_manifest(manifest);
  EXPECT_TRUE(store.complete(root));
  std::ofstream(store.path_of(Digest::of(manifest.config.dump())), std::ios::binary)
      << R"({"rows":4})";
  EXPECT_FALSE(store.complete(root));
  store.put_manifest(manifest);
  EXPECT_TRUE(store.complete(root));
}

TEST_F(StoreTest, RemovesNothingWhenAManifestIsDamaged) {
  Manifest manifest{.artifact_type = "t", .config = {}, .layers = {store.put("kept", type)}};
  Digest root = store.put_manifest(manifest);
  std::string bytes = store.read(root);
  bytes[bytes.size() / 2] ^= 1;
  std::ofstream(store.path_of(root), std::ios::binary) << bytes;
  EXPECT_EQ(code_of([&] { store.collect({root}, false); }), Code::corrupt);
  EXPECT_TRUE(store.has(Digest::of("kept")));
}

TEST_F(StoreTest, ADamagedAliasIsAsGoodAsNone) {
  for (const char* damaged : {"{}", "[]", "{\"digest\": 5}", "{\"digest\": \"sha256:00\"}", ""}) {
    disk().write_atomic(store.dir() / "aliases/ab", damaged);
    EXPECT_FALSE(store.find_alias("ab").has_value()) << damaged;
    store.collect({}, false);
    EXPECT_FALSE(disk().exists(store.dir() / "aliases/ab")) << damaged;
  }
}

TEST_F(StoreTest, AliasesFindBlobsUntilTheyAreCollected) {
  Descriptor blob = store.put("rows", type);
  std::string name = Digest::of("cells").hex();
  EXPECT_FALSE(store.find_alias(name));
  store.set_alias(name, blob);
  EXPECT_EQ(store.find_alias(name)->json(), blob.json());
  store.collect({}, false);
  EXPECT_FALSE(store.find_alias(name));
  EXPECT_EQ(files_in(store.dir() / "aliases"), 0u);
  disk().write_atomic(store.dir() / "aliases" / name, "{\"digest\": ");
  EXPECT_FALSE(store.find_alias(name));
}

TEST_F(StoreTest, ManyWritersAtOnce) {
  std::vector<pid_t> children;
  for (int child = 0; child < 4; ++child) {
    pid_t pid = ::fork();
    if (pid == 0) {
      try {
        Store own(store.dir());
        for (int i = 0; i < 50; ++i) {
          own.put(std::string(size_t(i) * 1000, 'p'), type);
          fs::path file = own.new_file();
          std::ofstream(file, std::ios::binary) << std::string(size_t(i) * 999, 'q');
          own.publish(file, type);
        }
        ::_exit(0);
      } catch (...) {
        ::_exit(1);
      }
    }
    children.push_back(pid);
  }
  for (pid_t pid : children) {
    int status = 0;
    ::waitpid(pid, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(files_in(store.dir() / "blobs/sha256"), 99u);
  for (const fs::path& path : disk().list(store.dir() / "blobs/sha256")) {
    EXPECT_EQ(Digest::of(disk().read(path)).hex(), path.filename().string());
  }
  EXPECT_EQ(files_in(store.dir() / "tmp"), 0u);
}

// Killed at any instant, what is published is whole.
TEST_F(StoreTest, KilledWritersLeaveWholeBlobs) {
  for (int round = 0; round < 20; ++round) {
    pid_t pid = ::fork();
    if (pid == 0) {
      try {
        Store own(store.dir());
        for (int i = 0;; ++i) {
          std::string bytes(100000, char('a' + i % 26));
          bytes += std::to_string(round * 1000 + i);
          fs::path file = own.new_file();
          std::ofstream(file, std::ios::binary) << bytes;
          own.publish(file, type);
          own.put(bytes + "!", type);
        }
      } catch (...) {
        ::_exit(1);
      }
    }
    ::usleep(3000 + round * 700);
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  size_t blobs = 0;
  for (const fs::path& path : disk().list(store.dir() / "blobs/sha256")) {
    ASSERT_EQ(Digest::of(disk().read(path)).hex(), path.filename().string());
    ++blobs;
  }
  EXPECT_GT(blobs, 0u);
  store.collect({}, false);
  EXPECT_EQ(files_in(store.dir() / "tmp"), 0u);
  EXPECT_EQ(files_in(store.dir() / "blobs/sha256"), 0u);
}

TEST_F(StoreTest, AFullDiskIsSaidAndLeavesNothing) {
  Descriptor before = store.put("before", type);
  pid_t pid = ::fork();
  if (pid == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{4096, 4096};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      store.put(std::string(100000, 'x'), type);
      ::_exit(1);
    } catch (const Error& error) {
      ::_exit(error.code() == Code::unavailable ? 0 : 2);
    }
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(files_in(store.dir() / "tmp"), 0u);
  EXPECT_EQ(files_in(store.dir() / "blobs/sha256"), 1u);
  EXPECT_EQ(store.read(before.digest), "before");
}

TEST_F(StoreTest, AFolderThatCannotBeWrittenIsSaid) {
  std::ofstream(dir.path() / "file") << "x";
  EXPECT_EQ(code_of([&] { Store(dir.path() / "file" / "store"); }), Code::unavailable);
  if (::geteuid() == 0) return;  // root writes everywhere
  ::chmod(store.dir().c_str(), 0555);
  ::chmod((store.dir() / "blobs/sha256").c_str(), 0555);
  EXPECT_EQ(code_of([&] { Store again(store.dir()); }), Code::unavailable);
  ::chmod((store.dir() / "blobs/sha256").c_str(), 0755);
  ::chmod(store.dir().c_str(), 0755);
}

TEST(DescriptorTest, RefusesWhatIsNone) {
  for (const char* text : {"{}", "[]", "3", R"({"mediaType": 3, "digest": "sha256:", "size": 1})",
                           R"({"mediaType": "x", "digest": "md5:00", "size": 1})"}) {
    EXPECT_THROW(Descriptor::from_json(nlohmann::json::parse(text)), Error) << text;
  }
}

}  // namespace
}  // namespace gristmill
