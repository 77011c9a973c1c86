// Where a container runtime hides clone3, or refuses namespaces altogether.

#include "linux/clone.hpp"
#include <linux/support.hpp>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

using namespace reeve::linux;
using namespace reeve::linux::test;

namespace {

std::string install(sock_filter* filter, std::size_t length) {
  const sock_fprog program{static_cast<unsigned short>(length), filter};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    return "skipped: the kernel takes no seccomp filter";
  }
  return "";
}

constexpr std::uint32_t refuse_with(int code) { return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(code); }

// As Docker's default profile answers.
std::string hide_clone3() {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, refuse_with(ENOSYS)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  return install(filter, std::size(filter));
}

std::string hide_clone3_and_refuse_namespaces() {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 3, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[0])),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUSER, 1, 2),
      BPF_STMT(BPF_RET | BPF_K, refuse_with(ENOSYS)),
      BPF_STMT(BPF_RET | BPF_K, refuse_with(EPERM)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  return install(filter, std::size(filter));
}

// As a kernel before 5.9, or a filter from its time.
std::string hide_close_range() {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, refuse_with(ENOSYS)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  return install(filter, std::size(filter));
}

std::string a_family_lives_and_dies(Isolation isolation) {
  const auto running = run(with(isolation), {"--fork-child", "daemon", "--fds", "--exit", "5"});
  EXPECT(running != nullptr);
  EXPECT_SAYING(running->wait_gone(), running->message());
  EXPECT(running->wait_status && WEXITSTATUS(*running->wait_status) == 5);
  EXPECT_SAYING(running->output == "0 1 2\n", running->output);
  return "";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cloning)

BOOST_AUTO_TEST_CASE(without_clone3_clone_does) {
  check_everywhere([](Isolation isolation) {
    return in_child(hide_clone3, [isolation]() -> std::string {
      EXPECT(::syscall(SYS_clone3, nullptr, 0) == -1 && errno == ENOSYS);
      return a_family_lives_and_dies(isolation);
    });
  });
}

BOOST_AUTO_TEST_CASE(without_close_range_close_does) {
  check_everywhere([](Isolation isolation) {
    return in_child(hide_close_range, [isolation] { return a_family_lives_and_dies(isolation); });
  });
}

BOOST_AUTO_TEST_CASE(a_host_without_namespaces_is_told_the_remedy) {
  check_as_both([] {
    return in_child(hide_clone3_and_refuse_namespaces, []() -> std::string {
      ProcessSpec spec = with(Isolation::private_namespaces);
      spec.argv = {behave()};
      const auto process = Process::start(spec);
      EXPECT(!process.has_value());
      EXPECT_SAYING(process.error().message() ==
                        "cannot make private namespaces (write isolation = \"none\" to run without private "
                        "namespaces): Operation not permitted",
                    process.error().message());
      return a_family_lives_and_dies(Isolation::none);
    });
  });
}

// A refused fork leaves nothing behind and breaks nothing.
BOOST_AUTO_TEST_CASE(a_refused_clone_says_why) {
  const Cloned cloned = clone_process(CLONE_THREAD, 0);  // which the kernel refuses without CLONE_SIGHAND
  BOOST_TEST(cloned.pid == -1);
  BOOST_TEST(cloned.code == EINVAL);
}

BOOST_AUTO_TEST_SUITE_END()
