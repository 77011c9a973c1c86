// What the kernel is asked about handshakes does not hold up the loop.
#include "proxy/handshake_counter.hpp"

#include <boost/test/unit_test.hpp>

#include <condition_variable>
#include <mutex>

#include <proxy/support.hpp>

namespace reeve::proxy::test {
namespace {

// Our own network, where questions wait until they are let through.
class SlowNetwork final : public Network {
 public:
  Result<UniqueFd> make_socket(int family, int type, int protocol) const override {
    if (family == AF_NETLINK) {
      std::unique_lock lock(mutex_);
      ++asked;
      released_.wait(lock, [this] { return is_released_; });
    }
    UniqueFd fd(::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
    if (!fd) return fail("cannot make a socket", errno);
    return fd;
  }
  void release() {
    const std::lock_guard lock(mutex_);
    is_released_ = true;
    released_.notify_all();
  }
  mutable std::atomic<unsigned> asked{0};

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable released_;
  bool is_released_ = false;
};

class Loop {
 public:
  Loop() { uv_loop_init(&loop_); }
  ~Loop() {
    uv_run(&loop_, UV_RUN_DEFAULT);
    BOOST_CHECK_EQUAL(uv_loop_close(&loop_), 0);
  }
  uv_loop_t& get() { return loop_; }
  bool wait(const std::function<bool()>& condition) {
    return wait_for([&] {
      uv_run(&loop_, UV_RUN_NOWAIT);
      return condition();
    });
  }

 private:
  uv_loop_t loop_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(handshake_counter)

BOOST_AUTO_TEST_CASE(answers_come_in_order_unless_nobody_cares_any_more) {
  Loop loop;
  HandshakeCounter counter;
  BOOST_REQUIRE(counter.open(loop.get()));
  const Place place{free_address()};
  std::vector<int> answered;
  const auto note = [&](int number) {
    return [&answered, number](const Result<std::size_t>& embryonic) {
      BOOST_CHECK(embryonic && *embryonic == 0);
      answered.push_back(number);
    };
  };
  counter.ask(place, note(1));
  counter.ask(place, note(2))->answered = nullptr;
  counter.ask(place, note(3));
  BOOST_CHECK(loop.wait([&] { return answered.size() == 2; }));
  BOOST_CHECK(answered == (std::vector<int>{1, 3}));
  counter.close();
}

BOOST_AUTO_TEST_CASE(nothing_is_answered_after_the_end) {
  Loop loop;
  const auto slow = std::make_shared<SlowNetwork>();
  bool answered = false;
  HandshakeCounter counter;
  BOOST_REQUIRE(counter.open(loop.get()));
  for (int i = 0; i < 100; ++i) {
    counter.ask({free_address(), PodId{1}, slow}, [&](const Result<std::size_t>&) { answered = true; });
  }
  BOOST_CHECK(wait_for([&] { return slow->asked == 1; }));
  slow->release();
  counter.close();
  uv_run(&loop.get(), UV_RUN_DEFAULT);
  BOOST_CHECK(!answered);
}

BOOST_AUTO_TEST_CASE(the_proxy_carries_on_while_the_kernel_looks) {
  const SocketAddress front = free_address(), link = free_address();
  const auto slow = std::make_shared<SlowNetwork>();
  Backend one(free_address(), 'a'), two(free_address(), 'b');
  World world;
  world.serve(front, {one.address()});
  world.proxy->open({.id = ServiceId{2}, .name = "slow", .listen = {}, .client_ip_affinity = {}});
  world.proxy->open_link(ServiceId{2}, PodId{7}, link, slow);
  world.proxy->set_endpoint(ServiceId{2}, {PodId{2}, two.address(), true, true, false});
  world.settle();
  BOOST_CHECK_EQUAL(ask(link), 'b');
  world.proxy->remove_endpoint(ServiceId{2}, PodId{2});
  BOOST_REQUIRE(wait_for([&] { return slow->asked == 1; }));
  for (int i = 0; i < 10; ++i) BOOST_CHECK_EQUAL(ask(front), 'a');
  world.settle();
  BOOST_CHECK(world.drained.empty());
  slow->release();
  BOOST_CHECK(world.wait([&] { return !world.drained.empty(); }));
  BOOST_CHECK_EQUAL(ask(link), '-');
}

BOOST_AUTO_TEST_CASE(an_answer_to_an_old_question_does_not_make_deaf) {
  const SocketAddress link = free_address();
  const auto slow = std::make_shared<SlowNetwork>();
  Backend backend(free_address(), 'a');
  World world;
  world.serve(free_address(), {backend.address()});
  world.proxy->open_link(service_one, PodId{7}, link, slow);
  world.ready(1, backend.address(), false);
  BOOST_REQUIRE(wait_for([&] { return slow->asked == 1; }));
  world.ready(1, backend.address());
  world.settle();
  slow->release();
  for (int i = 0; i < 10; ++i) BOOST_CHECK_EQUAL(ask(link), 'a');
  world.unready(1, backend.address());
  BOOST_CHECK_EQUAL(ask(link), '-');
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reeve::proxy::test
