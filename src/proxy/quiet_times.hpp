#pragma once
// When sessions that drain may be quiet enough to end: they are looked at again then.

#include <reeve/proxy/uv.hpp>

#include <cstdint>
#include <set>
#include <utility>

namespace reeve::proxy {

class Session;

class QuietTimes {
 public:
  void open(uv_loop_t& loop);
  void close() { timer_.reset(); }

  // On the loop's clock. Of several times of one session only the earliest counts: it is the next to be looked at.
  void add(Session& session, std::uint64_t at_ms);
  void remove(Session& session);

 private:
  void arm();
  void on_timer();

  std::set<std::pair<std::uint64_t, Session*>> times_;
  UvHandle<uv_timer_t> timer_;
};

}  // namespace reeve::proxy
