// The disk under the state fails, in every step of a write: what is in force is told honestly, reeve goes on and tries
// again, and what is on disk is never worse than the last good one.
#include <blackbox/state_world.hpp>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <csignal>
#include <filesystem>

using namespace reeve::test;
namespace json = boost::json;

namespace {

const std::string web_path = deployments_path + "/web";

class Failing : public StateWorld {
 public:
  Failing() {
    fault("none");
    settings.environment = {"LD_PRELOAD=" REEVE_FAULT_PATH, "REEVE_FAULT=" + order_,
                            "ASAN_OPTIONS=verify_asan_link_order=0"};
    write("[deployment.web]\nreplicas = 1\nisolation = \"none\"\n" + command_line(scratch, {"--hang"}));
    start();
  }

  // What goes wrong from here on.
  void fault(const std::string& order) const {
    scratch.write("order.new", order);
    std::filesystem::rename(scratch.file("order.new"), order_);
  }
  Answer scale(int count) const { return patch(web_path, "{\"spec\":{\"replicas\":" + std::to_string(count) + "}}"); }
  std::int64_t replicas() const { return at(get(web_path), "/spec/replicas").to_number<std::int64_t>(); }
  bool is_kept() const { return at(status(), "/state/kept") == true; }

 private:
  const std::string order_ = scratch.file("order");
};

}  // namespace

BOOST_AUTO_TEST_SUITE(state_fault)

BOOST_AUTO_TEST_CASE(a_change_that_cannot_be_kept_is_in_force_and_its_answer_says_so) {
  const std::vector<std::pair<std::string, std::string>> faults{{"write:28", "No space left on device"},
                                                                {"write:5", "Input/output error"},
                                                                {"fsync:5", "Input/output error"},
                                                                {"rename:28", "No space left on device"}};
  Failing world;
  int count = 1;
  for (const auto& [order, text] : faults) {
    BOOST_TEST_CONTEXT(order) {
      BOOST_TEST(world.scale(++count).status == 200);
      const int good = count;
      world.fault(order);
      const Answer refused = world.scale(++count);
      BOOST_TEST(refused.status == 507);
      BOOST_TEST(refused.body.find("the change is in force, but it is not kept: ") != std::string::npos);
      BOOST_TEST(refused.body.find(text) != std::string::npos);
      BOOST_TEST(world.replicas() == count);
      BOOST_TEST(!world.is_kept());
      BOOST_TEST(world.run({"status"}).output.find("NOT KEPT over a restart: ") != std::string::npos);
      BOOST_TEST(world.reeve->prints("Warning StateNotKept node/"));
      world.restart();  // the last good one is there
      BOOST_TEST(world.replicas() == good);
      BOOST_TEST(world.reeve->count("cannot be used") == 0u);
      BOOST_TEST(world.scale(++count).status == 507);
      world.fault("none");
      BOOST_TEST(eventually([&] { return world.is_kept(); }));
      BOOST_TEST(world.reeve->prints("StateKept node/"));
      world.restart();
      BOOST_TEST(world.replicas() == count);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_write_in_pieces_is_a_whole_one) {
  Failing world;
  world.fault("short");
  BOOST_TEST(world.scale(3).status == 200);
  world.restart();
  BOOST_TEST(world.replicas() == 3);
}

BOOST_AUTO_TEST_CASE(a_death_in_any_step_leaves_the_old_or_the_new_whole) {
  Failing world;
  int count = 1;
  for (const std::string step : {"write", "fsync", "rename", "renamed"}) {
    BOOST_TEST_CONTEXT(step) {
      const int before = count;
      world.fault(step + ":die");
      BOOST_TEST(world.scale(++count).status == 0);
      BOOST_TEST(world.reeve->wait().value_or(-1) == 128 + SIGKILL);
      world.fault("none");
      world.start();
      BOOST_TEST(world.replicas() == (step == "renamed" ? count : before));
      BOOST_TEST(world.reeve->count("cannot be used") == 0u);
      count = static_cast<int>(world.replicas());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
