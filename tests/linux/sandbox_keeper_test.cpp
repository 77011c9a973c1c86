// Sockets in a pod's network, with a keeper and without; and that nothing of a sandbox stays behind.

#include <linux/sandbox_support.hpp>
#include "linux/away.hpp"

#include <reeve/linux/clock.hpp>
#include <support/sanitized.hpp>

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <filesystem>
#include <set>
#include <thread>

using namespace reeve;
using namespace reeve::linux;
using namespace reeve::linux::test;
using reeve::test::rounds;

namespace {

std::uint64_t cookie_of(const Result<UniqueFd>& socket) { return socket ? network_cookie(socket->get()) : 0; }

std::uint64_t our_cookie() { return network_cookie(Listener().fd.get()); }

// In a user namespace where so few namespaces may be: what is not freed is missed soon.
std::string limit_namespaces(const char* most) {
  const std::string uid = std::to_string(::geteuid());
  if (::unshare(CLONE_NEWUSER) != 0) return "skipped: no user namespace is to be had";
  const auto write_to = [](const char* path, const std::string& text) {
    const UniqueFd fd(::open(path, O_WRONLY | O_CLOEXEC));
    return fd && write_all(fd.get(), text).has_value();
  };
  const bool limited =
      write_to("/proc/self/setgroups", "deny") && write_to("/proc/self/uid_map", uid + " " + uid + " 1") &&
      write_to("/proc/self/gid_map", uid + " " + uid + " 1") && write_to("/proc/sys/user/max_net_namespaces", most) &&
      write_to("/proc/sys/user/max_ipc_namespaces", most) && write_to("/proc/sys/user/max_uts_namespaces", most);
  return limited ? "" : "skipped: the number of namespaces cannot be limited";
}

// Without it a user namespace and a keeper are needed again.
std::string drop_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  return ::syscall(SYS_capset, &header, none) == 0 ? "" : "skipped: capabilities cannot be dropped";
}

std::size_t count_mounts() {
  const std::string mounts = read_file("/proc/self/mountinfo", 1 << 20).value_or("");
  return static_cast<std::size_t>(std::ranges::count(mounts, '\n'));
}

std::vector<pid_t> keepers_of(const std::vector<std::unique_ptr<Sandbox>>& sandboxes) {
  std::vector<pid_t> keepers;
  for (const auto& each : sandboxes) {
    if (each->keeper()) keepers.push_back(*each->keeper());
  }
  return keepers;
}

void raise_descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// The kernel takes networks apart behind our back: those of the last round may still count.
std::unique_ptr<Sandbox> make_when_there_is_room() {
  std::unique_ptr<Sandbox> sandbox;
  static_cast<void>(wait_until([&] {
    auto made = Sandbox::make({"pod", true, {}});
    if (made) sandbox = std::make_unique<Sandbox>(*std::move(made));
    return made || made.error().code != ENOSPC;
  }));
  return sandbox;
}

std::string make_and_drop(std::size_t count) {
  std::vector<std::unique_ptr<Sandbox>> sandboxes;
  for (std::size_t index = 0; index < count; ++index) {
    sandboxes.push_back(make_when_there_is_room());
    EXPECT(sandboxes.back() != nullptr);
  }
  EXPECT(cookie_of(sandboxes.front()->network()->make_socket(AF_INET, SOCK_STREAM)) != 0);
  const std::vector<pid_t> keepers = keepers_of(sandboxes);
  sandboxes.clear();
  for (const pid_t each : keepers) EXPECT(wait_until([&] { return has_been_reaped(each); }));
  return "";
}

std::string make_and_drop_many() {
  raise_descriptor_limit();
  EXPECT(make_and_drop(1) == "");
  const int descriptors = count_descriptors();
  const std::size_t mounts = count_mounts();
  for (int round = 0; round < rounds(2); ++round) {
    const std::string said = make_and_drop(500);
    EXPECT_SAYING(said == "", said);
  }
  EXPECT(count_descriptors() == descriptors);
  EXPECT(count_mounts() == mounts);
  EXPECT(::waitpid(-1, nullptr, WNOHANG) == -1);
  return "";
}

