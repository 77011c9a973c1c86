// The probe worker's rules, one by one (kubernetes reference, sections 3.3, 3.4 and 3.8).
#include <reeve/core/probe.hpp>

#include <support/hand.hpp>

#include <boost/test/unit_test.hpp>

#include <array>

using namespace reeve;
using test::exec_probe;
using Verdict = ProbeWorker::Verdict;

namespace {

constexpr Instant start = Instant{} + seconds(1000);

// A worker on its own; runs are numbered from 1.
struct Worker {
  ProbeSpec spec;
  ProbeWorker worker;
  std::uint64_t runs = 0;

  Worker(ProbeType type, const ProbeSpec& given) : spec(given), worker(type, spec) {
    worker.container_started();
    worker.arm(start, start);
  }

  // When it asks next, in milliseconds after the start; -1 for never.
  std::int64_t next() const {
    const auto deadline = worker.deadline();
    return deadline ? (*deadline - start).count() / 1'000'000 : -1;
  }
  ProbeWorker::Judgement run(ProbeResult result, Duration takes = Duration{0}) {
    const Instant now = *worker.deadline();
    worker.begin(ProbeRunId{++runs}, now);
    return worker.finish(result, now + takes);
  }
  Verdict verdict(ProbeResult result) { return run(result).verdict; }
  void restart() {
    worker.hold();
    worker.container_started();
    worker.arm(start, start);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(probe_worker)

BOOST_AUTO_TEST_CASE(the_first_probe_comes_as_in_the_table_counted_from_the_containers_start) {
  struct Row {
    ProbeType type;
    std::int64_t delay, period, first;
  };
  const Row table[] = {
      {ProbeType::liveness, 0, 10, 10},  {ProbeType::liveness, 15, 10, 20}, {ProbeType::liveness, 5, 10, 10},
      {ProbeType::liveness, 20, 10, 20}, {ProbeType::readiness, 0, 10, 0},  {ProbeType::readiness, 15, 10, 15},
      {ProbeType::startup, 0, 10, 10},   {ProbeType::startup, 0, 5, 5},     {ProbeType::startup, 12, 5, 15},
  };
  for (const Row& row : table) {
    const Worker worker(row.type, exec_probe(seconds(row.delay), seconds(row.period)));
    BOOST_TEST(worker.next() == row.first * 1000);
  }
}

BOOST_AUTO_TEST_CASE(liveness_after_a_slow_startup_keeps_the_ticks_of_the_start) {
  Worker worker(ProbeType::liveness, exec_probe());
  worker.worker.container_started();
  worker.worker.arm(start, start + seconds(23));
  BOOST_TEST(worker.next() == 30'000);
  worker.worker.arm(start, start + seconds(30));
  BOOST_TEST(worker.next() == 40'000);
}

BOOST_AUTO_TEST_CASE(readiness_after_a_slow_startup_is_asked_at_once) {
  Worker worker(ProbeType::readiness, exec_probe(seconds(5)));
  worker.worker.arm(start, start + seconds(23));
  BOOST_TEST(worker.next() == 23'000);
}

BOOST_AUTO_TEST_CASE(the_published_verdict_begins_as_kubernetes_says) {
  BOOST_TEST(Worker(ProbeType::liveness, exec_probe()).worker.passed());
  BOOST_TEST(!Worker(ProbeType::readiness, exec_probe()).worker.passed());
  BOOST_TEST(!Worker(ProbeType::startup, exec_probe()).worker.passed());
}

BOOST_AUTO_TEST_CASE(fails_only_after_the_failure_threshold_in_a_row) {
  Worker worker(ProbeType::readiness, exec_probe());
  BOOST_CHECK(worker.verdict(ProbeResult::success) == Verdict::success);
  BOOST_CHECK(worker.verdict(ProbeResult::failure) == Verdict::same);
  BOOST_CHECK(worker.verdict(ProbeResult::failure) == Verdict::same);
  BOOST_CHECK(worker.verdict(ProbeResult::success) == Verdict::same);
  BOOST_CHECK(worker.verdict(ProbeResult::failure) == Verdict::same);
  BOOST_CHECK(worker.verdict(ProbeResult::failure) == Verdict::same);
  BOOST_TEST(worker.worker.passed());
  BOOST_CHECK(worker.verdict(ProbeResult::failure) == Verdict::failure);
  BOOST_TEST(!worker.worker.passed());
  BOOST_CHECK(worker.verdict(ProbeResult::failure) == Verdict::same);
}

BOOST_AUTO_TEST_CASE(succeeds_only_after_the_success_threshold_in_a_row) {
  Worker worker(ProbeType::readiness, exec_probe(Duration{0}, seconds(10), 1, 3));
  BOOST_CHECK(worker.verdict(ProbeResult::success) == Verdict::same);
  BOOST_CHECK(worker.verdict(ProbeResult::success) == Verdict::same);
  BOOST_CHECK(worker.verdict(ProbeResult::failure) == Verdict::same);
  BOOST_CHECK(worker.verdict(ProbeResult::success) == Verdict::same);
  BOOST_CHECK(worker.verdict(ProbeResult::success) == Verdict::same);
  BOOST_CHECK(worker.verdict(ProbeResult::success) == Verdict::success);
}

BOOST_AUTO_TEST_CASE(a_warning_counts_as_success_and_unknown_as_failure) {
  Worker worker(ProbeType::readiness, exec_probe(Duration{0}, seconds(10), 1));
  BOOST_CHECK(worker.verdict(ProbeResult::warning) == Verdict::success);
  BOOST_CHECK(worker.verdict(ProbeResult::unknown) == Verdict::failure);
}

BOOST_AUTO_TEST_CASE(an_error_is_tried_three_times_and_then_thrown_away) {
  Worker worker(ProbeType::liveness, exec_probe(Duration{0}, seconds(10), 1));
  const std::int64_t tick = worker.next();
  BOOST_TEST(!worker.run(ProbeResult::error).thrown_away);
  BOOST_TEST(worker.next() == tick);
  BOOST_TEST(!worker.run(ProbeResult::error).thrown_away);
  BOOST_TEST(worker.next() == tick);
  const auto third = worker.run(ProbeResult::error);
  BOOST_TEST(third.thrown_away);
  BOOST_CHECK(third.verdict == Verdict::none);
  BOOST_TEST(worker.next() == tick + 10'000);
  BOOST_TEST(worker.worker.passed());
  BOOST_TEST(!worker.run(ProbeResult::error).thrown_away);
}

BOOST_AUTO_TEST_CASE(an_error_neither_continues_nor_breaks_a_run_of_results) {
  Worker worker(ProbeType::liveness, exec_probe(Duration{0}, seconds(10), 2));
  worker.run(ProbeResult::failure);
  for (int i = 0; i < 3; ++i) worker.run(ProbeResult::error);
  BOOST_CHECK(worker.verdict(ProbeResult::failure) == Verdict::failure);
}

BOOST_AUTO_TEST_CASE(a_retry_that_answers_counts) {
  Worker worker(ProbeType::readiness, exec_probe());
  worker.run(ProbeResult::error);
  BOOST_CHECK(worker.verdict(ProbeResult::success) == Verdict::success);
}

BOOST_AUTO_TEST_CASE(failures_before_a_crash_still_count_after_it) {
  Worker worker(ProbeType::liveness, exec_probe());
  worker.run(ProbeResult::failure);
  worker.run(ProbeResult::failure);
  worker.restart();
  BOOST_CHECK(worker.verdict(ProbeResult::failure) == Verdict::failure);
}

BOOST_AUTO_TEST_CASE(after_a_kill_by_the_probe_the_count_starts_anew) {
  Worker worker(ProbeType::liveness, exec_probe(Duration{0}, seconds(10), 2));
  worker.run(ProbeResult::failure);
  BOOST_CHECK(worker.verdict(ProbeResult::failure) == Verdict::failure);
  BOOST_TEST(worker.next() == -1);  // on hold until the next instance
  worker.restart();
  BOOST_TEST(worker.worker.passed());
  BOOST_CHECK(worker.verdict(ProbeResult::failure) == Verdict::same);
  BOOST_CHECK(worker.verdict(ProbeResult::failure) == Verdict::failure);
}

BOOST_AUTO_TEST_CASE(startup_goes_on_hold_after_either_verdict) {
  Worker good(ProbeType::startup, exec_probe());
  BOOST_CHECK(good.verdict(ProbeResult::success) == Verdict::success);
  BOOST_TEST(good.next() == -1);
  Worker bad(ProbeType::startup, exec_probe(Duration{0}, seconds(10), 1));
  BOOST_CHECK(bad.verdict(ProbeResult::failure) == Verdict::failure);
  BOOST_TEST(bad.next() == -1);
}

BOOST_AUTO_TEST_CASE(of_missed_ticks_one_is_kept_and_fires_at_once) {
  Worker worker(ProbeType::liveness, exec_probe());
  worker.run(ProbeResult::success, seconds(25));  // from 10 to 35: the ticks at 20 and 30 passed
  BOOST_TEST(worker.next() == 30'000);
  worker.worker.begin(ProbeRunId{9}, start + seconds(35));
  worker.worker.finish(ProbeResult::success, start + seconds(36));
  BOOST_TEST(worker.next() == 40'000);
}

// Ticks 10, 20 and 30 became one run at 35; it must not be followed by another one for the tick at 30.
BOOST_AUTO_TEST_CASE(a_late_wake_up_is_no_missed_tick) {
  Worker worker(ProbeType::liveness, exec_probe());
  worker.worker.begin(ProbeRunId{1}, start + seconds(35));
  worker.worker.finish(ProbeResult::success, start + seconds(36));
  BOOST_TEST(worker.next() == 40'000);
}

BOOST_AUTO_TEST_CASE(a_run_that_ends_within_its_period_leaves_the_ticks_where_they_were) {
  Worker worker(ProbeType::liveness, exec_probe());
  worker.run(ProbeResult::success, milliseconds(9'999));
  BOOST_TEST(worker.next() == 20'000);
}

BOOST_AUTO_TEST_CASE(a_run_is_aborted_once_its_timeout_has_passed) {
  Worker worker(ProbeType::liveness, exec_probe());
  worker.worker.begin(ProbeRunId{1}, start + seconds(10));
  BOOST_TEST(worker.next() == 11'000);
  BOOST_TEST(!worker.worker.time_out(start + milliseconds(10'999)).has_value());
  BOOST_CHECK(worker.worker.time_out(start + seconds(11)) == ProbeRunId{1});
  BOOST_TEST(!worker.worker.time_out(start + seconds(12)).has_value());
  BOOST_TEST(worker.next() == -1);  // waits for the answer, however long
  BOOST_CHECK(worker.worker.in_flight() == ProbeRunId{1});
}

BOOST_AUTO_TEST_CASE(a_trigger_brings_the_next_run_forward_and_moves_the_ticks) {
  Worker worker(ProbeType::readiness, exec_probe());
  worker.run(ProbeResult::success);
  BOOST_TEST(worker.next() == 10'000);
  worker.worker.trigger(start + seconds(4));
  BOOST_TEST(worker.next() == 4'000);
  worker.run(ProbeResult::success);
  BOOST_TEST(worker.next() == 14'000);
}

BOOST_AUTO_TEST_CASE(a_refused_connection_does_not_shorten_the_initial_delay) {
  Worker worker(ProbeType::readiness, exec_probe(seconds(15)));
  worker.worker.trigger(start + seconds(4));
  BOOST_TEST(worker.next() == 15'000);
}

BOOST_AUTO_TEST_CASE(a_huge_period_or_delay_does_not_overflow) {
  Worker worker(ProbeType::readiness, exec_probe(Duration{0}, Duration::max()));
  worker.run(ProbeResult::success);
  BOOST_CHECK(worker.worker.deadline() == Instant::max());
  const Worker late(ProbeType::readiness, exec_probe(Duration::max()));
  BOOST_CHECK(late.worker.deadline() == Instant::max());
}

// Every state × event: what the worker waits for afterwards, in seconds after the start ("-": nothing).
BOOST_AUTO_TEST_CASE(every_event_in_every_state_has_an_intended_outcome) {
  using Act = void (*)(Worker&);
  const auto idle = [](Worker& w) { w.worker.container_started(); };
  const auto waiting = [](Worker&) {};
  const auto in_flight = [](Worker& w) { w.worker.begin(ProbeRunId{1}, start + seconds(10)); };
  const auto aborted = [](Worker& w) {
    w.worker.begin(ProbeRunId{1}, start + seconds(10));
    w.worker.time_out(start + seconds(11));
  };
  const auto held = [](Worker& w) { w.worker.hold(); };
  const Act states[] = {idle, waiting, in_flight, aborted, held};
  struct Row {
    const char* event;
    Act act;
    std::array<std::int64_t, 5> next;  // idle, waiting, in flight, aborted, on hold
  };
  const Row table[] = {
      {"nothing", [](Worker&) {}, {-1, 10, 11, -1, -1}},
      {"container_started", [](Worker& w) { w.worker.container_started(); }, {-1, -1, -1, -1, -1}},
      {"arm", [](Worker& w) { w.worker.arm(start, start); }, {10, 10, 10, 10, 10}},
      {"trigger", [](Worker& w) { w.worker.trigger(start + seconds(4)); }, {-1, 4, 11, -1, -1}},
      {"hold", [](Worker& w) { w.worker.hold(); }, {-1, -1, -1, -1, -1}},
      {"time_out", [](Worker& w) { w.worker.time_out(start + seconds(20)); }, {-1, 10, -1, -1, -1}},
  };
  for (const Row& row : table) {
    for (std::size_t i = 0; i < std::size(states); ++i) {
      Worker worker(ProbeType::liveness, exec_probe());
      states[i](worker);
      row.act(worker);
      const std::int64_t wanted = row.next[i] < 0 ? -1 : row.next[i] * 1000;
      BOOST_TEST(worker.next() == wanted, row.event << " in state " << i);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
