#include "linux/clone_tree.hpp"

#include "linux/child_setup.hpp"
#include "linux/tiny_init.hpp"

#include <reeve/linux/fd.hpp>

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace reeve::linux {
namespace {

Result<pid_t> pid_of(int pidfd) {
  REEVE_TRY(const std::string info, read_file("/proc/self/fdinfo/" + std::to_string(pidfd), 4096));
  const std::size_t line = info.find("\nPid:");
  const int pid = line == std::string::npos ? -1 : std::atoi(info.c_str() + line + 5);
  if (pid <= 0) return fail("cannot join a container: it has ended");
  return pid;
}

// The kinds of namespaces that a process has and we do not share. Joining one we are in already could be refused.
Result<int> namespaces_of(pid_t pid) {
  struct Kind {
    const char* name;
    int flag;
  };
  constexpr Kind kinds[] = {{"user", CLONE_NEWUSER}, {"pid", CLONE_NEWPID}, {"mnt", CLONE_NEWNS},
                            {"ipc", CLONE_NEWIPC},   {"uts", CLONE_NEWUTS}, {"net", CLONE_NEWNET}};
  int flags = 0;
  for (const auto& [name, flag] : kinds) {
    const std::string theirs = "/proc/" + std::to_string(pid) + "/ns/" + name;
    struct stat ours_is {};
    struct stat theirs_is {};
    if (::stat(theirs.c_str(), &theirs_is) != 0) return fail("cannot join a container: cannot read " + theirs, errno);
    if (::stat((std::string("/proc/self/ns/") + name).c_str(), &ours_is) != 0) continue;  // a kind this kernel lacks
    if (ours_is.st_ino != theirs_is.st_ino) flags |= flag;
  }
  return flags;
}

// Where a helper runs, and what its child goes on living on a copy of: outside the heap, which that lets go of.
class Stack {
 public:
  Stack() noexcept : memory_(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {}
  ~Stack() {
    if (*this) ::munmap(memory_, bytes);
  }
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;

  explicit operator bool() const noexcept { return memory_ != MAP_FAILED; }
  void* end() const noexcept { return static_cast<char*>(memory_) + bytes; }

 private:
  static constexpr std::size_t bytes = std::size_t{64} * 1024;
  void* memory_;
};

struct Entering {
  const LaunchPlan& plan;
  SetupFailure failure;
  Cloned cloned;
};

// Shares our memory and descriptors, so it must not be stopped by a sanitizer that knows nothing of its stack.
[[gnu::no_sanitize_address]] int enter_and_clone(void* argument) noexcept {
  auto& entering = *static_cast<Entering*>(argument);
  entering.failure = enter_namespaces(entering.plan);
  if (entering.failure) ::_exit(1);
  entering.cloned = clone_process(entering.plan.new_namespaces | CLONE_PARENT, 0);
  if (entering.cloned.pid == 0) run_tiny_init(entering.plan);
  ::_exit(0);
}

Error refused(const LaunchPlan& plan, int code) {
  if (plan.new_namespaces == 0) return {"cannot fork", code};
  return namespaces_refused(code);
}

// Only the children of a process enter a pid namespace it joins, and nobody with threads enters a user namespace. So a
// helper goes in, and leaves us a child (CLONE_PARENT) that was born inside.
Result<Cloned> clone_inside(const LaunchPlan& plan) {
  const Stack stack;
  if (!stack) return fail("cannot fork into a sandbox", errno);
  Entering entering{plan, {}, {}};
  const SignalsBlocked until_we_are_back;
  const pid_t helper =
      ::clone(&enter_and_clone, stack.end(), CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, &entering);
  if (helper < 0) return fail("cannot fork into a sandbox", errno);
  ::waitpid(helper, nullptr, __WALL);
  if (const SetupFailure& failure = entering.failure) {
    return fail(Error{failure.what, failure.code}.message() + advice(failure.remedy, failure.code));
  }
  if (entering.cloned.pid < 0) return tl::unexpected(refused(plan, entering.cloned.code));
  return entering.cloned;
}

}  // namespace

Result<void> plan_joining(LaunchPlan& plan, int pidfd) {
  REEVE_TRY(const pid_t container, pid_of(pidfd));
  REEVE_TRY(const int kinds, namespaces_of(container));
  plan.to_enter = {{pidfd, kinds}};
  plan.entering = "cannot enter the namespaces of a container";
  plan.is_entered_before_clone = true;
  return {};
}

Result<Cloned> clone_tree(const LaunchPlan& plan) {
  if (plan.is_entered_before_clone) return clone_inside(plan);
  const SignalsBlocked until_we_are_back;
  const Cloned cloned = clone_process(plan.new_namespaces, SIGCHLD);
  if (cloned.pid == 0) run_tiny_init(plan);
  if (cloned.pid < 0) return tl::unexpected(refused(plan, cloned.code));
  return cloned;
}

}  // namespace reeve::linux
