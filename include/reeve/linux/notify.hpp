#pragma once
// What a service manager and its service say to each other (sd_notify(3), sd_listen_fds(3), sd_watchdog_enabled(3)).

#include <reeve/core/result.hpp>
#include <reeve/core/time.hpp>
#include <reeve/linux/fd.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::linux {

// A descriptor that the manager passed, and how it calls it.
struct PassedDescriptor {
  UniqueFd fd;
  std::string name;
};

// What the manager told this process through its environment.
struct ManagerEnvironment {
  std::string notify_socket;         // empty: nobody listens
  std::optional<Duration> watchdog;  // how long we may be silent
  bool keeps_descriptors = false;    // $FDSTORE: it takes descriptors and gives them back after a restart
  std::vector<PassedDescriptor> passed;
};

// Reads it, and takes the variables away, so that nobody started from here believes to be meant. What is meant for
// another process (WATCHDOG_PID, LISTEN_PID) is not ours. Before any thread starts.
ManagerEnvironment take_manager_environment();

// One end of the manager's datagram socket.
class Notifier {
 public:
  // "/run/systemd/notify", or "@name" of an abstract socket.
  static Result<Notifier> open(const std::string& address);

  // Lines of NAME=value, with descriptors for FDSTORE=1. Never waits: EAGAIN where the manager is behind.
  Result<void> send(std::string_view assignments, std::span<const int> descriptors = {}) const;

 private:
  Notifier(UniqueFd fd, std::string address) : fd_(std::move(fd)), address_(std::move(address)) {}

  UniqueFd fd_;
  std::string address_;
};

inline constexpr std::size_t fd_name_bytes_max = 255;

// Whether a name may stand in FDNAME: printable ASCII without a colon.
bool is_fd_name(std::string_view name) noexcept;

}  // namespace reeve::linux