// So that setns fails, as nothing but a broken kernel could make it, except into one descriptor.
std::string refuse_setns_but_into(int fd) {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setns, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[0])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(fd), 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1U),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{std::size(filter), filter};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    return "skipped: the kernel takes no seccomp filter";
  }
  ::signal(SIGABRT, SIG_DFL);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  return "";
}

std::string refuse_setns() { return refuse_setns_but_into(-1); }

const std::string ended_by_abort = "the child ended with wait status " + std::to_string(SIGABRT) + ": ";

}  // namespace

BOOST_AUTO_TEST_SUITE(sandbox_keeper)

BOOST_AUTO_TEST_CASE(every_kind_of_socket_is_made_in_the_network) {
  check_as_both([]() -> std::string {
    const auto sandbox = isolated_sandbox();
    const auto other = isolated_sandbox();
    EXPECT(sandbox != nullptr && other != nullptr);
    const auto network = sandbox->network();
    const std::uint64_t cookie = cookie_of(network->make_socket(AF_INET, SOCK_STREAM));
    EXPECT(cookie != 0 && cookie != our_cookie());
    EXPECT(cookie != cookie_of(other->network()->make_socket(AF_INET, SOCK_STREAM)));
    EXPECT(cookie_of(network->make_socket(AF_INET6, SOCK_STREAM)) == cookie);
    EXPECT(cookie_of(network->make_socket(AF_INET, SOCK_DGRAM)) == cookie);
    EXPECT(cookie_of(network->make_socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG)) == cookie);
    EXPECT(cookie_of(network->make_socket(AF_INET, SOCK_STREAM, IPPROTO_TCP)) == cookie);
    const auto refused = network->make_socket(AF_INET, SOCK_STREAM, 200);
    EXPECT(!refused);
    EXPECT_SAYING(refused.error().message() == "cannot make a socket in the network of a pod: Protocol not supported",
                  refused.error().message());
    return "";
  });
}

// More at once than are kept ready, and of all kinds, by several threads.
BOOST_AUTO_TEST_CASE(any_thread_may_ask_for_sockets) {
  check_as_both([]() -> std::string {
    const auto sandbox = isolated_sandbox();
    EXPECT(sandbox != nullptr);
    const auto network = sandbox->network();
    const std::uint64_t cookie = cookie_of(network->make_socket(AF_INET, SOCK_STREAM));
    std::atomic<int> good = 0;
    {
      std::vector<std::jthread> threads;
      for (const int family : {AF_INET, AF_INET6, AF_INET}) {
        threads.emplace_back([&, family] {
          for (int turn = 0; turn < 200; ++turn) {
            const auto made = network->make_socket(family, SOCK_STREAM);
            int domain = 0;
            socklen_t size = sizeof domain;
            if (made) ::getsockopt(made->get(), SOL_SOCKET, SO_DOMAIN, &domain, &size);
            good += domain == family && network_cookie(made->get()) == cookie ? 1 : 0;
          }
        });
      }
    }
    EXPECT_SAYING(good == 600, std::to_string(good));
    EXPECT(our_cookie() != cookie);  // every way back was taken
    return "";
  });
}

BOOST_AUTO_TEST_CASE(a_killed_keeper_makes_no_more_sockets) {
  check_as_nobody([]() -> std::string {
    const auto sandbox = isolated_sandbox();
    EXPECT(sandbox != nullptr && sandbox->keeper());
    const auto network = sandbox->network();
    EXPECT(network->make_socket(AF_INET, SOCK_STREAM).has_value());
    ::kill(*sandbox->keeper(), SIGKILL);
    EXPECT(wait_until([&] { return has_been_reaped(*sandbox->keeper()); }));  // which is how its end is noticed
    for (const int family : {AF_INET6, AF_NETLINK}) {
      const auto refused = network->make_socket(family, SOCK_RAW);
      EXPECT(!refused);
      EXPECT_SAYING(refused.error().what == "cannot make a socket in the network of a pod: its keeper has ended",
                    refused.error().message());
    }
    for (int left = 0; left < 10; ++left) static_cast<void>(network->make_socket(AF_INET, SOCK_STREAM));
    EXPECT(!network->make_socket(AF_INET, SOCK_STREAM));
    return "";
  });
}

