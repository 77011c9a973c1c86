#pragma once
// Hears what the processes of one run of a container say on its NOTIFY_SOCKET.

#include <reeve/core/notify_message.hpp>
#include <reeve/core/result.hpp>
#include <reeve/linux/notify_socket.hpp>
#include <reeve/linux/process.hpp>
#include <reeve/proxy/uv.hpp>

#include <functional>
#include <memory>
#include <string>

namespace reeve::runtime {

class NotifyListener {
 public:
  struct Events {
    std::function<linux::Process::Member(pid_t)> member;
    std::function<void(NotifyMessage)> said;
    std::function<void(std::string)> refused;  // once for each cause
  };
  // Who can reach the socket at all: one in a private /tmp nobody but the container.
  enum class Reach { container, host };

  NotifyListener(linux::NotifySocket socket, Reach reach, Events events)
      : socket_(std::move(socket)), reach_(reach), events_(std::move(events)) {}

  // What was said before waits until then.
  Result<void> listen(uv_loop_t& loop);

  int fd() const noexcept { return socket_.fd(); }

 private:
  // Whoever says more than this many things at once is heard again a little later: nobody may keep the loop busy.
  static constexpr int messages_per_turn = 16;
  static constexpr std::uint64_t rest_ms = 20;

  Result<void> poll();
  void read();
  void rest();
  void take(const linux::NotifySocket::Received& received);
  void refuse(bool& was_told, std::string why);

  linux::NotifySocket socket_;
  Reach reach_;
  Events events_;
  bool told_of_stranger_ = false;
  bool told_of_gone_ = false;
  bool told_of_long_ = false;
  proxy::UvHandle<uv_poll_t> poll_;
  proxy::UvHandle<uv_timer_t> timer_;
};

}  // namespace reeve::runtime
