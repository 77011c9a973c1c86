#pragma once
// One connection pair: what the client says reaches the server and the other way round, as if nobody stood between.
// Half-close, reset and back-pressure pass through. An idle relay holds no buffer.

#include <reeve/core/result.hpp>
#include <reeve/linux/fd.hpp>
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

enum class RelayEnd { orderly, reset };

// Whether the server's socket has begun to connect, or is there to be replaced by one that has.
enum class Dialing { now, later };

// Lives on the heap and belongs to its loop: it deletes itself once it has ended and libuv has let go of its handles.
class Relay {
 public:
  Relay(RelayLoop& shared, linux::UniqueFd client, linux::UniqueFd server) noexcept;
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  // Watches both; the server's socket is still connecting, and nothing is read from the client before it has.
  // On an error the relay has ended, and on_ended was not called.
  Result<void> start(Dialing dialing = Dialing::now);

  // Goes on with another socket, after on_connect_failed or while the first one still tries.
  Result<void> redial(linux::UniqueFd server, Dialing dialing = Dialing::now);

  // Resets both connections. The relay is gone for its owner.
  void reset();

  bool is_connected() const noexcept { return connected_; }

 protected:
  virtual ~Relay() = default;

  virtual void on_connected() = 0;
  // Answered by redial or reset.
  virtual void on_connect_failed(int error) = 0;
  virtual void on_client_bytes(std::size_t count) = 0;
  virtual void on_server_bytes(std::size_t count) = 0;
  // The last call; the relay takes care of itself from here on.
  virtual void on_ended(RelayEnd how) = 0;

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
    std::unique_ptr<Pending> pending;  // waits to be written to this side
  };

  static void on_poll(uv_poll_t* handle, int status, int events);
  Result<void> adopt(Side& side);
  Side& other(const Side& side) noexcept { return &side == &client_ ? server_ : client_; }

  void on_event(Side& side, int status, int events);
  void on_event_while_connecting(Side& side, int status, int events);
  void conclude_connect();
  void pump(Side& from, Side& to, int turns);
  ssize_t copy(Side& from, Side& to);
  std::optional<ssize_t> splice(Side& from, Side& to);
  void count_bytes(const Side& from, ssize_t count);
  void write(Side& to, const char* bytes, std::size_t count);
  void flush(Side& to);
  bool flush(Side& to, PipePool::Loan& pipe);
  void pass_on_end(Side& from, Side& to);
  void settle();
  int wanted_events(const Side& side) const noexcept;
  void watch(Side& side);
  void salvage();
  void end(RelayEnd how);
  void release_handles();
  void release(Side& side);

  RelayLoop& shared_;
  bool connected_ = false;
  bool dials_later_ = false;
  bool broken_ = false;
  bool ended_ = false;
  std::uint8_t handles_ = 0;  // known to libuv
  Side client_;
  Side server_;
};

}  // namespace reeve::proxy
