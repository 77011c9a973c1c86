#pragma once
// What the containers of one pod share: the network, IPC and UTS namespaces, and a few files of their own.

#include <reeve/core/result.hpp>
#include <reeve/linux/fd.hpp>
#include <reeve/linux/network.hpp>

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace reeve::linux {

// A file of the pod's own in the place of the root's, for every container: /etc/hosts. It is in nobody's file system.
struct SandboxFile {
  std::string path;
  std::string text;
  bool is_required = false;  // a root without that file cannot run; else it goes without
};

struct SandboxSpec {
  std::string host_name;     // at most 64 bytes; empty: ours
  bool own_network = false;  // with nothing but loopback, where every port may be bound; else ours
  std::vector<SandboxFile> files;
};

// One namespace to enter: a descriptor and its CLONE_NEW flag.
struct NamespaceEntry {
  int fd;
  int kind;
};

// Holds the namespaces of a pod by descriptors while its containers come and go. With CAP_SYS_ADMIN over our
// own namespaces that takes no process. Without it there is a user namespace too, and an own network has a keeper: a
// small child of ours that makes the sockets which we may not make there ourselves. The keeper ends with its sandbox
// and with us.
class Sandbox {
 public:
  // Call it from the main thread only: that is away in the new namespaces for a moment, and a way back that fails ends
  // the process; a keeper ends when the thread that started it does.
  static Result<Sandbox> make(SandboxSpec spec);

  Sandbox(Sandbox&&) noexcept = default;
  Sandbox& operator=(Sandbox&&) = delete;
  ~Sandbox();

  // Where sockets of the pod are made; null: it has no network of its own. It may outlive the sandbox, but a network
  // with a keeper then makes no more sockets.
  std::shared_ptr<const Network> network() const noexcept { return network_; }

  // Our child, to be collected by the reaper. Without it no more sockets can be had: the sandbox has ended.
  std::optional<pid_t> keeper() const noexcept { return keeper_; }

  // In the order in which they can be entered.
  std::vector<NamespaceEntry> entries() const;

  // To give to others; -1 where the pod has none.
  int user_namespace() const noexcept { return user_.get(); }
  int network_namespace() const noexcept { return network_fd_; }

  const std::vector<SandboxFile>& files() const noexcept { return files_; }

 private:
  Sandbox() = default;
  Result<void> make_ourselves(const SandboxSpec& spec);
  Result<void> make_by_keeper(const SandboxSpec& spec);

  UniqueFd user_;
  UniqueFd ipc_;
  UniqueFd uts_;
  UniqueFd net_;         // with a keeper
  int network_fd_ = -1;  // that one, or the one that network_ holds
  std::shared_ptr<const Network> network_;
  std::optional<pid_t> keeper_;
  UniqueFd keeper_pidfd_;
  std::vector<SandboxFile> files_;
};

}  // namespace reeve::linux
