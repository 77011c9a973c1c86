#include <reeve/proxy/balancer.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <map>

#include <proxy/support.hpp>

namespace reeve::proxy::test {
namespace {

struct Rig {
  explicit Rig(BalancerOptions options = {}) : balancer(options) {}

  void set(std::uint64_t pod, bool ready, bool serving = false, bool terminating = false) {
    balancer.set({PodId{pod}, SocketAddress{}, ready, serving, terminating});
  }

  // 0: nobody
  std::uint64_t choose(std::vector<PodId> tried = {}, std::optional<Affinity::Client> client = {}) {
    const Endpoint* const chosen = balancer.choose(client, now, random, tried);
    return chosen == nullptr ? 0 : chosen->pod.value;
  }

  std::uint64_t connect() {
    const std::uint64_t pod = choose();
    balancer.acquire(PodId{pod});
    return pod;
  }

  Balancer balancer;
  Random random{7};
  Instant now{};
};

constexpr Affinity::Client alice{10, 0, 0, 1};
constexpr Affinity::Client bob{10, 0, 0, 2};

BalancerOptions sticky(std::int64_t timeout_seconds, std::size_t clients_max = 100) {
  return {Balancing::round_robin, seconds(timeout_seconds), clients_max};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(balancer)

BOOST_AUTO_TEST_CASE(ready_ones_first_then_those_that_serve_while_they_terminate_then_nobody) {
  Rig rig;
  BOOST_CHECK_EQUAL(rig.choose(), 0U);
  rig.set(1, false, false, true);
  rig.set(2, false, true, false);
  BOOST_CHECK(!rig.balancer.has_usable());
  rig.set(3, false, true, true);
  BOOST_CHECK_EQUAL(rig.choose(), 3U);
  rig.set(4, true, true);
  BOOST_CHECK_EQUAL(rig.choose(), 4U);
  BOOST_CHECK(!rig.balancer.is_choosable(PodId{3}));
  rig.balancer.remove(PodId{4});
  BOOST_CHECK_EQUAL(rig.choose(), 3U);
  rig.balancer.remove(PodId{3});
  BOOST_CHECK_EQUAL(rig.choose(), 0U);
}

BOOST_AUTO_TEST_CASE(least_connections_fills_the_emptiest) {
  Rig rig;
  for (std::uint64_t pod = 1; pod <= 3; ++pod) rig.set(pod, true);
  std::map<std::uint64_t, int> load;
  for (int i = 0; i < 9; ++i) ++load[rig.connect()];
  for (std::uint64_t pod = 1; pod <= 3; ++pod) BOOST_CHECK_EQUAL(load[pod], 3);
  rig.balancer.release(PodId{2});
  rig.balancer.release(PodId{2});
  BOOST_CHECK_EQUAL(rig.connect(), 2U);
  BOOST_CHECK_EQUAL(rig.connect(), 2U);
  rig.set(4, true);
  for (int i = 0; i < 3; ++i) BOOST_CHECK_EQUAL(rig.connect(), 4U);
}

BOOST_AUTO_TEST_CASE(equals_take_turns_even_if_connections_end_at_once) {
  Rig rig;
  for (std::uint64_t pod = 1; pod <= 4; ++pod) rig.set(pod, true);
  std::map<std::uint64_t, int> load;
  for (int i = 0; i < 40; ++i) {
    const std::uint64_t pod = rig.connect();
    ++load[pod];
    rig.balancer.release(PodId{pod});
  }
  for (std::uint64_t pod = 1; pod <= 4; ++pod) BOOST_CHECK_EQUAL(load[pod], 10);
}

BOOST_AUTO_TEST_CASE(round_robin_goes_round) {
  Rig rig({.balancing = Balancing::round_robin, .client_ip_affinity = {}});
  for (std::uint64_t pod = 1; pod <= 3; ++pod) rig.set(pod, true);
  for (int i = 0; i < 9; ++i) BOOST_CHECK_EQUAL(rig.connect(), static_cast<std::uint64_t>(i % 3 + 1));
}

BOOST_AUTO_TEST_CASE(random_is_fair) {
  Rig rig({.balancing = Balancing::random, .client_ip_affinity = {}});
  for (std::uint64_t pod = 1; pod <= 4; ++pod) rig.set(pod, true);
  std::map<std::uint64_t, int> load;
  for (int i = 0; i < 4000; ++i) ++load[rig.choose()];
  for (std::uint64_t pod = 1; pod <= 4; ++pod) BOOST_CHECK(load[pod] > 850 && load[pod] < 1150);
}

BOOST_AUTO_TEST_CASE(who_refused_is_not_asked_again) {
  for (const Balancing balancing : {Balancing::least_connections, Balancing::round_robin, Balancing::random}) {
    Rig rig({.balancing = balancing, .client_ip_affinity = {}});
    for (std::uint64_t pod = 1; pod <= 3; ++pod) rig.set(pod, true);
    BOOST_CHECK_EQUAL(rig.choose({PodId{1}, PodId{3}}), 2U);
    BOOST_CHECK_EQUAL(rig.choose({PodId{1}, PodId{3}, PodId{2}}), 0U);
  }
}

BOOST_AUTO_TEST_CASE(a_removed_endpoint_is_counted_until_its_last_connection_ends) {
  Rig rig;
  rig.set(1, true);
  rig.connect();
  rig.balancer.remove(PodId{1});
  BOOST_CHECK_EQUAL(rig.balancer.connections(PodId{1}), 1U);
  rig.set(1, true);
  BOOST_CHECK_EQUAL(rig.balancer.connections(PodId{1}), 1U);
  rig.balancer.remove(PodId{1});
  rig.balancer.release(PodId{1});
  BOOST_CHECK(rig.balancer.find(PodId{1}) == nullptr);
}

BOOST_AUTO_TEST_CASE(affinity_holds_and_slides) {
  Rig rig(sticky(10));
  for (std::uint64_t pod = 1; pod <= 3; ++pod) rig.set(pod, true);
  const std::uint64_t first = rig.choose({}, alice);
  BOOST_CHECK_NE(rig.choose({}, bob), first);
  for (int i = 0; i < 5; ++i) {
    rig.now += seconds(9);
    BOOST_CHECK_EQUAL(rig.choose({}, alice), first);
  }
  rig.set(4, true);
  BOOST_CHECK_EQUAL(rig.choose({}, alice), first);
  rig.now += seconds(10);
  BOOST_CHECK_NE(rig.choose({}, alice), first);
}

BOOST_AUTO_TEST_CASE(affinity_holds_only_while_the_endpoint_is_usable) {
  Rig rig(sticky(10));
  for (std::uint64_t pod = 1; pod <= 3; ++pod) rig.set(pod, true);
  const std::uint64_t first = rig.choose({}, alice);
  rig.set(first, false);
  const std::uint64_t second = rig.choose({}, alice);
  BOOST_CHECK_NE(second, first);
  rig.set(first, true);
  BOOST_CHECK_EQUAL(rig.choose({}, alice), second);
  BOOST_CHECK_NE(rig.choose({PodId{second}}, alice), second);
}

BOOST_AUTO_TEST_CASE(affinity_is_bounded) {
  Affinity affinity(seconds(10), 2);
  const Instant now{};
  affinity.remember(alice, PodId{1}, now);
  affinity.remember(bob, PodId{2}, now);
  affinity.remember(alice, PodId{1}, now + seconds(1));
  affinity.remember({10, 0, 0, 3}, PodId{3}, now + seconds(1));
  BOOST_CHECK_EQUAL(affinity.size(), 2U);
  BOOST_CHECK(affinity.find(alice, now + seconds(1)));
  BOOST_CHECK(!affinity.find(bob, now + seconds(1)));
}

// Whatever happens to endpoints and connections: the least loaded usable one is chosen, and only a usable one.
BOOST_AUTO_TEST_CASE(the_choice_agrees_with_a_plain_search) {
  struct Known {
    bool ready = false, leaving = false, present = false;
    std::size_t connections = 0;
  };
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Rig rig;
    Random chance(seed);
    std::array<Known, 8> known{};
    for (int step = 0; step < 400; ++step) {
      const std::uint64_t pod = 1 + chance.below(known.size());
      Known& it = known[pod - 1];
      switch (chance.below(4)) {
        case 0:
          it.present = true;
          it.ready = chance.below(2) == 0;
          it.leaving = !it.ready && chance.below(2) == 0;
          rig.set(pod, it.ready, it.ready || it.leaving, it.leaving);
          break;
        case 1:
          it = Known{.connections = it.connections};
          rig.balancer.remove(PodId{pod});
          break;
        case 2:
          if (it.connections == 0) break;
          --it.connections;
          rig.balancer.release(PodId{pod});
          break;
        default: {
          const bool any_ready = std::ranges::any_of(known, &Known::ready);
          const auto usable = [&](const Known& one) { return any_ready ? one.ready : one.leaving; };
          std::size_t fewest = SIZE_MAX;
          for (const Known& one : known) {
            if (usable(one)) fewest = std::min(fewest, one.connections);
          }
          const std::uint64_t chosen = rig.choose();
          BOOST_REQUIRE_MESSAGE((chosen == 0) == (fewest == SIZE_MAX), "seed " << seed);
          if (chosen == 0) break;
          BOOST_REQUIRE_MESSAGE(usable(known[chosen - 1]) && known[chosen - 1].connections == fewest, "seed " << seed);
          rig.balancer.acquire(PodId{chosen});
          ++known[chosen - 1].connections;
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(ten_thousand_endpoints_stay_cheap) {
  Rig rig;
  for (std::uint64_t pod = 1; pod <= 10000; ++pod) rig.set(pod, true);
  const auto began = std::chrono::steady_clock::now();
  for (std::uint64_t i = 0; i < 10000; ++i) {
    rig.connect();
    rig.set(1 + i, false);
    rig.set(1 + i, true);
  }
  const auto took = std::chrono::steady_clock::now() - began;
  BOOST_TEST_MESSAGE("choose, acquire and two changes among 10000: "
                     << std::chrono::duration_cast<std::chrono::nanoseconds>(took).count() / 10000 << " ns");
  // a linear search would take a hundred times as long
  BOOST_CHECK(took < std::chrono::seconds(2));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reeve::proxy::test
