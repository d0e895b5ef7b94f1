#include "owners/pod_list.h"

#include <gmock/gmock.h>

namespace rtt::owners {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

const std::string kUid = "6f1a2b3c-0d4e-4f5a-8b6c-7d8e9f0a1b2c";
const std::string kOtherUid = "aaaaaaaa-0d4e-4f5a-8b6c-7d8e9f0a1b2c";
const std::string kHash(32, 'b');

std::string list_of(const std::string& items) {
  return R"({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": )" + items + "}";
}
std::string pod(const std::string& uid, const std::string& name, const std::string& more = "") {
  return R"({"metadata": {"name": ")" + name + R"(", "namespace": "shop", "uid": ")" + uid + "\"" +
         more + R"(}, "spec": {"containers": [{"name": "c"}]}})";
}

PodList parsed(const std::string& items) { return parse_pod_list(list_of(items)).value(); }
std::string error(std::string_view text) { return parse_pod_list(text).error().message; }

// An item that names no pod, beside one that does.
void expect_left_out(const std::string& item) {
  const PodList list = parsed("[" + item + ", " + pod(kUid, "web-0") + "]");
  EXPECT_THAT(list.by_uid, UnorderedElementsAre(Pair(kUid, PodName{"web-0", "shop"}))) << item;
  EXPECT_EQ(list.invalid, 1U) << item;
}

TEST(PodList, NamesPodsByTheirUid) {
  const PodList list = parsed("[" + pod(kUid, "web-0") + "," + pod(kOtherUid, "db.x") + "]");
  EXPECT_THAT(list.by_uid, UnorderedElementsAre(Pair(kUid, PodName{"web-0", "shop"}),
                                                Pair(kOtherUid, PodName{"db.x", "shop"})));
  EXPECT_EQ(list.invalid, 0U);
}

TEST(PodList, MayBeEmpty) {
  EXPECT_THAT(parsed("[]").by_uid, IsEmpty());
  EXPECT_THAT(parsed("null").by_uid, IsEmpty());
}

TEST(PodList, AMirrorNamesItsStaticPod) {
  for (const std::string key : {"kubernetes.io/config.hash", "kubernetes.io/config.mirror"}) {
    const PodList list = parsed(
        "[" + pod(kUid, "etcd", R"(, "annotations": {")" + key + "\": \"" + kHash + "\"}") + "]");
    EXPECT_EQ(list.by_uid.at(kHash), (PodName{"etcd", "shop"}));
    EXPECT_EQ(list.by_uid.at(kUid), (PodName{"etcd", "shop"}));
  }
}

TEST(PodList, AnAnnotationTakesNoUidFromAnotherPod) {
  const std::string thief =
      pod(kUid, "thief", R"(, "annotations": {"kubernetes.io/config.hash": ")" + kOtherUid + "\"}");
  const std::string victim = pod(kOtherUid, "victim");
  for (const std::string& items :
       {"[" + thief + "," + victim + "]", "[" + victim + "," + thief + "]"}) {
    EXPECT_EQ(parsed(items).by_uid.at(kOtherUid).name, "victim");
  }
}

TEST(PodList, ASecondPodOfAUidIsLeftOut) {
  const PodList list = parsed("[" + pod(kUid, "first") + "," + pod(kUid, "second") + "]");
  EXPECT_THAT(list.by_uid, UnorderedElementsAre(Pair(kUid, PodName{"first", "shop"})));
  EXPECT_EQ(list.invalid, 1U);
}

TEST(PodList, PodsWithoutUidNameOrNamespaceAreLeftOut) {
  expect_left_out(R"({"metadata": {"name": "a", "namespace": "b"}})");
  expect_left_out(R"({"metadata": {"name": "a", "uid": "c"}})");
  expect_left_out(R"({"metadata": {"namespace": "b", "uid": "c"}})");
  expect_left_out(R"({"spec": {}})");
}

TEST(PodList, WrongTypesAreLeftOut) {
  expect_left_out("null");
  expect_left_out("7");
  expect_left_out("[]");
  expect_left_out(R"({"metadata": "a"})");
  expect_left_out(R"({"metadata": {"name": 1, "namespace": "b", "uid": "c"}})");
  expect_left_out(R"({"metadata": {"name": ["a"], "namespace": "b", "uid": "c"}})");
  expect_left_out(R"({"metadata": {"name": "a", "namespace": null, "uid": "c"}})");
}

TEST(PodList, NamesThatNoPodCanHaveAreLeftOut) {
  for (const char* const name : {"", "a b", "A", "a\\u0000b", "a\\nb", "a\\\"b", "\xc3\xa4"}) {
    expect_left_out(pod(kOtherUid, name));
    expect_left_out(pod(name, "a"));
  }
  expect_left_out(pod(kOtherUid, std::string(254, 'a')));
}

TEST(PodList, AnnotationsOfAnotherTypeAreNone) {
  const std::string items = "[" + pod(kUid, "web-0", R"(, "annotations": [1])") + "]";
  EXPECT_THAT(parsed(items).by_uid, UnorderedElementsAre(Pair(kUid, PodName{"web-0", "shop"})));
}

TEST(PodList, AnotherKindIsNone) {
  EXPECT_EQ(error(R"({"kind": "Status", "items": []})"), "not a PodList");
  EXPECT_EQ(error(R"([])"), "not a PodList");
  EXPECT_EQ(error(R"({"kind": 7})"), "not a PodList");
}

TEST(PodList, ItemsAreNeeded) {
  EXPECT_THAT(error(R"({"kind": "PodList"})"), HasSubstr("items"));
  EXPECT_THAT(error(list_of("{}")), HasSubstr("items"));
  EXPECT_THAT(error(list_of("\"x\"")), HasSubstr("items"));
}

TEST(PodList, WhatIsNoJsonIsRefused) {
  EXPECT_THAT(error(""), HasSubstr("not JSON"));
  EXPECT_THAT(error("<html>"), HasSubstr("not JSON"));
  EXPECT_THAT(error(list_of("[").substr(0, 40)), HasSubstr("not JSON"));
  EXPECT_THAT(error(R"({"kind": "PodList", "kind": "PodList", "items": []})"),
              HasSubstr("already"));
}

TEST(PodList, DepthIsBounded) {
  EXPECT_THAT(error(list_of(std::string(100'000, '[') + std::string(100'000, ']'))),
              HasSubstr("nested too deeply"));
}

TEST(PodList, SizeIsBounded) {
  EXPECT_FALSE(parse_pod_list(list_of("[]") + std::string(kMaxPodListBytes, ' ')).ok());
}

TEST(PodList, MayBeLargerThanAConfiguration) {
  EXPECT_THAT(
      parse_pod_list(list_of("[]") + std::string(kMaxPodListBytes - 1000, ' ')).value().by_uid,
      IsEmpty());
}

TEST(PodList, TheNumberOfValuesIsBounded) {
  std::string items = "[1";
  for (int i = 0; i < 1'100'000; ++i) items += ",1";
  EXPECT_THAT(error(list_of(items + "]")), HasSubstr("more than"));
}

}  // namespace
}  // namespace rtt::owners
