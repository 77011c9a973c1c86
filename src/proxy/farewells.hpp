#pragma once
// Clients whose connection we ended while the other side was quiet. They hear the end of the stream and all that was
// said before it; what they still say is thrown away until they end too. Closed at once, it would meet a reset, which
// may overtake the last bytes of an answer.

#include <reeve/linux/fd.hpp>
#include <reeve/proxy/uv.hpp>

#include <cstdint>
#include <list>

namespace reeve::proxy {

class Farewells {
 public:
  void open(uv_loop_t& loop);

  // Whoever is still there is reset.
  void close();

  void add(linux::UniqueFd client);

 private:
  struct Farewell {
    Farewells& all;
    linux::UniqueFd fd;
    std::uint64_t until_ms;
    UvHandle<uv_poll_t> poll;
    std::list<Farewell>::iterator place;
  };

  void end(Farewell& farewell);
  void on_readable(Farewell& farewell);
  void arm();
  void on_timer();

  uv_loop_t* loop_ = nullptr;
  std::list<Farewell> farewells_;  // who came first is first
  UvHandle<uv_timer_t> timer_;
};

}  // namespace reeve::proxy
