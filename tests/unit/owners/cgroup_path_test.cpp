#include "owners/cgroup_path.h"

#include <gtest/gtest.h>

#include <ostream>

namespace rtt::owners {

// For messages of failed tests.
void PrintTo(const Owner& owner, std::ostream* out) {
  *out << "{unit " << owner.unit << ", container " << owner.container << ", pod " << owner.pod
       << "}";
}

namespace {

const std::string kId = "4c9f2a7e1b0d4c9f2a7e1b0d4c9f2a7e1b0d4c9f2a7e1b0d4c9f2a7e1b0d0123";
const std::string kOtherId = "00aa2a7e1b0d4c9f2a7e1b0d4c9f2a7e1b0d4c9f2a7e1b0d4c9f2a7e1b0dffff";
const std::string kUid = "6f1a2b3c-0d4e-4f5a-8b6c-7d8e9f0a1b2c";
const std::string kSystemdUid = "6f1a2b3c_0d4e_4f5a_8b6c_7d8e9f0a1b2c";
const std::string kStaticUid = "3f5c7d0b9a8e4f1c2d3e4f5a6b7c8d9e";

struct Case {
  const char* name;
  std::string path;
  Owner owner;
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.path; }

class CgroupPathTest : public testing::TestWithParam<Case> {};

TEST_P(CgroupPathTest, NamesTheOwner) {
  EXPECT_EQ(owner_of_cgroup(GetParam().path), GetParam().owner);
}

INSTANTIATE_TEST_SUITE_P(
    Systemd, CgroupPathTest,
    testing::Values(
        Case{"Root", "/", {}}, Case{"Empty", "", {}}, Case{"Slice", "/system.slice", {}},
        Case{"Init", "/init.scope", {"init.scope", "", ""}},
        Case{"Service", "/system.slice/nginx.service", {"nginx.service", "", ""}},
        Case{"WithoutSlash", "system.slice/nginx.service", {"nginx.service", "", ""}},
        Case{"NestedSlices", "/a.slice/a-b.slice/a-b-c.slice/x.service", {"x.service", "", ""}},
        Case{"Template",
             "/system.slice/system-getty.slice/getty@tty1.service",
             {"getty@tty1.service", "", ""}},
        Case{"BelowAService", "/system.slice/nginx.service/workers/3", {"nginx.service", "", ""}},
        Case{"DelegatedUnits",
             "/system.slice/outer.service/inner.service",
             {"outer.service", "", ""}},
        Case{"Session", "/user.slice/user-1000.slice/session-3.scope", {"session-3.scope", "", ""}},
        Case{"UserManager",
             "/user.slice/user-1000.slice/user@1000.service/app.slice/firefox.service",
             {"user@1000.service", "", ""}},
        Case{"EscapedName",
             "/system.slice/dev-disk-by\\x2duuid-1\\x2d2.swap",
             {"dev-disk-by\\x2duuid-1\\x2d2.swap", "", ""}},
        Case{
            "EscapedForTheKernel", "/system.slice/_cpu.stat.service", {"cpu.stat.service", "", ""}},
        Case{"Mount", "/system.slice/srv-data.mount", {"srv-data.mount", "", ""}},
        Case{"Socket", "/system.slice/ssh.socket", {"ssh.socket", "", ""}},
        Case{"Machine", "/machine.slice/machine-web.scope", {"machine-web.scope", "", ""}},
        Case{"OnlyASuffix", "/system.slice/.service", {}},
        Case{"NotUtf8", "/system.slice/\xff\xfe.service", {}},
        Case{"ControlCharacters", "/system.slice/a\nb\".service", {}},
        Case{"TooLong", "/system.slice/" + std::string(300, 'a') + ".service", {}},
        Case{"OfANamespaceAbove", "/../../system.slice/nginx.service", {"nginx.service", "", ""}},
        Case{"DoubledSlashes", "//system.slice//nginx.service/", {"nginx.service", "", ""}}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Containers, CgroupPathTest,
    testing::Values(
        Case{"Docker", "/system.slice/docker-" + kId + ".scope", {"", kId, ""}},
        Case{"DockerCgroupfs", "/docker/" + kId, {"", kId, ""}},
        Case{"Containerd", "/system.slice/nerdctl-" + kId + ".scope", {"", kId, ""}},
        Case{"ContainerdCgroupfs", "/default/" + kId, {"", kId, ""}},
        Case{"Podman", "/machine.slice/libpod-" + kId + ".scope/container", {"", kId, ""}},
        Case{"PodmanCgroupfs", "/libpod_parent/libpod-" + kId, {"", kId, ""}},
        Case{"PodmanMonitor", "/machine.slice/libpod-conmon-" + kId + ".scope", {}},
        Case{"PodmanRootless",
             "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + kId + ".scope",
             {"", kId, ""}},
        Case{"SubCgroup", "/system.slice/docker-" + kId + ".scope/init/x", {"", kId, ""}},
        Case{"SystemdInside",
             "/system.slice/docker-" + kId + ".scope/system.slice/cron.service",
             {"cron.service", kId, ""}},
        Case{"InsideAnother",
             "/system.slice/docker-" + kId + ".scope/docker/" + kOtherId,
             {"", kOtherId, ""}},
        Case{"ShortId",
             "/system.slice/docker-" + kId.substr(1) + ".scope",
             {"docker-" + kId.substr(1) + ".scope", "", ""}},
        Case{"NotHexadecimal", "/docker/" + std::string(64, 'g'), {}},
        Case{"UpperCase", "/docker/" + std::string(64, 'A'), {}},
        Case{"LongId", "/docker/0" + kId, {}}, Case{"JustLetters", "/x" + kId + "/", {}}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Pods, CgroupPathTest,
    testing::Values(
        Case{"Containerd",
             "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + kSystemdUid +
                 ".slice/cri-containerd-" + kId + ".scope",
             {"", kId, kUid}},
        Case{"Guaranteed",
             "/kubepods.slice/kubepods-pod" + kSystemdUid + ".slice/crio-" + kId + ".scope",
             {"", kId, kUid}},
        Case{"CrioSubCgroup",
             "/kubepods.slice/kubepods-pod" + kSystemdUid + ".slice/crio-" + kId +
                 ".scope/container",
             {"", kId, kUid}},
        Case{"CrioMonitor",
             "/kubepods.slice/kubepods-pod" + kSystemdUid + ".slice/crio-conmon-" + kId + ".scope",
             {"", "", kUid}},
        Case{"PodItself",
             "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" + kSystemdUid +
                 ".slice",
             {"", "", kUid}},
        Case{"Cgroupfs", "/kubepods/burstable/pod" + kUid + "/" + kId, {"", kId, kUid}},
        Case{"CgroupfsGuaranteed", "/kubepods/pod" + kUid + "/" + kId, {"", kId, kUid}},
        Case{"StaticPod", "/kubepods/pod" + kStaticUid + "/" + kId, {"", kId, kStaticUid}},
        Case{
            "StaticPodOfSystemd",
            "/kubepods.slice/kubepods-pod" + kStaticUid + ".slice/cri-containerd-" + kId + ".scope",
            {"", kId, kStaticUid}},
        Case{"DriversMixedUp",
             "/kubepods-burstable-pod" + kSystemdUid + ".slice:cri-containerd:" + kId,
             {"", kId, kUid}},
        Case{"Kind",
             "/system.slice/docker-" + kOtherId +
                 ".scope/kubelet.slice/kubelet-kubepods.slice/"
                 "kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod" +
                 kSystemdUid + ".slice/cri-containerd-" + kId + ".scope",
             {"", kId, kUid}},
        Case{"KubeletOfKind",
             "/system.slice/docker-" + kOtherId + ".scope/kubelet.slice/kubelet.service",
             {"kubelet.service", kOtherId, ""}},
        Case{"SystemdInAPod",
             "/kubepods/pod" + kUid + "/" + kId + "/system.slice/cron.service",
             {"cron.service", kId, kUid}},
        Case{"NotBelowKubepods", "/elsewhere/pod" + kUid, {}},
        Case{"NoUid", "/kubepods/podcast", {}},
        Case{"WrongDashes", "/kubepods/pod6f1a2b3c0-d4e-4f5a-8b6c-7d8e9f0a1b2c", {}},
        Case{"NotAUid", "/kubepods/podZf1a2b3c-0d4e-4f5a-8b6c-7d8e9f0a1b2c", {}},
        Case{"SeenFromAPod",
             "/../../../kubepods/besteffort/pod" + kUid + "/" + kId,
             {"", kId, kUid}}),
    [](const auto& info) { return info.param.name; });

TEST(CgroupPath, AnyBytesGiveAnOwner) {
  for (const std::string& path :
       {std::string(100'000, '/'), std::string(100'000, 'a'), std::string("\0\xff/pod", 6),
        "/kubepods" + std::string(64, ':') + kId, std::string("/-pod.slice"),
        std::string("/kubepods-pod.slice/conmon-.scope")}) {
    const Owner owner = owner_of_cgroup(path);
    EXPECT_LE(owner.container.size(), 64U);
    EXPECT_TRUE(owner.pod.empty());
  }
}

}  // namespace
}  // namespace rtt::owners
