// The namespace opener against real namespaces, asked as the daemon asks it.
#include "passive/namespace_opener.h"

#include <gmock/gmock.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <thread>

#include "support/netns.h"
#include "support/process.h"
#include "support/setup_error.h"
#include "support/wait_until.h"

namespace rtt::integration {
namespace {

using namespace std::chrono_literals;
using passive::NamespaceId;
using passive::NamespaceOpener;
using passive::NamespaceReply;
using passive::NamespaceRequest;
using passive::ReceivedReply;
using support::Namespace;
using support::Process;

using Kind = NamespaceReply::Kind;

NamespaceId id_of(const Namespace& where) { return passive::namespace_id(where.fd()).value(); }

// A process in a namespace that nothing else keeps.
std::unique_ptr<Process> start_hermit(const std::vector<std::string>& unshare = {"unshare",
                                                                                 "--net"}) {
  std::vector<std::string> argv = unshare;
  argv.insert(argv.end(), {"sh", "-c", "echo ready; exec sleep 1000"});
  auto process = std::make_unique<Process>(argv);
  if (!process->wait_for_text("ready", 30s))
    throw support::SetupError("unshare: " + process->errors());
  return process;
}

// The opener on a thread, which it moves between namespaces, in a mount namespace without named
// network namespaces but those that `prepare` makes.
class Opener {
 public:
  explicit Opener(std::function<void()> prepare = [] {}) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
      support::throw_errno("socketpair");
    }
    ours_.reset(ends[0]);
    std::promise<void> ready;
    thread_ = std::thread([this, &ready, prepare, theirs = base::UniqueFd(ends[1])]() mutable {
      if (::unshare(CLONE_NEWNS) == 0 &&
          ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
          (::mkdir("/run/netns", 0755) == 0 || errno == EEXIST) &&
          ::mount("none", "/run/netns", "tmpfs", 0, nullptr) == 0) {
        prepare();
      }
      auto opener = NamespaceOpener::create(std::move(theirs));
      ready.set_value();
      if (opener) served_ = opener->run();
    });
    ready.get_future().wait();
  }
  ~Opener() { stop(); }

  // Whether it ended without an error.
  bool stop() {
    ours_.reset();
    if (thread_.joinable()) thread_.join();
    return served_;
  }

