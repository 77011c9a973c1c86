// Signals to the init and to its parent; what the command inherits of them.
#include "init/behaviours.hpp"

#include <signal.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

namespace conformance {
namespace {

void every_signal_in_order(const Program& program) {
  Running init(program, {.command = role({"signals"})});
  init.expect("ready");
  for (int number = 1; number < 32; ++number) {
    if (number == SIGKILL || number == SIGSTOP) continue;
    init.signal(number);
    init.expect("got " + std::to_string(number));
  }
}

void real_time_signals(const Program& program) {
  Running init(program, {.command = role({"signals"})});
  init.expect("ready");
  for (int number = SIGRTMIN; number <= SIGRTMAX; ++number) {
    init.signal(number);
    init.expect("got " + std::to_string(number));
  }
}

void group_forwarding(const Program& program) {
  const bool has_option = program.kind != Kind::dumb_init;
  const std::vector<std::string> options = has_option ? std::vector<std::string>{"-g"} : std::vector<std::string>{};
  Running init(program, {.options = options, .command = role({"group"})});
  init.expect("ready");
  init.signal(SIGTERM);
  const std::string first = init.line(), second = init.line();
  require(first != second && (first + second).find("other got 15") != std::string::npos &&
              (first + second).size() == std::string("other got 15got 15").size(),
          "told \"" + first + "\" and \"" + second + "\"");
}

void group_by_environment(const Program& program) {
  if (!has_tini_options(program)) throw NotOffered("no TINI_ variables");
  const auto set = [] { ::setenv("TINI_KILL_PROCESS_GROUP", "", 1); };
  Running init(program, {.command = role({"group"}), .before_exec = set});
  init.expect("ready");
  init.signal(SIGTERM);
  const std::string first = init.line(), second = init.line();
  require(first != second, "only \"" + first + "\"");
}

void only_the_command(const Program& program) {
  const bool has_option = program.kind == Kind::dumb_init;
  const std::vector<std::string> options = has_option ? std::vector<std::string>{"-c"} : std::vector<std::string>{};
  Running init(program, {.options = options, .command = role({"group"})});
  init.expect("ready");
  init.signal(SIGTERM);
  init.expect("got 15");
  init.signal(SIGUSR1);
  init.expect("got 10");
}

std::string told_status(const Program& program, const std::function<void()>& before_exec) {
  return Running(program, {.command = role({"status"}), .before_exec = before_exec}).line();
}

void odd_signals() {
  for (const int each : {SIGHUP, SIGPIPE, SIGTTIN, SIGTTOU, SIGTSTP, SIGUSR1}) ::signal(each, SIG_IGN);
  sigset_t blocked;
  ::sigemptyset(&blocked);
  for (const int each : {SIGTERM, SIGUSR2, SIGRTMIN + 6}) ::sigaddset(&blocked, each);
  ::sigprocmask(SIG_SETMASK, &blocked, nullptr);
}

void same_dispositions(const Program& program) {
  const Program direct{"no init", Kind::reeve, As::subreaper, {"/usr/bin/env"}, program.limit};
  const std::string wanted = told_status(direct, odd_signals), got = told_status(program, odd_signals);
  require(!wanted.empty() && got == wanted, got + " instead of " + wanted);
}

void ignored_child_ends(const Program& program) {
  Running init(program, {.command = role({"exit", "5"}), .before_exec = [] { ::signal(SIGCHLD, SIG_IGN); }});
  require(init.exit_code() == 5, "another exit code");
}

Program below_a_parent(const Program& program) {
  Program below = program;
  below.as = As::subreaper;
  below.argv = role({"dying-parent", program.as == As::pid_1 ? "pid 1" : "plain"});
  below.argv.insert(below.argv.end(), program.argv.begin(), program.argv.end());
  return below;
}

void told_of_parents_death(const Program& program) {
  if (!has_tini_options(program)) throw NotOffered("no -p");
  Running parent(below_a_parent(program), {.options = {"-p", "SIGUSR1"}, .command = role({"signals"})});
  parent.expect("ready");
  parent.signal(SIGKILL);
  parent.expect("got 10");
}

void killed_at_parents_death(const Program& program) {
  if (!has_tini_options(program)) throw NotOffered("no -p");
  Running parent(below_a_parent(program), {.options = {"-p", "SIGKILL"}, .command = role({"wait"})});
  parent.expect("ready");
  const auto inits = parent.children();
  require(inits.size() == 1, "no init");
  const auto commands = children_of(inits.front());
  require(commands.size() == 1, "no command");
  parent.signal(SIGKILL);
  parent.until("the command's death", [&] { return !is_alive(commands.front()); });
}

void suspends_and_resumes(const Program& program) {
  Running init(program, {.command = role({"wait"})});
  init.expect("ready");
  const pid_t command = init.command();
  init.signal(SIGTSTP);
  init.until("a stopped command", [&] { return state_of(command) == 'T'; });
  if (program.as == As::subreaper) init.until("a stopped init", [&] { return state_of(init.init()) == 'T'; });
  init.signal(SIGCONT);
  init.until("a command that goes on", [&] { return state_of(command) != 'T'; });
  init.signal(SIGTERM);
  require(init.exit_code() == 128 + SIGTERM, "another exit code after that");
}

const Behaviour behaviours[] = {
    {"every signal from 1 to 31, in order", every_signal_in_order},
    {"every real-time signal, in order", real_time_signals},
    {"signals to the whole group", group_forwarding},
    {"signals to the group (TINI_KILL_PROCESS_GROUP)", group_by_environment},
    {"signals to the command alone", only_the_command},
    {"dispositions and mask as inherited", same_dispositions},
    {"the exit code where SIGCHLD is ignored", ignored_child_ends},
    {"told when the parent dies (-p)", told_of_parents_death},
    {"killed when the parent dies (-p SIGKILL)", killed_at_parents_death},
    {"suspend and resume", suspends_and_resumes},
};

}  // namespace

std::span<const Behaviour> signal_behaviours() { return behaviours; }

}  // namespace conformance
