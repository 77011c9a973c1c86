#pragma once
// The receiving end of sd_notify(3): a datagram socket whose messages carry who sent them.

#include <reeve/core/result.hpp>
#include <reeve/linux/fd.hpp>

#include <sys/types.h>

#include <optional>
#include <string>

namespace reeve::linux {

// Where a container with a /tmp of its own finds it.
inline constexpr const char* notify_path = "/tmp/.reeve-notify";

class NotifySocket {
 public:
  // Bound nowhere yet: the start of a process binds it to notify_path inside (ProcessSpec::notify_fd).
  static Result<NotifySocket> make();

  // Bound to a name of the network namespace that is nobody's file: "@NAME" for who sends.
  static Result<NotifySocket> make_abstract(const std::string& name);

  // Non-blocking.
  int fd() const noexcept { return fd_.get(); }

  struct Received {
    pid_t sender = 0;  // as we see it; 0: it is in no pid namespace of ours
    std::string text;
    bool is_cut = false;  // it was longer than message_max
  };
  static constexpr std::size_t message_max = 4096;

  // The next message, or nothing yet. Descriptors that came with it are closed, which is all that BARRIER=1 asks for.
  std::optional<Received> receive();

 private:
  explicit NotifySocket(UniqueFd fd) noexcept : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

}  // namespace reeve::linux