  ReceivedReply ask(NamespaceRequest::Kind kind, std::uint32_t index = 0) {
    EXPECT_TRUE(passive::send_request(ours_.get(), {kind, ++sequence_, index}));
    pollfd ready{ours_.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&ready, 1, 60'000), 1);
    ReceivedReply received = passive::receive_reply(ours_.get());
    EXPECT_EQ(received.status, ReceivedReply::Status::kReply);
    EXPECT_EQ(received.reply.sequence, sequence_);
    return received;
  }
  std::uint32_t list() { return ask(NamespaceRequest::Kind::kList).reply.listed; }
  ReceivedReply open(std::uint32_t index) { return ask(NamespaceRequest::Kind::kOpen, index); }

  // Lists them, and opens the one; nothing if it is not there.
  std::optional<ReceivedReply> find(NamespaceId id) {
    const std::uint32_t listed = list();
    for (std::uint32_t index = 0; index < listed; ++index) {
      ReceivedReply received = open(index);
      if (received.reply.inode == id.inode) return received;
    }
    return std::nullopt;
  }
  std::uint32_t index_of(NamespaceId id) {
    const std::uint32_t listed = list();
    for (std::uint32_t index = 0; index < listed; ++index) {
      if (open(index).reply.inode == id.inode) return index;
    }
    throw support::SetupError("the namespace is not listed");
  }

 private:
  base::UniqueFd ours_;
  std::uint32_t sequence_ = 0;
  bool served_ = false;
  std::thread thread_;
};

// Of the namespace that a socket lies in.
ino_t inode_of_socket(const base::UniqueFd& socket) {
  const base::UniqueFd file(::ioctl(socket.get(), SIOCGSKNS));
  return passive::namespace_id(file.get()).value().inode;
}

TEST(NamespaceOpener, OpensTheNamespaceOfAProcess) {
  const auto hermit = start_hermit();
  const NamespaceId id = id_of(Namespace::of(hermit->pid()));
  Opener opener;
  const auto received = opener.find(id);
  ASSERT_TRUE(received);
  ASSERT_EQ(received->reply.kind, Kind::kOpened);
  EXPECT_EQ(inode_of_socket(received->socket), id.inode);
}

TEST(NamespaceOpener, OpensTheNamespaceOfAContainerWithoutRoot) {
  const auto hermit = start_hermit({"unshare", "--user", "--map-root-user", "--net"});
  Opener opener;
  const auto received = opener.find(id_of(Namespace::of(hermit->pid())));
  ASSERT_TRUE(received);
  EXPECT_EQ(received->reply.kind, Kind::kOpened);
}

TEST(NamespaceOpener, ListsANamespaceOfManyProcessesOnce) {
  const auto hermit = start_hermit();
  const Namespace there = Namespace::of(hermit->pid());
  const Process second({"sleep", "1000"}, {.where = &there});
  const Process third({"sleep", "1000"}, {.where = &there});
  Opener opener;
  const std::uint32_t listed = opener.list();
  int found = 0;
  for (std::uint32_t index = 0; index < listed; ++index) {
    found += opener.open(index).reply.inode == id_of(there).inode ? 1 : 0;
  }
  EXPECT_EQ(found, 1);
}

TEST(NamespaceOpener, LeavesItsOwnNamespaceOut) {
  Opener opener;
  EXPECT_FALSE(opener.find(id_of(Namespace::of(::getpid()))));
}

TEST(NamespaceOpener, OpensANamespaceThatOnlyItsNameKeeps) {
  NamespaceId id;
  Opener opener([&] {
    support::run_command({"ip", "netns", "add", "empty"});
    id = id_of(Namespace::named("empty"));
    std::ofstream("/run/netns/left_over") << "";
  });
  const auto received = opener.find(id);
  ASSERT_TRUE(received);
  EXPECT_EQ(received->reply.kind, Kind::kOpened);
}

TEST(NamespaceOpener, AProcessThatEndsBeforeItIsEnteredIsAnError) {
  auto hermit = start_hermit();
  Opener opener;
  const std::uint32_t index = opener.index_of(id_of(Namespace::of(hermit->pid())));
  hermit.reset();
  const ReceivedReply received = opener.open(index);
  EXPECT_EQ(received.reply.kind, Kind::kFailed);
  EXPECT_THAT(received.reply.error_number, testing::AnyOf(ENOENT, ESRCH));
}

TEST(NamespaceOpener, AProcessThatMovedOnIsNotEntered) {
  Process nomad(
      {"unshare", "--net", "sh", "-c",
       "trap 'exec unshare --net sleep 1000' USR1; echo ready; while :; do sleep 0.01; done"});
  ASSERT_TRUE(nomad.wait_for_text("ready", 30s));
  const NamespaceId before = id_of(Namespace::of(nomad.pid()));
  Opener opener;
  const std::uint32_t index = opener.index_of(before);
  nomad.signal(SIGUSR1);
  ASSERT_TRUE(
      support::wait_until([&] { return id_of(Namespace::of(nomad.pid())) != before; }, 30s));
  const ReceivedReply received = opener.open(index);
  EXPECT_EQ(received.reply.kind, Kind::kFailed);
  EXPECT_EQ(received.reply.error_number, ESRCH);
}

TEST(NamespaceOpener, AnIndexPastTheListIsAnError) {
  Opener opener;
  const ReceivedReply received = opener.open(opener.list());
  EXPECT_EQ(received.reply.kind, Kind::kFailed);
  EXPECT_EQ(received.reply.error_number, EINVAL);
}

TEST(NamespaceOpener, EndsWithoutAnErrorWhenTheDaemonCloses) {
  Opener opener;
  opener.list();
  EXPECT_TRUE(opener.stop());
}

}  // namespace
}  // namespace rtt::integration
