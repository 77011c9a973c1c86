#include <reeve/linux/sandbox.hpp>

#include "linux/away.hpp"
#include "linux/clone.hpp"
#include "linux/kept_network.hpp"
#include "linux/remedy.hpp"
#include "linux/sandbox_keeper.hpp"
#include "linux/user_namespace.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace reeve::linux {
namespace {

constexpr std::size_t host_name_max = 64;  // __NEW_UTS_LEN

int kinds_of(const SandboxSpec& spec) { return CLONE_NEWIPC | CLONE_NEWUTS | (spec.own_network ? CLONE_NEWNET : 0); }

Furnishing furnishing_of(const SandboxSpec& spec) {
  return {spec.host_name.empty() ? nullptr : spec.host_name.c_str(), spec.own_network};
}

tl::unexpected<Error> cannot_furnish(const char* what, int code, Remedy remedy) {
  return fail(Error{what, code}.message() + advice(remedy, code));
}

// Never alone with one that does not answer: killed, and collected at once.
struct Keeper {
  pid_t pid = -1;
  UniqueFd pidfd;
  UniqueFd channel;

  Keeper() = default;
  Keeper(Keeper&&) = delete;
  Keeper& operator=(Keeper&&) = delete;
  ~Keeper() {
    if (pid < 0) return;
    ::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0);
    ::waitpid(pid, nullptr, 0);
  }
};

Result<void> wait_until_furnished(int channel) {
  constexpr int patience_milliseconds = 5000;
  pollfd source{channel, POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&source, 1, patience_milliseconds);
  } while (ready < 0 && errno == EINTR);
  if (ready == 0) return fail("cannot set up the namespaces of a pod: their keeper did not answer within 5 s");
  KeeperReport said;
  const ssize_t got = ::recv(channel, &said, sizeof said, MSG_DONTWAIT);
  if (got != static_cast<ssize_t>(sizeof said))
    return fail("cannot set up the namespaces of a pod: their keeper was killed");
  if (said.what[0] != '\0') return cannot_furnish(said.what, said.code, said.remedy);
  return {};
}

Result<void> start_keeper(Keeper& keeper, const SandboxSpec& spec) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return fail("cannot make a control socket", errno);
  }
  keeper.channel.reset(ends[0]);
  const UniqueFd theirs(ends[1]);
  const std::string uid_map = map_of_one(::geteuid());
  const std::string gid_map = map_of_one(::getegid());
  const KeeperPlan plan{furnishing_of(spec), uid_map.c_str(), gid_map.c_str(), find_heap(), theirs.get()};
  const SignalsBlocked until_we_are_back;
  Cloned cloned = clone_process(static_cast<std::uint64_t>(kinds_of(spec) | CLONE_NEWUSER), SIGCHLD);
  if (cloned.pid == 0) run_sandbox_keeper(plan);
  if (cloned.pid < 0) return tl::unexpected(namespaces_refused(cloned.code));
  keeper.pid = cloned.pid;
  keeper.pidfd.reset(cloned.pidfd);
  return {};
}

Result<UniqueFd> open_namespace_of(pid_t pid, const char* kind) {
  const std::string path = "/proc/" + std::to_string(pid) + "/ns/" + kind;
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail("cannot open " + path, errno);
  return fd;
}

}  // namespace

Result<Sandbox> Sandbox::make(SandboxSpec spec) {
  if (spec.host_name.size() > host_name_max) {
    return fail("cannot use " + spec.host_name + " as a host name: it is longer than 64 bytes");
  }
  Sandbox sandbox;
  sandbox.files_ = std::move(spec.files);
  bool by_ourselves = may_make_namespaces();
  if (by_ourselves) {
    REEVE_TRY(by_ourselves, Away::could_return(kinds_of(spec)));
  }
  REEVE_TRY_VOID(by_ourselves ? sandbox.make_ourselves(spec) : sandbox.make_by_keeper(spec));
  return sandbox;
}

Sandbox::~Sandbox() {
  if (keeper_pidfd_) ::syscall(SYS_pidfd_send_signal, keeper_pidfd_.get(), SIGKILL, nullptr, 0);
}

Result<void> Sandbox::make_ourselves(const SandboxSpec& spec) {
  REEVE_TRY(const Away away, Away::in_new(kinds_of(spec)));
  const SetupFailure failure = furnish(furnishing_of(spec));
  if (failure) return cannot_furnish(failure.what, failure.code, failure.remedy);
  REEVE_TRY(ipc_, open_namespace(CLONE_NEWIPC));
  REEVE_TRY(uts_, open_namespace(CLONE_NEWUTS));
  if (!spec.own_network) return {};
  REEVE_TRY(UniqueFd net, open_namespace(CLONE_NEWNET));
  network_fd_ = net.get();
  network_ = std::make_shared<const NetworkNamespace>(std::move(net));
  return {};
}

Result<void> Sandbox::make_by_keeper(const SandboxSpec& spec) {
  Keeper keeper;
  REEVE_TRY_VOID(start_keeper(keeper, spec));
  REEVE_TRY_VOID(wait_until_furnished(keeper.channel.get()));
  REEVE_TRY(user_, open_namespace_of(keeper.pid, "user"));
  REEVE_TRY(ipc_, open_namespace_of(keeper.pid, "ipc"));
  REEVE_TRY(uts_, open_namespace_of(keeper.pid, "uts"));
  if (!spec.own_network) return {};  // descriptors are enough to hold the rest
  REEVE_TRY(net_, open_namespace_of(keeper.pid, "net"));
  network_fd_ = net_.get();
  network_ = std::make_shared<const KeptNetwork>(std::move(keeper.channel));
  keeper_pidfd_ = std::move(keeper.pidfd);
  keeper_ = std::exchange(keeper.pid, -1);
  return {};
}

std::vector<NamespaceEntry> Sandbox::entries() const {
  std::vector<NamespaceEntry> entries;
  // The user namespace first: it gives the right to enter the others.
  if (user_) entries.push_back({user_.get(), CLONE_NEWUSER});
  entries.push_back({ipc_.get(), CLONE_NEWIPC});
  entries.push_back({uts_.get(), CLONE_NEWUTS});
  if (network_fd_ >= 0) entries.push_back({network_fd_, CLONE_NEWNET});
  return entries;
}

}  // namespace reeve::linux
