// On ordinary directories, which inotify and inode numbers treat as they do cgroups; on cgroups in
// integration/owners_test.cpp.
#include "owners/cgroup_tree.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "support/setup_error.h"
#include "support/wait_until.h"

namespace rtt::owners {
namespace {

class CgroupTreeTest : public testing::Test {
 protected:
  ~CgroupTreeTest() override {
    if (thread_.joinable()) {
      on_loop([this] { tree_.reset(); });
      loop_.stop();
      thread_.join();
    }
    std::filesystem::remove_all(root_);
  }

  void start(CgroupTree::Limits limits = {}) {
    tree_ = CgroupTree::create(loop_, root_.string(), limits,
                               {.on_cgroup = [this](auto id, const auto& path) { come(id, path); },
                                .on_gone = [this](auto id) { go(id); },
                                .on_walked = [this] { ++walks_; },
                                .on_problem = [this](auto what) { note(what); }})
                .value();
    thread_ = std::thread([this] { loop_.run(); });
    ASSERT_TRUE(support::wait_until([this] { return walks_ > 0; }));
  }
  void on_loop(const std::function<void()>& function) {
    std::promise<void> done;
    loop_.post([&] {
      function();
      done.set_value();
    });
    done.get_future().wait();
  }
  void make(const std::string& path) { std::filesystem::create_directories(root_ / path); }
  void remove(const std::string& path) { std::filesystem::remove_all(root_ / path); }

  std::set<std::string> known() {
    const std::lock_guard lock(mutex_);
    std::set<std::string> paths;
    for (const auto& [id, path] : cgroups_) paths.insert(path);
    return paths;
  }
  bool wait_for(const std::set<std::string>& paths) {
    return support::wait_until([&] { return known() == paths; });
  }
  std::size_t problems(TreeProblem what) {
    const std::lock_guard lock(mutex_);
    return problems_.count(what);
  }

  // Not on a disk: one test makes ten thousand directories.
  static std::filesystem::path make_root() {
    std::string name = "/dev/shm/rtt_cgroup_tree_XXXXXX";
    if (mkdtemp(name.data()) == nullptr) throw support::SetupError("no directory in /dev/shm");
    return name;
  }

  const std::filesystem::path root_ = make_root();
  std::atomic<int> walks_ = 0;
  std::unique_ptr<CgroupTree> tree_;

 private:
  void come(std::uint64_t id, const std::string& path) {
    const std::lock_guard lock(mutex_);
    EXPECT_TRUE(cgroups_.emplace(id, path).second) << path << " came twice";
  }
  void go(std::uint64_t id) {
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(cgroups_.erase(id), 1U) << "went without having come";
  }
  void note(TreeProblem what) {
    const std::lock_guard lock(mutex_);
    problems_.insert(what);
  }

