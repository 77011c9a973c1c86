#pragma once
// What the tests of this room share: real trees, started and watched, and scenarios that run as root and as nobody.

#include <reeve/core/time.hpp>
#include <reeve/linux/fd.hpp>
#include <reeve/linux/process.hpp>

#include <boost/test/unit_test.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace reeve::linux::test {

// A condition is waited for, never a while: the ceiling only bounds a failure.
bool wait_until(const std::function<bool()>& condition, Duration ceiling = seconds(20));

// A directory that every user may enter and write to, outside of /tmp, which is private inside.
const std::string& scratch();

// The helper program, where every user can reach it.
const std::string& behave();

// A name no other process has on its command line.
std::string unique_mark();

// How many living processes have it there, in whatever namespace.
int count_alive(const std::string& mark);

int count_descriptors();

// Whether this child of ours has ended; its wait status then stays known.
bool has_been_reaped(pid_t pid);
std::optional<int> reaped_status(pid_t pid);

// One tree with its output and its reports. Its mark is on every command line of the tree.
struct Running {
  explicit Running(Process started) : process(std::move(started)) {}

  void pump();  // takes the reports and the output that have come
  bool wait_started();
  bool wait_finished();                       // ended or failed
  bool wait_gone();                           // finished, reaped, and no process of the tree left
  bool wait_output(const std::string& text);  // until it holds this text
  std::string message() const { return failed ? failed->message : std::string(); }

  Process process;
  UniqueFd output_end;
  std::string output;
  std::string mark;
  std::optional<pid_t> leader;
  std::optional<ProcessStartFailed> failed;
  std::optional<int> wait_status;
};

// behave with these flags, everything else as in base; stdout and stderr go to Running::output.
std::unique_ptr<Running> run(const ProcessSpec& base, const std::vector<std::string>& flags);

// The command of the spec as it stands.
std::unique_ptr<Running> run_as_is(ProcessSpec spec);

ProcessSpec with(Isolation isolation);

// A scenario says what went wrong, "" if nothing did, or "skipped: why".
using Scenario = std::function<std::string()>;

std::string in_child(const std::function<std::string()>& prepare, const Scenario& scenario);
std::string become_nobody();  // to prepare a child with
void check(const std::string& outcome);
void check_as_we_are(const Scenario& scenario);
void check_as_nobody(const Scenario& scenario);
void check_as_both(const Scenario& scenario);

// The same in both ways to isolate, as both users.
void check_everywhere(const std::function<std::string(Isolation)>& scenario);

}  // namespace reeve::linux::test

#define EXPECT_TEXT_(line) #line
#define EXPECT_LINE_(line) EXPECT_TEXT_(line)

// In a scenario: go on only if this holds. The second form adds what was there instead.
#define EXPECT(condition) \
  if (!(condition)) return std::string(__FILE__ ":" EXPECT_LINE_(__LINE__) ": not " #condition)
#define EXPECT_SAYING(condition, saying) \
  if (!(condition)) return std::string(__FILE__ ":" EXPECT_LINE_(__LINE__) ": not " #condition ": ") + (saying)
