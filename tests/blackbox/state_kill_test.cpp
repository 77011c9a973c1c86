// reeve is killed at random moments, again and again, while commands change what is to outlive it: what was
// acknowledged is there, what was not is there as a whole or not at all, and nothing runs twice.
#include <blackbox/state_world.hpp>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <random>
#include <set>
#include <thread>

using namespace reeve::test;
namespace json = boost::json;

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr int kills_by_default = 20;
#else
constexpr int kills_by_default = 200;
#endif

int kills() {
  const char* const more = std::getenv("REEVE_KILLS");
  return more == nullptr ? kills_by_default : std::atoi(more);
}

constexpr int pods = 3;  // that commands make and delete

// What commands have made of the world.
struct Wanted {
  std::int64_t replicas = 2;
  bool paused = false;
  std::string marker = "first";
  std::set<std::string> made;
  bool operator==(const Wanted&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Wanted& wanted) {
  out << wanted.replicas << (wanted.paused ? " paused " : " ") << wanted.marker;
  for (const std::string& each : wanted.made) out << ' ' << each;
  return out;
}

class Killing : public StateWorld {
 public:
  explicit Killing(unsigned seed) : chance_(seed) {
    // Each says so when it finds that it runs already: the lock is held by whatever is left of the one before.
    const auto once = [&](const std::string& name, const std::string& isolation) {
      const std::string lock = scratch.file(name + ".lock");
      return "[pod." + name + "]\nisolation = \"" + isolation + "\"\ncommand = [\"/bin/sh\", \"-c\", \"exec 9>" + lock +
             "; flock -w 2 9 || echo TWICE; exec " + scratch.behave() + " --print once --hang\"]\n";
    };
    write(once("private", "private") + once("bare", "none") + "[deployment.web]\nreplicas = 2\nisolation = \"none\"\n" +
          command_line(scratch, {"--hang"}) + "[deployment.web.annotations]\nmarker = \"first\"\n");
  }

