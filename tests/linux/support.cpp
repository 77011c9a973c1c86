#include <linux/support.hpp>

#include <reeve/linux/clock.hpp>
#include <reeve/linux/reaper.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <map>

namespace reeve::linux::test {
namespace {

constexpr unsigned nobody = 65534;

struct Scratch {
  Scratch() : path("/var/tmp/reeve-test-XXXXXX") {
    BOOST_REQUIRE(::mkdtemp(path.data()) != nullptr);
    BOOST_REQUIRE_EQUAL(::chmod(path.c_str(), 0777), 0);
    const char* named = std::getenv("REEVE_BEHAVE");
    std::filesystem::copy(named != nullptr ? named : REEVE_BEHAVE_PATH, path + "/behave");
    BOOST_REQUIRE(become_subreaper().has_value());
  }
  ~Scratch() {
    std::error_code ignored;
    if (owner == ::getpid()) std::filesystem::remove_all(path, ignored);
  }
  std::string path;
  pid_t owner = ::getpid();
};

std::map<pid_t, int>& ended_children() {
  static std::map<pid_t, int> ended;
  return ended;
}

}  // namespace

bool wait_until(const std::function<bool()>& condition, Duration ceiling) {
  const Instant until = monotonic_now() + ceiling;
  while (!condition()) {
    if (monotonic_now() > until) return false;
    ::usleep(500);
  }
  return true;
}

const std::string& scratch() {
  static const Scratch directory;
  return directory.path;
}

const std::string& behave() {
  static const std::string path = scratch() + "/behave";
  return path;
}

std::string unique_mark() {
  static int count = 0;
  return "mark-" + std::to_string(::getpid()) + "-" + std::to_string(++count) + "-";
}

int count_alive(const std::string& mark) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    if (entry.path().filename().string().find_first_not_of("0123456789") != std::string::npos) continue;
    const auto command_line = read_file(entry.path().string() + "/cmdline", 1 << 20);
    if (command_line && command_line->find(mark) != std::string::npos) ++count;
  }
  return count;
}

int count_descriptors() {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) count += entry.path().empty() ? 0 : 1;
  return count;
}

bool has_been_reaped(pid_t pid) {
  while (const auto ended = reap_one()) ended_children()[ended->pid] = ended->wait_status;
  return ended_children().contains(pid);
}

std::optional<int> reaped_status(pid_t pid) {
  if (!has_been_reaped(pid)) return std::nullopt;
  return ended_children()[pid];
}

void Running::pump() {
  while (auto report = process.read_report()) {
    if (const auto* started = std::get_if<ProcessStarted>(&*report)) leader = started->leader;
    if (const auto* ended = std::get_if<ProcessEnded>(&*report)) wait_status = ended->wait_status;
    if (auto* failure = std::get_if<ProcessStartFailed>(&*report)) failed = std::move(*failure);
  }
  char chunk[4096];
  for (ssize_t got; (got = ::read(output_end.get(), chunk, sizeof chunk)) > 0;) {
    output.append(chunk, static_cast<std::size_t>(got));
  }
}

bool Running::wait_started() {
  return wait_until([&] {
           pump();
           return leader || failed;
         }) &&
         leader.has_value();
}

bool Running::wait_finished() {
  return wait_until([&] {
    pump();
    return wait_status || failed;
  });
}

bool Running::wait_gone() {
  return wait_finished() && wait_until([&] {
           pump();
           return has_been_reaped(process.pid());
         }) &&
         count_alive(mark) == 0;
}

// The leader may speak before the tiny init has told of its start.
bool Running::wait_output(const std::string& text) {
  const bool came = wait_until([&] {
    pump();
    return failed || (leader && output.find(text) != std::string::npos);
  });
  return came && !failed;
}

std::unique_ptr<Running> run_as_is(ProcessSpec spec) {
  auto pipe = make_pipe(Blocking::no);
  if (!pipe) return nullptr;
  spec.stdout_fd = pipe->write_end.get();
  spec.stderr_fd = pipe->write_end.get();
  auto process = Process::start(spec);
  if (!process) {
    BOOST_TEST_MESSAGE(process.error().message());
    return nullptr;
  }
  auto running = std::make_unique<Running>(std::move(*process));
  running->output_end = std::move(pipe->read_end);
  running->mark = unique_mark();
  return running;
}

std::unique_ptr<Running> run(const ProcessSpec& base, const std::vector<std::string>& flags) {
  ProcessSpec spec = base;
  const std::string mark = unique_mark();
  if (spec.argv.empty()) spec.argv.push_back(behave());
  spec.argv.insert(spec.argv.end(), {"--name", mark});
  spec.argv.insert(spec.argv.end(), flags.begin(), flags.end());
  auto running = run_as_is(std::move(spec));
  if (running) running->mark = mark;
  return running;
}

ProcessSpec with(Isolation isolation) {
  ProcessSpec spec;
  spec.isolation = isolation;
  return spec;
}

std::string become_nobody() {
  if (::geteuid() != 0) return "skipped: we are not root, so we cannot become anybody else";
  if (::setgroups(0, nullptr) != 0 || ::setgid(nobody) != 0 || ::setuid(nobody) != 0) {
    return "skipped: the kernel does not let us become nobody";
  }
  ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);  // as a program that nobody starts is
  return "";
}

std::string in_child(const std::function<std::string()>& prepare, const Scenario& scenario) {
  behave();  // made before we lose the right to
  auto pipe = make_pipe(Blocking::yes);
  BOOST_REQUIRE(pipe.has_value());
  const pid_t child = ::fork();
  BOOST_REQUIRE(child >= 0);
  if (child == 0) {
    ::alarm(120);
    ended_children().clear();
    if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) ::_exit(1);
    std::string said = prepare();
    if (said.empty()) said = scenario();
    const auto written = write_all(pipe->write_end.get(), said);
    ::_exit(written ? 0 : 1);
  }
  pipe->write_end.reset();
  auto said = read_to_end(pipe->read_end.get(), "a scenario", 1 << 20);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!said) return said.error().message();
  return status == 0 ? *said : "the child ended with wait status " + std::to_string(status) + ": " + *said;
}

void check(const std::string& outcome) {
  if (outcome.starts_with("skipped: ")) {
    BOOST_TEST_MESSAGE(outcome);
  } else {
    BOOST_TEST(outcome == "");
  }
}

void check_as_we_are(const Scenario& scenario) { check(scenario()); }
void check_as_nobody(const Scenario& scenario) { check(in_child(become_nobody, scenario)); }

void check_as_both(const Scenario& scenario) {
  BOOST_TEST_CONTEXT("as we are") check_as_we_are(scenario);
  BOOST_TEST_CONTEXT("as nobody") check_as_nobody(scenario);
}

void check_everywhere(const std::function<std::string(Isolation)>& scenario) {
  BOOST_TEST_CONTEXT("in private namespaces") {
    check_as_both([&] { return scenario(Isolation::private_namespaces); });
  }
  BOOST_TEST_CONTEXT("in our namespaces") {
    check_as_both([&] { return scenario(Isolation::none); });
  }
}

}  // namespace reeve::linux::test