BOOST_AUTO_TEST_CASE(a_silent_keeper_is_not_waited_for_long) {
  check_as_nobody([]() -> std::string {
    const auto sandbox = isolated_sandbox();
    EXPECT(sandbox != nullptr);
    const auto network = sandbox->network();
    EXPECT(network->make_socket(AF_INET6, SOCK_STREAM).has_value());
    ::kill(*sandbox->keeper(), SIGSTOP);
    const Instant asked = monotonic_now();
    const auto refused = network->make_socket(AF_INET6, SOCK_STREAM);
    const Duration took = monotonic_now() - asked;
    EXPECT(!refused);
    EXPECT_SAYING(refused.error().code == ETIMEDOUT, refused.error().message());
    EXPECT_SAYING(took >= milliseconds(99) && took < seconds(5), go_duration(took));
    EXPECT(network->make_socket(AF_INET, SOCK_STREAM).has_value());  // from the stock
    ::kill(*sandbox->keeper(), SIGCONT);
    Result<UniqueFd> made = fail("not asked yet");
    EXPECT(wait_until([&] { return (made = network->make_socket(AF_INET6, SOCK_DGRAM)).has_value(); }));
    int type = 0;  // not that of the answer that came too late
    socklen_t size = sizeof type;
    ::getsockopt(made->get(), SOL_SOCKET, SO_TYPE, &type, &size);
    EXPECT(type == SOCK_DGRAM);
    return "";
  });
}

BOOST_AUTO_TEST_CASE(a_keeper_holds_nothing_of_ours_and_takes_no_signal) {
  const UniqueFd careless(::dup(0));
  check_as_nobody([]() -> std::string {
    const auto sandbox = isolated_sandbox();
    EXPECT(sandbox != nullptr);
    const std::string process = "/proc/" + std::to_string(*sandbox->keeper());
    std::set<std::string> descriptors;
    for (const auto& each : std::filesystem::directory_iterator(process + "/fd")) {
      descriptors.insert(each.path().filename().string());
    }
    EXPECT((descriptors == std::set<std::string>{"0", "1", "2", "3"}));
    ::kill(*sandbox->keeper(), SIGTERM);
    ::kill(*sandbox->keeper(), SIGHUP);
    EXPECT(sandbox->network()->make_socket(AF_INET6, SOCK_STREAM).has_value());
    return "";
  });
}

BOOST_AUTO_TEST_CASE(a_network_may_outlive_its_sandbox) {
  check_as_both([]() -> std::string {
    auto sandbox = isolated_sandbox();
    EXPECT(sandbox != nullptr);
    const auto network = sandbox->network();
    const auto keeper = sandbox->keeper();
    sandbox.reset();
    if (!keeper) return "";  // the namespace lives as long as its descriptor
    EXPECT(wait_until([&] { return has_been_reaped(*keeper); }));
    EXPECT(!network->make_socket(AF_INET6, SOCK_STREAM));
    return "";
  });
}