  // One life: commands until it is killed in the middle of one, and what is there in the next.
  void live_and_die() {
    const std::uint64_t enough = below(4);
    const std::chrono::microseconds more(below(10'000));
    const pid_t pid = reeve->pid();
    ApiClient api = client();
    std::atomic<std::uint64_t> answered = 0;
    std::thread killer([&] {
      eventually([&] { return answered >= enough; });
      std::this_thread::sleep_for(more);
      ::kill(pid, SIGKILL);
    });
    while (change_something(api)) answered += 1;
    killer.join();
    kill();
    start();
    look();
  }

  int acknowledged() const { return acknowledged_; }

  void look() {
    const Wanted now = read();
    BOOST_TEST_REQUIRE((now == wanted_ || now == maybe_),
                       now << "; acknowledged: " << wanted_ << "; asked: " << maybe_);
    const std::int64_t revision = revision_of(get(web_));
    if (now == wanted_) BOOST_TEST(revision == revision_);
    BOOST_TEST(revision >= revision_);
    wanted_ = maybe_ = now;
    revision_ = revision;
    BOOST_TEST(reeve->count("cannot be used") == 0u);
    BOOST_TEST(reeve->count("TWICE") == 0u);
  }

 private:
  std::uint64_t below(int bound) {
    return static_cast<std::uint64_t>(std::uniform_int_distribution<int>(0, bound - 1)(chance_));
  }

  // False: reeve is gone.
  bool change_something(ApiClient& api) {
    maybe_ = wanted_;
    const auto patch = [&](const std::string& spec) {
      return api.ask("PATCH", web_, "{\"spec\":" + spec + "}", merge_patch);
    };
    Answer answer;
    const auto die = below(10);
    if (die < 3) {
      maybe_.replicas = static_cast<std::int64_t>(below(4));
      answer = patch("{\"replicas\":" + std::to_string(maybe_.replicas) + "}");
    } else if (die < 5) {
      maybe_.paused = !maybe_.paused;
      answer = patch(std::string("{\"paused\":") + (maybe_.paused ? "true" : "false") + "}");
    } else if (die < 8) {
      maybe_.marker = "m" + std::to_string(below(4));
      answer = patch(R"({"template":{"metadata":{"annotations":{"marker":")" + maybe_.marker + "\"}}}}");
    } else {
      answer = make_or_delete(api, "made" + std::to_string(below(pods)));
    }
    if (answer.status == 0) return false;
    if (answer.status == 409) return true;  // one of that name still leaves
    BOOST_TEST_REQUIRE((answer.status == 200 || answer.status == 201), answer.status << answer.body);
    if (die < 8) revision_ = revision_of(json::parse(answer.body));
    wanted_ = maybe_;
    acknowledged_ += 1;
    return true;
  }

  Answer make_or_delete(ApiClient& api, const std::string& name) {
    if (maybe_.made.erase(name) != 0) return api.ask("DELETE", pods_path + "/" + name + "?gracePeriodSeconds=1");
    maybe_.made.insert(name);
    const Answer answer = api.ask("POST", pods_path,
                                  R"({"metadata":{"name":")" + name + R"("},"spec":{"isolation":"none","containers":)" +
                                      R"([{"name":"main","command":[")" + scratch.behave() + R"(","--hang"]}]}})");
    if (answer.status == 409) maybe_.made.erase(name);
    return answer;
  }

  static std::int64_t revision_of(const json::value& web) {
    const json::value text = at(web, "/metadata/annotations/deployment.kubernetes.io~1revision");
    return text.is_string() ? std::atoll(text.as_string().c_str()) : 0;
  }

  Wanted read() const {
    Wanted now;
    const json::value web = get(web_);
    now.replicas = at(web, "/spec/replicas").to_number<std::int64_t>();
    now.paused = at(web, "/spec/paused") == true;
    now.marker = at(web, "/spec/template/metadata/annotations/marker").as_string().c_str();
    for (int i = 0; i < pods; ++i) {
      const std::string name = "made" + std::to_string(i);
      const json::value pod = get(pods_path + "/" + name);
      if (!pod.is_null() && at(pod, "/metadata/deletionTimestamp").is_null()) now.made.insert(name);
    }
    return now;
  }

  const std::string web_ = deployments_path + "/web";
  std::mt19937 chance_;
  Wanted wanted_, maybe_;
  std::int64_t revision_ = 1;
  int acknowledged_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(state_kill)

BOOST_AUTO_TEST_CASE(what_was_acknowledged_is_there_whenever_reeve_is_killed) {
  const char* const given = std::getenv("REEVE_SEED");
  const unsigned seed = given == nullptr ? std::random_device{}() : static_cast<unsigned>(std::atoll(given));
  BOOST_TEST_MESSAGE("REEVE_SEED=" << seed);
  Killing world(seed);
  world.start();
  world.look();
  for (int i = 0; i < kills(); ++i) world.live_and_die();
  BOOST_TEST_MESSAGE(world.acknowledged() << " changes were acknowledged");
  BOOST_TEST(world.acknowledged() > kills() / 2);
  BOOST_TEST(world.reeve->prints_times("once\n", 2));
  BOOST_TEST(world.reeve->count("TWICE") == 0u);
}

// The end of one client's write came between another's request and its turn, and was taken for its answer.
BOOST_AUTO_TEST_CASE(an_answer_shows_what_was_asked_for_while_others_write) {
  StateWorld world;
  world.write("[deployment.web]\nreplicas = 0\n" + command_line(world.scratch, {"--hang"}) +
              "[deployment.other]\nreplicas = 0\n" + command_line(world.scratch, {"--hang"}));
  world.start();
  std::atomic<bool> done = false;
  const auto pause = [](int turn) { return "{\"spec\":{\"minReadySeconds\":" + std::to_string(turn) + "}}"; };
  std::thread writer([&] {
    ApiClient api = world.client();
    for (int turn = 1; !done; ++turn) api.ask("PATCH", deployments_path + "/other", pause(turn), merge_patch);
  });
  ApiClient api = world.client();
  for (int turn = 1; turn <= 500; ++turn) {
    const Answer answer = api.ask("PATCH", deployments_path + "/web", pause(turn), merge_patch);
    BOOST_REQUIRE(answer.status == 200);
    BOOST_TEST((at(json::parse(answer.body), "/spec/minReadySeconds") == turn), turn);
  }
  done = true;
  writer.join();
}

BOOST_AUTO_TEST_SUITE_END()
