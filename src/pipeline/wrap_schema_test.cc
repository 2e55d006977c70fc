#include "pipeline/wrap_schema.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace gristmill {
namespace {

class WrapSchemaFile : public testing::Test {
 protected:
  WrapSchema read(const std::string& name, const std::string& text) {
    const fs::path path = dir_.path() / name;
    disk().write_atomic(path, text);
    return read_wrap_schema(path);
  }
  std::string refusal(const std::string& name, const std::string& text) {
    try {
      read(name, text);
    } catch (const Error& error) {
      return error.what();
    }
    return "it was read";
  }
  static std::string names(const WrapSchema& schema) {
    std::string all;
    for (const WrapColumn& column : schema.columns) all += column.name + " ";
    return all;
  }

 private:
  ScratchDir dir_;
};

TEST_F(WrapSchemaFile, SaysWhatAModelDoesNot) {
  using Kind = WrapColumn::Kind;
  const WrapSchema schema = read("s.yaml",
                                 "name: churn\nclasses: [stays, leaves]\ncolumns:\n"
                                 "  zeta: number\n  plan: [basic, plus]\n  alpha: boolean\n  b:\n");
  EXPECT_EQ(schema.name, "churn");
  EXPECT_EQ(schema.classes, (nlohmann::json{"stays", "leaves"}));
  EXPECT_EQ(names(schema), "zeta plan alpha b ");  // in the order of the file
  EXPECT_EQ(schema.columns[0].kind, Kind::number);
  EXPECT_EQ(schema.columns[1].kind, Kind::category);
  EXPECT_EQ(schema.columns[1].levels, (nlohmann::json{"basic", "plus"}));
  EXPECT_EQ(schema.columns[2].kind, Kind::boolean);
  EXPECT_EQ(schema.columns[3].kind, Kind::unsaid);
  EXPECT_FALSE(schema.more_columns);
}

TEST_F(WrapSchemaFile, MayBeAListOrJson) {
  EXPECT_EQ(names(read("s.yml", "columns: [z, {a: number}, m]")), "z a m ");
  EXPECT_EQ(names(read("s.json", R"({"columns": {"z": "number", "a": [1, 2]}})")), "z a ");
}

TEST_F(WrapSchemaFile, NamesThePlaceOfWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"colums: {}", "did you mean \"columns\"?"},
      {"columns: {a: numbr}", "did you mean \"number\"?"},
      {"columns: {a: 1}", "`number`, a `boolean` or a list"},
      {"columns: 3", "must be a mapping"},
      {"columns: [3]", "must be text"},
      {"classes: no", "must be a list of names"},
      {"classes: [[1]]", "must be a list of names"},
      {"name: a/b", "cannot be named"},
      {"- 1", "must be a mapping"},
  };
  for (const auto& [text, part] : cases) {
    const std::string message = refusal("s.yaml", text);
    EXPECT_NE(message.find(part), std::string::npos) << message << "\n wanted: " << part;
    EXPECT_NE(message.find("s.yaml:1"), std::string::npos) << message;
  }
  EXPECT_THROW(read_wrap_schema("no/such.yaml"), Error);
}

TEST_F(WrapSchemaFile, ColumnsOfExampleRowsAreTakenWithTheirTypes) {
  using Kind = WrapColumn::Kind;
  const WrapSchema schema = read("rows.csv", "age,plan,member\n3,basic,true\n4.5,plus,false\n");
  EXPECT_TRUE(schema.more_columns);
  EXPECT_EQ(names(schema), "age plan member ");
  EXPECT_EQ(schema.columns[0].kind, Kind::number);
  EXPECT_EQ(schema.columns[1].kind, Kind::category);
  EXPECT_TRUE(schema.columns[1].levels.is_null());
  EXPECT_EQ(schema.columns[2].kind, Kind::boolean);
}

}  // namespace
}  // namespace gristmill
