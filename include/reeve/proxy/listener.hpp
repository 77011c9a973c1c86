#pragma once
// One listening address that can go deaf: new connections are refused at once while the address stays ours, and
// nobody who already waited is lost. Our own descriptor under uv_poll and accept4: uv_listen spins on a deaf socket
// and closes clients when descriptors run out.

#include <reeve/core/id.hpp>
#include <reeve/core/result.hpp>
#include <reeve/linux/network.hpp>
#include <reeve/linux/socket.hpp>
#include <reeve/proxy/uv.hpp>

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace reeve::proxy {

class HandshakeCounter;
struct HandshakeQuestion;
class Listener;

// Where a listener listens: in the network of this process, or, for a link, in that of a pod.
struct Place {
  linux::SocketAddress address;
  PodId pod = {};
  std::shared_ptr<const linux::Network> network = nullptr;
};

// Answers what happens at a listener. All calls come from the loop, none from within hear() or go_deaf()
// except on_hear_failed.
class ListenerEvents {
 public:
  virtual ~ListenerEvents() = default;

  // Whether one more connection can be served now; if not, clients wait in the kernel and are asked for again soon.
  virtual bool has_room(Listener& listener) = 0;

  // Must not destroy the listener.
  virtual void on_accepted(Listener& listener, linux::Accepted accepted) = 0;

  // From now on connections are refused, and all earlier ones have been accepted. Follows every hear() that
  // succeeded. May destroy the listener.
  virtual void on_deaf(Listener& listener) = 0;

  // Must not destroy the listener. It stays deaf; hear() may be called again.
  virtual void on_hear_failed(Listener& listener, Error error) = 0;

  // Whether it leaves its clients in the queue when it goes deaf, and its unix path in place when it goes: for somebody
  // else who has the socket too.
  virtual bool rests(const Listener&) const { return false; }

  // It has bound this socket; it has closed the one that it had.
  virtual void on_socket_made(const Listener&, int /*fd*/) {}
  virtual void on_socket_gone(const Listener&) {}
};

struct ListenerOptions {
  int backlog = 0;                         // 0: net.core.somaxconn
  HandshakeCounter* handshakes = nullptr;  // asks the kernel for us; null: the loop waits for the answer
  bool is_shared = false;                  // of a socket that is adopted: never shut down
};

class Listener {
 public:
  // Takes the address, deaf.
  static Result<std::unique_ptr<Listener>> bind(uv_loop_t& loop, Place place, ListenerEvents& events,
                                                ListenerOptions options = {});
  // Takes a copy of a socket that is bound already. A shared one accepts from now on, also while it is deaf: refusing
  // those clients is for who answers.
  static Result<std::unique_ptr<Listener>> adopt(uv_loop_t& loop, Place place, int fd, ListenerEvents& events,
                                                 ListenerOptions options);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Gives the address back; what still waits in the queue is reset. go_deaf first, and wait for on_deaf.
  ~Listener();

  void hear();
  void go_deaf();

  const Place& place() const noexcept { return place_; }
  bool is_deaf() const noexcept { return state_ == State::deaf; }
  bool is_shared() const noexcept { return options_.is_shared; }

 private:
  enum class State {
    deaf,     // bound only
    hearing,  // polled, or paused until a descriptor is free
    leaving   // nobody new comes in; what waits and what shakes hands is still accepted
  };

  Listener(uv_loop_t& loop, Place place, ListenerEvents& events, ListenerOptions options);
  Result<void> rebind();
  Result<void> begin_hearing();
  Result<void> poll();
  void pause();
  void arm(std::uint64_t after_ms);
  bool accept_waiting();
  std::uint64_t leaving_for_ms() const noexcept;
  void forget_question() noexcept;
  void on_counted(const Result<std::size_t>& embryonic);
  void empty_queue(bool handshakes_are_over);
  void on_timer();
  void advance_leaving();
  void finish_leaving();

  bool is_unix() const noexcept { return place_.address.is_unix(); }
  // What refuses cannot be talked out of it.
  bool is_one_way() const noexcept { return is_unix() && !options_.is_shared; }
  void close_socket();
  void stop_hearing();

  Place place_;
  ListenerEvents& events_;
  ListenerOptions options_;
  State state_ = State::deaf;
  bool hear_again_ = false;  // a unix listener asked to hear while leaving
  bool is_resting_ = false;  // while it leaves: what waits is another's
  uv_loop_t& loop_;
  linux::UniqueFd fd_;
  ino_t inode_ = 0;  // of our unix socket's path, to unlink nobody else's
  UvHandle<uv_poll_t> poll_;
  UvHandle<uv_timer_t> timer_;
  std::uint64_t leaving_since_ms_ = 0;
  std::uint64_t check_after_ms_ = 0;
  std::shared_ptr<HandshakeQuestion> question_;  // while it is open
};

}  // namespace reeve::proxy