BOOST_AUTO_TEST_CASE(a_keeper_does_not_outlive_a_killed_supervisor) {
  check_as_nobody([]() -> std::string {
    auto pipe = make_pipe(Blocking::yes);
    const pid_t supervisor = ::fork();
    if (supervisor == 0) {
      const auto sandbox = isolated_sandbox();
      const std::string text = sandbox ? std::to_string(*sandbox->keeper()) : "0";
      if (!write_all(pipe->write_end.get(), text)) ::_exit(1);
      for (;;) ::pause();
    }
    char text[32] = {};
    EXPECT(::read(pipe->read_end.get(), text, sizeof text - 1) > 0);
    const pid_t keeper = std::atoi(text);
    EXPECT(keeper > 0 && ::kill(keeper, 0) == 0);
    ::kill(supervisor, SIGKILL);
    // We are its new parent, for the supervisor was our child.
    EXPECT(wait_until([&] { return has_been_reaped(keeper) && has_been_reaped(supervisor); }, seconds(2)));
    return "";
  });
}

// Neither descriptor, mount nor process, and not more namespaces than the limit lets be. In the first, the namespaces
// we come from are ours as well, so that we can come back; in the others they are not, and there are keepers.
BOOST_AUTO_TEST_CASE(nothing_of_a_sandbox_stays) {
  const auto prepare = [](bool as_nobody, bool with_own, bool with_capabilities) {
    std::string said = as_nobody ? become_nobody() : "";
    if (said.empty()) said = limit_namespaces("510");
    if (said.empty() && with_own && ::unshare(CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) != 0)
      said = "skipped: unshare";
    return said.empty() && !with_capabilities ? drop_capabilities() : said;
  };
  BOOST_TEST_CONTEXT("as we are") check(in_child([&] { return prepare(false, true, true); }, make_and_drop_many));
  BOOST_TEST_CONTEXT("in a network that is not ours") {
    check(in_child([&] { return prepare(false, false, true); }, make_and_drop_many));
  }
  BOOST_TEST_CONTEXT("as nobody") check(in_child([&] { return prepare(true, false, false); }, make_and_drop_many));
}

// Containers come and go in it, and it stays as it was.
BOOST_AUTO_TEST_CASE(nothing_of_its_containers_stays) {
  check_as_both([]() -> std::string {
    const auto sandbox = isolated_sandbox();
    EXPECT(sandbox != nullptr);
    EXPECT(output_of(inside(*sandbox), {}) == "");
    const int descriptors = count_descriptors();
    for (int round = 0; round < rounds(50); ++round) EXPECT(output_of(inside(*sandbox), {}) == "");
    EXPECT(count_descriptors() == descriptors);
    return "";
  });
}

BOOST_AUTO_TEST_CASE(who_cannot_come_home_ends) {
  if (::geteuid() != 0) {
    BOOST_TEST_MESSAGE("skipped: only root goes away itself");
    return;
  }
  std::string said = in_child(refuse_setns, []() -> std::string {
    { const auto away = Away::in_new(CLONE_NEWIPC | CLONE_NEWUTS); }
    return "it went on";
  });
  BOOST_TEST((said == ended_by_abort || said.starts_with("skipped: ")), said);
  const auto sandbox = isolated_sandbox();
  BOOST_REQUIRE(sandbox != nullptr);
  const auto there_but_not_back = [&] { return refuse_setns_but_into(sandbox->network_namespace()); };
  said = in_child(there_but_not_back, [&]() -> std::string {
    return sandbox->network()->make_socket(AF_INET, SOCK_STREAM) ? "made" : "refused";
  });
  BOOST_TEST((said == ended_by_abort || said.starts_with("skipped: ")), said);
  // Who sees beforehand that there is no way back has a keeper go.
  said = in_child(refuse_setns, []() -> std::string {
    const auto made = isolated_sandbox();
    return made && made->keeper() ? "kept" : "not kept";
  });
  BOOST_TEST((said == "kept" || said.starts_with("skipped: ")), said);
  // Who never got away is at home still.
  said = in_child(refuse_setns, [&]() -> std::string {
    const auto refused = sandbox->network()->make_socket(AF_INET, SOCK_STREAM);
    return refused ? "made" : refused.error().message();
  });
  BOOST_TEST((said == "cannot enter the network of a pod: Operation not permitted" || said.starts_with("skipped: ")),
             said);
}

BOOST_AUTO_TEST_SUITE_END()
