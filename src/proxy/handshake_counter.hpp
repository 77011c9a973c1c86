#pragma once
// Asks the kernel about handshakes on a thread of its own. For each answer it walks the table of all connections of the
// host, which takes milliseconds where that is large; a loop would stand still for as long.

#include <reeve/core/result.hpp>
#include <reeve/proxy/listener.hpp>

#include "proxy/mailbox.hpp"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace reeve::proxy {

struct HandshakeQuestion {
  Place place;
  std::function<void(const Result<std::size_t>&)> answered;  // the asker's; empty once it does not care any more
  Result<std::size_t> embryonic = 0;
};

// All methods are for the loop's thread.
class HandshakeCounter {
 public:
  using Question = std::shared_ptr<HandshakeQuestion>;

  HandshakeCounter() = default;
  HandshakeCounter(const HandshakeCounter&) = delete;
  HandshakeCounter& operator=(const HandshakeCounter&) = delete;
  ~HandshakeCounter() { close(); }

  Result<void> open(uv_loop_t& loop);

  // Answered on the loop, later. The thread is started by the first question; where none is to be had, the loop itself
  // counts.
  Question ask(const Place& place, std::function<void(const Result<std::size_t>&)> answered);

  // Questions that are still open are not answered.
  void close();

 private:
  bool ensure_thread();
  void work();
  void on_answers();

  Mailbox<Question> answers_;
  std::mutex mutex_;
  std::condition_variable something_to_do_;
  std::deque<Question> questions_;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace reeve::proxy
