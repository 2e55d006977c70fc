#include "source/url.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/secrets.h"

namespace gristmill {
namespace {

TEST(Url, TakesItsPartsApart) {
  const Url url("postgresql://me:p%40ss@db.example.org:5433/ops%20x?sslmode=require");
  EXPECT_EQ(url.scheme, "postgresql");
  EXPECT_EQ(url.user, "me");
  EXPECT_EQ(url.host, "db.example.org");
  EXPECT_EQ(url.port, "5433");
  EXPECT_EQ(url.database, "ops x");
  EXPECT_EQ(url.shown(), "postgresql://db.example.org:5433/ops x");
}

TEST(Url, HasPartsThatMayBeAbsent) {
  EXPECT_EQ(Url("mysql://db/ops").user, "");
  EXPECT_EQ(Url("mysql://db/ops").port, "");
  EXPECT_EQ(Url("postgresql:///ops?host=/run/postgresql").host, "");
  EXPECT_EQ(Url("postgresql:///ops?host=/run/postgresql").database, "ops");
  EXPECT_EQ(Url("mysql://db").database, "");
  EXPECT_EQ(Url("postgresql://me@[::1]:5432/ops").host, "[::1]");
  EXPECT_EQ(Url("postgresql://me@[::1]:5432/ops").port, "5432");
}

TEST(Url, ItsPasswordIsASecret) {
  const Url url("mysql://me:sw%C3%B6rd@fish@db/ops");
  EXPECT_EQ(url.host, "db");
  EXPECT_EQ(without_secrets("tried swörd@fish, or sw%C3%B6rd@fish"), "tried ***, or ***");
}

TEST(Url, IsEncodedForClientLibraries) {
  EXPECT_EQ(Url("mariadb://o dd:p@s/s%3D%C3%B6@db:3306/ops x?ssl_ca=/tmp/ca.pem&a&b=%26")
                .encoded("mysql"),
            "mysql://o%20dd:p%40s%2Fs%3Dö@db:3306/ops%20x?ssl_ca=%2Ftmp%2Fca.pem&a=&b=%26");
  EXPECT_EQ(Url("postgresql://me@a:1,b:2/ops").encoded("postgres"), "postgres://me@a:1,b:2/ops");
  EXPECT_EQ(Url("postgresql://me@[::1]:5432/ops").encoded("postgres"),
            "postgres://me@[::1]:5432/ops");
  EXPECT_EQ(Url("postgresql:///ops?host=/run/postgresql").encoded("postgresql"),
            "postgresql:///ops?host=%2Frun%2Fpostgresql");
}

TEST(Url, RefusesWhatIsNone) {
  EXPECT_THROW(Url("db/ops"), Error);
  try {
    Url("mysql://me:sec?ret@db/ops");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find("sec"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace gristmill
