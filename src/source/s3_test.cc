#include "source/s3.h"

#include <gtest/gtest.h>

#include "base/testing.h"

namespace gristmill {
namespace {

// "GET Object" of docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html.
TEST(S3, SignsAsTheExampleOfItsDocumentation) {
  S3Place place("s3://examplebucket/test.txt", "", "us-east-1");
  place.host = "examplebucket.s3.amazonaws.com";
  const S3Login login{.access_key = "AKIAIOSFODNN7EXAMPLE",
                      .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                      .session_token = ""};
  const auto headers = s3_signed(place, login, "20130524T000000Z", {{"range", "bytes=0-9"}});
  EXPECT_EQ(headers.at("authorization"),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(S3, ObjectsLieUnderTheEndpoint) {
  EXPECT_EQ(S3Place("s3://b/a/x y+é.csv", "http://127.0.0.1:9000/", "r").url(),
            "http://127.0.0.1:9000/b/a/x%20y%2B%C3%A9.csv");
  EXPECT_EQ(S3Place("s3://b/x.csv", "", "eu-west-1").url(),
            "https://b.s3.eu-west-1.amazonaws.com/x.csv");
  EXPECT_EQ(S3Place("s3://b.c/x.csv", "", "eu-west-1").url(),
            "https://s3.eu-west-1.amazonaws.com/b.c/x.csv");
}

TEST(S3, WhatNamesNoObjectIsRefused) {
  for (const char* url :
       {"s3://", "s3://b", "s3://b/", "s3:///x.csv", "s3://b/folder/", "s3://b@c/x"})
    EXPECT_EQ(failure([&] { S3Place(url, "", "r"); }).code(), Code::invalid) << url;
  EXPECT_EQ(failure([&] { S3Place("s3://b/x", "localhost:9000", "r"); }).code(), Code::invalid);
}

}  // namespace
}  // namespace gristmill
