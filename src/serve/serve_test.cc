#include "serve/serve.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>

#include <fmt/format.h>

#include "base/file_system.h"
#include "http/test_client.h"
#include "serve/test_bundle.h"

namespace gristmill {
namespace {

// gristmill-serve as a process of its own, its output in a pipe.
class Program {
 public:
  // `files`: the most descriptors it may have; 0: as we may.
  explicit Program(std::vector<std::string> arguments, rlim_t files = 0) {
    int pipe_ends[2];
    EXPECT_EQ(pipe(pipe_ends), 0);
    std::fflush(stdout);  // or the child prints what the test runner has buffered
    process_ = fork();
    if (process_ == 0) {
      dup2(pipe_ends[1], STDOUT_FILENO);
      dup2(pipe_ends[1], STDERR_FILENO);
      close(pipe_ends[0]);
      const rlimit limit{files, files};
      if (files > 0) setrlimit(RLIMIT_NOFILE, &limit);
      arguments.insert(arguments.begin(), "gristmill-serve");
      std::vector<char*> argv;
      for (std::string& argument : arguments) argv.push_back(argument.data());
      argv.push_back(nullptr);
      int code = serve_main(int(arguments.size()), argv.data());
      std::fflush(stdout);
      _exit(code);
    }
    close(pipe_ends[1]);
    output_ = UniqueFd(pipe_ends[0]);
  }
  ~Program() {
    if (process_ > 0) kill(process_, SIGKILL), wait();
  }
  std::string line() {
    std::string text;
    for (char c; read(output_.get(), &c, 1) == 1 && c != '\n';) text += c;
    return text;
  }
  std::string rest() {
    std::string text;
    for (char c; read(output_.get(), &c, 1) == 1;) text += c;
    return text;
  }
  void signal(int number) { kill(process_, number); }
  int wait() {
    int status = 0;
    waitpid(process_, &status, 0);
    process_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  pid_t process_;
  UniqueFd output_;
};

class Serve : public testing::Test {
 protected:
  void SetUp() override {
    path = (folder.path() / "late.bundle").string();
    disk().write_atomic(path, test_bundle("late")->serialize());
  }
  ScratchDir folder;
  std::string path;
};

int port_of(const std::string& line) {
  EXPECT_TRUE(line.starts_with("listening on http://127.0.0.1:")) << line;
  return std::atoi(line.c_str() + line.rfind(':') + 1);
}

std::string predict(TestClient& client) {
  std::string body = R"({"instances":[{"distance":1}]})";
  client.send(fmt::format("POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{}",
                          body.size(), body));
  return client.answer();
}

TEST_F(Serve, AnswersUntilATermSignal) {
  for (int number : {SIGTERM, SIGINT}) {
    Program program({path, "--port", "0", "--threads", "2"});
    {
      TestClient client(port_of(program.line()));
      std::string answer = predict(client);
      EXPECT_EQ(status_of(answer), 200) << answer;
      program.signal(number);
      EXPECT_TRUE(client.ended());
    }
    EXPECT_EQ(program.wait(), 0);
  }
}

TEST_F(Serve, EnvironmentAndItsOverride) {
  setenv("GRISTMILL_PORT", "0", 1);
  setenv("GRISTMILL_THREADS", "1", 1);
  EXPECT_EQ(serve_options_from_environment().threads, 1);
  {
    Program program({path});
    TestClient client(port_of(program.line()));
    EXPECT_EQ(status_of(predict(client)), 200);
  }
  setenv("GRISTMILL_HOST", "10.0.0.1", 1);
  const char* argv[] = {"gristmill-serve", "a.bundle", "b.bundle", "--host=::1", "--port=99"};
  std::string text;
  auto options = parse_serve_options(5, argv, text);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->bundles, (std::vector<std::string>{"a.bundle", "b.bundle"}));
  EXPECT_EQ(options->host, "::1");
  EXPECT_EQ(options->port, 99);
  setenv("GRISTMILL_PORT", "many", 1);
  EXPECT_THROW(serve_options_from_environment(), Error);
  for (const char* name : {"GRISTMILL_PORT", "GRISTMILL_THREADS", "GRISTMILL_HOST"}) unsetenv(name);
}

TEST_F(Serve, TakenPortNamesTheOption) {
  Program first({path, "--port", "0"});
  int port = port_of(first.line());
  Program second({path, "--port", std::to_string(port)});
  std::string text = second.rest();
  EXPECT_EQ(second.wait(), 1);
  EXPECT_NE(text.find(std::to_string(port)), std::string::npos) << text;
  EXPECT_NE(text.find("--port"), std::string::npos) << text;
  EXPECT_NE(text.find("GRISTMILL_PORT"), std::string::npos) << text;
}

// Who reads that it listens is answered; what it lacks it says before.
TEST_F(Serve, ListensOnlyWithDescriptorsForAnAnswer) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizers want descriptors of their own";
#endif
  int refused = 0;
  for (rlim_t files = 3;; ++files) {
    ASSERT_LT(files, 100u);
    Program program({path, "--port", "0", "--threads", "2"}, files);
    std::string line = program.line();
    if (line.starts_with("listening")) {
      TestClient client(port_of(line));
      EXPECT_EQ(status_of(predict(client)), 200);
      break;
    }
    EXPECT_TRUE(line.starts_with("error: ")) << line;
    std::string rest = program.rest();
    EXPECT_EQ(rest.find("listening"), std::string::npos) << rest;
    EXPECT_EQ(program.wait(), 1);
    ++refused;
  }
  EXPECT_GT(refused, 4);
}

TEST_F(Serve, WrongUsage) {
  const std::vector<std::vector<std::string>> wrong = {{},
                                                       {path, "--prot", "1"},
                                                       {path, "--port", "x"},
                                                       {path, "--port", "70000"},
                                                       {path, "--port", "-1"},
                                                       {path, "--threads", "-2"},
                                                       {path, path, "--port", "0"}};
  for (const auto& arguments : wrong) {
    Program program(arguments);
    std::string text = program.rest();
    EXPECT_EQ(program.wait(), 2) << text;
    EXPECT_TRUE(text.starts_with("error: ")) << text;
  }
}

TEST_F(Serve, BundlesThatCannotBeOpened) {
  std::string damaged = (folder.path() / "damaged.bundle").string();
  std::string bytes = disk().read(path);
  bytes[bytes.size() / 2] ^= 1;
  disk().write_atomic(damaged, bytes);
  for (const std::string& given : {damaged, (folder.path() / "absent.bundle").string()}) {
    Program program({given, "--port", "0"});
    std::string text = program.rest();
    EXPECT_EQ(program.wait(), 1) << text;
    EXPECT_NE(text.find(given), std::string::npos) << text;
  }
}

TEST_F(Serve, HelpAndVersion) {
  for (const char* option : {"--help", "--version"}) {
    Program program({option});
    std::string text = program.rest();
    EXPECT_EQ(program.wait(), 0);
    EXPECT_NE(text.find("gristmill-serve"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace gristmill
