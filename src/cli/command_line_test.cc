// What a verb is handed, and how its errors leave the program.
#include <gtest/gtest.h>

#include "base/version.h"
#include "cli/verb.h"

namespace gristmill {
namespace {

Invocation last;                       // what the verb `try` was called with
std::function<void()> action = [] {};  // what it does

const RegisterVerb registration({
    .name = "try",
    .text = "A verb for tests",
    .options = {{.name = "FILE", .value = "FILE", .text = "A file", .required = true},
                {.name = "MORE", .value = "MORE", .text = "Others", .many = true},
                {.name = "-n,--number", .value = "N", .text = "A number"},
                {.name = "-p,--param", .value = "NAME=VALUE", .text = "Several", .many = true},
                {.name = "--dry-run", .text = "A flag"}},
    .json = true,
    .run =
        [](const Invocation& call) {
          last = call;
          action();
        },
});

struct Outcome {
  int code;
  std::string out, err;
};

Outcome run(std::vector<std::string> args, std::function<void()> what = [] {}) {
  action = std::move(what);
  last = {};
  args.insert(args.begin(), "gristmill");
  std::vector<char*> argv;
  for (std::string& arg : args) argv.push_back(arg.data());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int code = command_line(int(argv.size()), argv.data());
  std::string out = testing::internal::GetCapturedStdout();
  return {code, std::move(out), testing::internal::GetCapturedStderr()};
}
using Texts = std::vector<std::string>;

TEST(CommandLine, OptionsComeByTheirLongNames) {
  EXPECT_EQ(run({"try", "a.csv", "b", "c", "-n", "5", "-p", "x=1", "--param", "y=2", "--dry-run",
                 "--json", "-C", "some/where"})
                .code,
            0);
  EXPECT_EQ(last.value("FILE"), "a.csv");
  EXPECT_EQ(last.all("MORE"), (Texts{"b", "c"}));
  EXPECT_EQ(last.integer("number", 1), 5);
  EXPECT_EQ(last.all("param"), (Texts{"x=1", "y=2"}));
  EXPECT_TRUE(last.has("dry-run"));
  EXPECT_TRUE(last.json);
  EXPECT_EQ(last.dir, "some/where");
  EXPECT_EQ(last.argv[0], "try");
  EXPECT_EQ(last.argv.size(), 14u);
  EXPECT_NE(last.progress, nullptr);
}

TEST(CommandLine, AnOptionTakesOneValueHoweverOftenItOccurs) {
  EXPECT_EQ(run({"try", "-p", "x=1", "a.csv", "-p", "y=2", "b"}).code, 0);
  EXPECT_EQ(last.all("param"), (Texts{"x=1", "y=2"}));
  EXPECT_EQ(last.value("FILE"), "a.csv");
  EXPECT_EQ(last.all("MORE"), (Texts{"b"}));
}

TEST(CommandLine, WhatIsNotGivenIsNotThere) {
  EXPECT_EQ(run({"try", "a.csv"}).code, 0);
  EXPECT_FALSE(last.has("number") || last.has("param") || last.has("dry-run") || last.has("MORE"));
  EXPECT_EQ(last.integer("number", 7), 7);
  EXPECT_EQ(last.value("number", "none"), "none");
  EXPECT_TRUE(last.all("param").empty());
  EXPECT_FALSE(last.json);
  EXPECT_EQ(last.dir, ".");
}

TEST(CommandLine, NumbersAreWhole) {
  for (const char* text : {"x", "1.5", "1e3", "5 ", "99999999999999999999"}) {
    const Outcome outcome = run({"try", "a", "-n", text}, [] { last.integer("number", 1); });
    EXPECT_EQ(outcome.code, 2) << text;
    EXPECT_NE(outcome.err.find(fmt::format("--number takes a whole number, not \"{}\"", text)),
              std::string::npos)
        << outcome.err;
  }
  EXPECT_EQ(run({"try", "a", "--number=-5"}).code, 0);
  EXPECT_EQ(last.integer("number", 1), -5);
}

TEST(CommandLine, UsageIsExitCodeTwo) {
  for (const Texts& args : std::vector<Texts>{
           {}, {"try"}, {"try", "a", "--numbr", "5"}, {"try", "a", "-n"}, {"--nothing"}}) {
    const Outcome outcome = run(args);
    EXPECT_EQ(outcome.code, 2) << fmt::format("{}", fmt::join(args, " "));
    EXPECT_EQ(outcome.err.find("error: "), 0u) << outcome.err;
    EXPECT_NE(outcome.err.find("--help"), std::string::npos) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_TRUE(last.argv.empty());
  }
  EXPECT_NE(run({"try", "a", "-n"}).err.find("gristmill try --help"), std::string::npos);
}

TEST(CommandLine, AnUnknownVerbNamesTheNearest) {
  const Outcome outcome = run({"inspct", "a"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.err,
            "error: there is no command \"inspct\"\n  hint: did you mean \"inspect\"?\n");
}

TEST(CommandLine, ErrorsAreTranslatedOnce) {
  Outcome outcome = run({"try", "a"}, [] {
    throw Error(Code::invalid, "the target is a date", {"g.yaml", 3, 5}, "predict a number");
  });
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err,
            "error: the target is a date\n  at g.yaml:3:5\n  hint: predict a number\n");
  EXPECT_EQ(run({"try", "a"}, [] { throw Error(Code::usage, "no"); }).code, 2);
  outcome = run({"try", "a"}, [] { throw std::bad_alloc(); });
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err, "error: memory ran out\n");
  outcome = run({"try", "a"}, [] { throw std::runtime_error("oh"); });
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err.find("error: unexpected: oh"), 0u);
  EXPECT_NE(outcome.err.find("bug"), std::string::npos);
}

TEST(CommandLine, HelpAndVersionAreNoErrors) {
  const Outcome all = run({"--help"});
  EXPECT_EQ(all.code, 0);
  EXPECT_EQ(all.err, "");
  for (const auto& [name, verb] : Verbs::instance())
    EXPECT_NE(all.out.find(name), std::string::npos) << name;
  EXPECT_LT(all.out.find("  run "), all.out.find("  try ")) << all.out;
  const Outcome one = run({"try", "--help"});
  EXPECT_EQ(one.code, 0);
  EXPECT_NE(one.out.find("-n,--number N"), std::string::npos) << one.out;
  EXPECT_NE(run({"--version"}).out.find(version), std::string::npos);
}

}  // namespace
}  // namespace gristmill
