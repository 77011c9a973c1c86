// Says which init does what: `init-conformance NAME=PATH...`, where NAME is reeve, reeve-static, tini, dumb-init or
// catatonit. Fails when reeve does, or when a bad init is found good.
#include "init/behaviours.hpp"
#include "init/roles.hpp"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sched.h>
#include <signal.h>

#include <cstdio>
#include <cstdlib>

namespace conformance {
namespace {

using namespace std::chrono_literals;

struct Count {
  int passed = 0, failed = 0, not_offered = 0;
};

// "pass  tini as PID 1            exit codes 0 to 255"
void tell(const char* outcome, const Program& program, const Behaviour& behaviour, const std::string& why) {
  std::printf("%-4s  %-22s %s%s%s\n", outcome, program.name.c_str(), behaviour.name.c_str(), why.empty() ? "" : ": ",
              why.c_str());
  std::fflush(stdout);
}

void judge(const Program& program, const Behaviour& behaviour, Count& count) {
  try {
    behaviour.check(program);
    ++count.passed;
    tell("pass", program, behaviour, "");
  } catch (const NotOffered& why) {
    ++count.not_offered;
    tell("n.a.", program, behaviour, why.what());
  } catch (const Wrong& why) {
    ++count.failed;
    tell("FAIL", program, behaviour, why.what());
  }
}

Count judge_all(const Program& program) {
  Count count;
  for (const auto all : {exit_behaviours(), signal_behaviours(), process_behaviours(), terminal_behaviours()}) {
    for (const Behaviour& each : all) judge(program, each, count);
  }
  return count;
}

bool can_be_pid_1() {
  const long pid = ::syscall(SYS_clone, SIGCHLD | CLONE_NEWPID, nullptr, nullptr, nullptr, 0);
  if (pid == 0) ::_exit(0);
  return pid > 0 && ::waitpid(static_cast<pid_t>(pid), nullptr, 0) == pid;
}

void add(std::vector<Program>& programs, const std::string& name, const std::string& path, bool has_namespaces) {
  const Kind kind = name == "tini"        ? Kind::tini
                    : name == "dumb-init" ? Kind::dumb_init
                    : name == "catatonit" ? Kind::catatonit
                                          : Kind::reeve;
  std::vector<std::string> argv{path};
  if (kind == Kind::reeve) argv.push_back("init");
  const auto limit = kind == Kind::reeve ? 60'000ms : 2'000ms;
  if (has_namespaces) programs.push_back({name + " as PID 1", kind, As::pid_1, argv, limit});
  if (kind == Kind::dumb_init) return;
  if (kind != Kind::catatonit) argv.push_back("-s");
  programs.push_back({name + " as subreaper", kind, As::subreaper, argv, limit});
}

int judge_programs(const std::vector<Program>& programs) {
  const Program bad{"a bad init", Kind::bad, As::subreaper, role({"bad-init"}), 700ms};
  const Count control = judge_all(bad);
  int bad_ones = control.passed;
  std::string summary = "a bad init fails " + std::to_string(control.failed) + " of " +
                        std::to_string(control.failed + control.passed) + "\n";
  for (const Program& each : programs) {
    const Count count = judge_all(each);
    summary += each.name + ": " + std::to_string(count.passed) + " passed, " + std::to_string(count.failed) +
               " failed, " + std::to_string(count.not_offered) + " not applicable\n";
    if (each.kind == Kind::reeve) bad_ones += count.failed;
  }
  std::fputs(summary.c_str(), stdout);
  return bad_ones == 0 ? 0 : 1;
}

}  // namespace
}  // namespace conformance

int main(int count, char** words) {
  using namespace conformance;
  const std::vector<std::string> arguments(words + 1, words + count);
  if (!arguments.empty() && arguments.front() == "role") return play(std::span(arguments).subspan(1));
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  for (const char* each : {"TINI_SUBREAPER", "TINI_VERBOSITY", "TINI_KILL_PROCESS_GROUP", "LISTEN_PID", "LISTEN_FDS"}) {
    ::unsetenv(each);
  }
  const bool has_namespaces = can_be_pid_1();
  if (!has_namespaces) std::puts("skipped: all that is as PID 1: it needs the privilege to make a pid namespace");
  std::vector<Program> programs;
  for (const std::string& each : arguments) {
    const std::size_t equals = each.find('=');
    const std::string path = equals == std::string::npos ? "" : each.substr(equals + 1);
    if (::access(path.c_str(), X_OK) != 0) {
      std::printf("skipped: %s is not installed\n", each.substr(0, equals).c_str());
      continue;
    }
    add(programs, each.substr(0, equals), path, has_namespaces);
  }
  return judge_programs(programs);
}
