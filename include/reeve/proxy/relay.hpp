#pragma once
// One connection pair: what the client says reaches the server and the other way round, as if nobody stood between.
// Half-close, reset and back-pressure pass through. An idle relay holds no buffer. One that drains finds the quiet
// moment at which it can end without losing anything: nothing is in flight either way.

#include <reeve/core/result.hpp>
#include <reeve/linux/fd.hpp>
#include <reeve/proxy/answers.hpp>
#include <reeve/proxy/pipe_pool.hpp>

#include <uv.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace reeve::proxy {

// What all relays of one loop share.
struct RelayLoop {
  uv_loop_t* loop = nullptr;
  std::array<char, 65536> scratch;
  PipePool pipes;
};

// Whose end of the stream came first, or that it was broken off.
enum class RelayEnd { by_client, by_server, reset };

// Lives on the heap and belongs to its loop: it deletes itself once it has ended and libuv has let go of its handles.
class Relay {
 public:
  // Without a server, redial brings one.
  Relay(RelayLoop& shared, linux::UniqueFd client, linux::UniqueFd server = {}) noexcept;
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  // Watches both; the server's socket is still connecting, and nothing is read from the client before it has. Without
  // one, a client that ends having said nothing has gone.
  // On an error the relay has ended, and on_ended was not called.
  Result<void> start();

  // Goes on with another socket, after on_connect_failed, on_server_lost or while the first one still tries.
  Result<void> redial(linux::UniqueFd server);

  // Waits without one instead.
  void postpone();

  // Resets both connections. The relay is gone for its owner.
  void reset();

  bool is_connected() const noexcept { return connected_; }
  bool has_ended() const noexcept { return ended_; }

  // While it drains, the client's next request waits once the server has answered, and on_stir tells of all that moves.
  // Draining no more, it reads on.
  void set_draining(bool is_draining);

  // When it may part, on the loop's clock in ms, if nobody says anything until then. Nothing where it does not drain or
  // something is in flight: a request without its answer, bytes not passed on, one direction ended.
  std::optional<std::uint64_t> quiet_at() const noexcept;

  // Whether the server says something that was not read yet.
  bool is_server_speaking() const noexcept;

  // Closes the server's side and gives the client's back, from which nothing goes anywhere any more. on_ended is not
  // called. The relay is gone for its owner.
  linux::UniqueFd part();

 protected:
  virtual ~Relay() = default;

  virtual void on_connected() = 0;
  // Answered by redial, postpone or reset.
  virtual void on_connect_failed(int error) = 0;
  virtual void on_client_bytes(std::size_t count) = 0;
  virtual void on_server_bytes(std::size_t count) = 0;
  // The last call; the relay takes care of itself from here on.
  virtual void on_ended(RelayEnd how) = 0;
  // While it drains: something moved, and quiet_at may be another. May part.
  virtual void on_stir() {}
  // The server went away before a byte went to it or came from it. True if it was answered by redial,
  // postpone or reset.
  virtual bool on_server_lost(int) { return false; }

 private:
  // What could not be written yet: copied, or in a pipe.
  struct Pending {
    std::size_t written = 0;
    std::vector<char> bytes;
    std::optional<PipePool::Loan> pipe;
  };

  // One of the two ends.
  struct Side {
    uv_poll_t poll;
    linux::UniqueFd fd;
    std::uint8_t watched = 0;          // the events libuv watches for
    std::uint8_t heat = 0;             // rises with every full read
    bool read_ended : 1 = false;       // the peer wrote its last byte
    bool write_ended : 1 = false;      // we passed that on to this side
    bool hung_up : 1 = false;          // said so once; to listen for more would spin
    bool end_seen : 1 = false;         // while it waits for a server: the end is there, after some bytes
    std::unique_ptr<Pending> pending;  // waits to be written to this side
  };

  static void on_poll(uv_poll_t* handle, int status, int events);
  Result<void> adopt(Side& side);
  Side& other(const Side& side) noexcept { return &side == &client_ ? server_ : client_; }

  void on_event(Side& side, int status, int events);
  void on_event_while_connecting(Side& side, int status, int events);
  void on_event_while_waiting(Side& side, int status);
  void forget_server() noexcept;
  void conclude_connect();
  void pump(Side& from, Side& to, int turns);
  ssize_t copy(Side& from, Side& to);
  std::optional<ssize_t> splice(Side& from, Side& to);
  void count_bytes(const Side& from, ssize_t count);
  void take_in(const Side& from, const char* bytes, std::size_t count);
  void stamp() noexcept { last_ms_ = static_cast<std::uint32_t>(uv_now(shared_.loop)); }
  bool is_paused() const noexcept;
  void look_at_next_request();
  void break_at(const Side& side) noexcept;
  void write(Side& to, const char* bytes, std::size_t count);
  void flush(Side& to);
  bool flush(Side& to, PipePool::Loan& pipe);
  void pass_on_end(Side& from, Side& to);
  void settle();
  bool is_server_lost() const noexcept;
  int wanted_events(const Side& side) const noexcept;
  void watch(Side& side);
  void salvage();
  void end(RelayEnd how);
  void release_handles();
  void release(Side& side);

  RelayLoop& shared_;
  bool connected_ : 1 = false;
  bool is_waiting_ : 1 = false;  // for a server
  bool broken_ : 1 = false;
  bool broken_by_server_ : 1 = false;
  bool ended_ : 1 = false;
  bool server_ended_first_ : 1 = false;
  bool client_spoke_ : 1 = false;
  bool server_spoke_ : 1 = false;
  bool server_spoke_last_ : 1 = false;
  bool forwarded_ : 1 = false;    // something of the client's went to the server
  bool full_duplex_ : 1 = false;  // both speak whenever they like
  bool draining_ : 1 = false;
  bool client_waits_ : 1 = false;  // its next request is there, and stays there
  std::uint8_t handles_ = 0;       // known to libuv
  std::uint32_t last_ms_ = 0;      // when a byte moved last
  Answers answers_;
  Side client_;
  Side server_;
};

}  // namespace reeve::proxy