  base::EventLoop loop_;
  std::mutex mutex_;
  std::map<std::uint64_t, std::string> cgroups_;
  std::multiset<TreeProblem> problems_;
  std::thread thread_;
};

TEST_F(CgroupTreeTest, WhatIsThereIsFound) {
  make("a/b/c");
  make("d");
  start();
  EXPECT_TRUE(wait_for({"", "/a", "/a/b", "/a/b/c", "/d"}));
}

TEST_F(CgroupTreeTest, FilesAreNone) {
  make("a");
  std::ofstream(root_ / "a" / "cgroup.procs") << "1\n";
  std::filesystem::create_directory_symlink(root_ / "a", root_ / "link");
  start();
  EXPECT_TRUE(wait_for({"", "/a"}));
}

TEST_F(CgroupTreeTest, TheIdIsTheInodeNumber) {
  make("a");
  struct stat status{};
  ASSERT_EQ(stat((root_ / "a").c_str(), &status), 0);
  std::uint64_t id = 0;
  base::EventLoop loop;
  auto tree = CgroupTree::create(loop, root_.string(), {},
                                 {.on_cgroup =
                                      [&](auto one, const auto& path) {
                                        if (path == "/a") id = one;
                                      },
                                  .on_gone = [](auto) {},
                                  .on_walked = [&] { loop.stop(); },
                                  .on_problem = [](auto) {}});
  ASSERT_TRUE(tree);
  loop.run();
  EXPECT_EQ(id, status.st_ino);
}

TEST_F(CgroupTreeTest, WhatComesIsSeen) {
  start();
  make("a");
  EXPECT_TRUE(wait_for({"", "/a"}));
}

TEST_F(CgroupTreeTest, WhatComesAllAtOnceIsSeen) {
  start();
  make("a/b/c/d/e/f/g/h");
  EXPECT_TRUE(support::wait_until([this] { return known().contains("/a/b/c/d/e/f/g/h"); }));
}

TEST_F(CgroupTreeTest, WhatGoesIsForgotten) {
  make("a/b");
  make("c");
  start();
  remove("a");
  EXPECT_TRUE(wait_for({"", "/c"}));
}

TEST_F(CgroupTreeTest, WhatComesAgainIsAnother) {
  make("a/b");
  start();
  for (int i = 0; i < 50; ++i) {
    remove("a");
    make("a/b");
  }
  EXPECT_TRUE(wait_for({"", "/a", "/a/b"}));
}

TEST_F(CgroupTreeTest, ChangesWhileItWalksAreSeen) {
  for (int i = 0; i < 500; ++i) make("old" + std::to_string(i) + "/x");
  std::thread churn([&] {
    for (int i = 0; i < 500; ++i) {
      remove("old" + std::to_string(i));
      make("new" + std::to_string(i) + "/y");
    }
  });
  start({.directories_per_turn = 2});
  churn.join();
  std::set<std::string> expected = {""};
  for (int i = 0; i < 500; ++i) {
    expected.insert("/new" + std::to_string(i));
    expected.insert("/new" + std::to_string(i) + "/y");
  }
  EXPECT_TRUE(wait_for(expected));
  EXPECT_EQ(problems(TreeProblem::kUnreadable), 0U);
}

TEST_F(CgroupTreeTest, PastTheLimitNothingIsKept) {
  for (int i = 0; i < 30; ++i) make("a" + std::to_string(i));
  start({.cgroups = 10});
  EXPECT_EQ(known().size(), 10U);
  EXPECT_EQ(problems(TreeProblem::kTooMany), 21U);
  on_loop([this] { EXPECT_FALSE(tree_->complete()); });
}

TEST_F(CgroupTreeTest, AnotherWalkFindsWhatThereWasNoRoomFor) {
  for (int i = 0; i < 11; ++i) make("a" + std::to_string(i));
  start({.cgroups = 10});
  for (int i = 0; i < 5; ++i) remove("a" + std::to_string(i));
  ASSERT_TRUE(support::wait_until([this] { return known().size() < 8; }));
  on_loop([this] { tree_->walk(); });
  EXPECT_TRUE(wait_for({"", "/a5", "/a6", "/a7", "/a8", "/a9", "/a10"}));
  on_loop([this] { EXPECT_TRUE(tree_->complete()); });
}

TEST_F(CgroupTreeTest, LostEventsMakeItWalkAgain) {
  start();
  // More than the kernel keeps (fs.inotify.max_queued_events, 16384 by default) while the loop stands still.
  on_loop([this] {
    for (int i = 0; i < 10'000; ++i) {
      make("passing");
      std::filesystem::remove(root_ / "passing");
    }
    make("stays");
  });
  EXPECT_TRUE(wait_for({"", "/stays"}));
  EXPECT_TRUE(support::wait_until([this] { return walks_ >= 2; }));
  EXPECT_EQ(problems(TreeProblem::kOverflow), 1U);
}

TEST_F(CgroupTreeTest, ARootThatIsNotThereIsAnError) {
  base::EventLoop loop;
  const auto tree = CgroupTree::create(loop, "/nowhere/at/all", {}, {});
  ASSERT_FALSE(tree);
  EXPECT_THAT(tree.error().message, testing::HasSubstr("/nowhere/at/all"));
}

}  // namespace
}  // namespace rtt::owners
