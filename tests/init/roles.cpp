#include "init/roles.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>

namespace conformance {
namespace {

using Words = std::span<const std::string>;

// At once and whole: several processes write to one pipe.
void say(const std::string& text) {
  const std::string line = text + "\n";
  [[maybe_unused]] const ssize_t written = ::write(STDOUT_FILENO, line.data(), line.size());
}

int number(Words words, std::size_t index) { return std::atoi(words[index].c_str()); }

[[noreturn]] void wait_forever() {
  for (;;) ::pause();
}

int exit_with(Words words) { return number(words, 1); }

int die_of(Words words) {
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::signal(number(words, 1), SIG_DFL);
  ::raise(number(words, 1));
  return 200;
}

int copy(Words) {
  std::array<char, 65536> chunk;
  for (;;) {
    const ssize_t got = ::read(STDIN_FILENO, chunk.data(), chunk.size());
    if (got <= 0) return 0;
    if (::write(STDOUT_FILENO, chunk.data(), static_cast<std::size_t>(got)) != got) return 1;
  }
}

[[noreturn]] void tell_signals(const std::string& who) {
  sigset_t all;
  ::sigfillset(&all);
  for (int got = 0;;) {
    if (::sigwait(&all, &got) == 0) say(who + "got " + std::to_string(got));
  }
}

void block_all() {
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
}

int signals(Words) {
  block_all();
  say("ready");
  tell_signals("");
}

// A command and one more in its group.
int group(Words) {
  block_all();
  if (::fork() == 0) {
    say("ready");
    tell_signals("other ");
  }
  tell_signals("");
}

// Leaves that many orphans, which end when told on standard input.
int orphans(Words words) {
  int gate[2];
  if (::pipe(gate) != 0) return 1;
  for (int i = 0; i < number(words, 1); ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      char byte;
      if (::fork() == 0) {
        ::close(gate[1]);
        ::_exit(static_cast<int>(::read(gate[0], &byte, 1)));
      }
      ::_exit(0);
    }
    ::waitpid(child, nullptr, 0);
  }
  say("ready");
  char byte;
  while (::read(STDIN_FILENO, &byte, 1) > 0 && byte != '\n') {
  }
  ::close(gate[1]);
  wait_forever();
}

// Rounds of that many children at once, each of which leaves an orphan that ends at once. The next round comes when
// told, so that whoever does not reap them has the zombies of one round only.
int storm(Words words) {
  for (int round = 0; round < number(words, 2); ++round) {
    for (int i = 0; i < number(words, 1); ++i) {
      if (::fork() != 0) continue;
      ::fork();
      ::_exit(0);
    }
    while (::wait(nullptr) > 0) {
    }
    say("round");
    char byte;
    if (::read(STDIN_FILENO, &byte, 1) != 1) break;
  }
  wait_forever();
}

int tell_status(Words) {
  std::ifstream file("/proc/self/status");
  std::string told;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("SigBlk") || line.starts_with("SigIgn")) told += line + ";";
  }
  say(told);
  return 0;
}

int tell_descriptors(Words) {
  std::string open;
  for (int fd = 0; fd < 256; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) open += " " + std::to_string(fd);
  }
  const char* receiver = std::getenv("LISTEN_PID");
  const bool is_for_us = receiver != nullptr && std::atoi(receiver) == ::getpid();
  say("open" + open + (receiver == nullptr ? "" : is_for_us ? ", for us" : ", for another"));
  wait_forever();
}

int wait_after_ready(Words) {
  say("ready");
  wait_forever();
}

int let_go(Words) {
  say("ready");
  char byte;
  [[maybe_unused]] const ssize_t got = ::read(STDIN_FILENO, &byte, 1);
  ::close(STDIN_FILENO);
  ::close(STDOUT_FILENO);
  wait_forever();
}

// Ends with 3 and leaves an orphan in a session of its own: one that ends at SIGTERM, or one that does not.
int leave(Words words) {
  const bool is_polite = words[1] == "polite";
  const pid_t child = ::fork();
  if (child == 0) {
    block_all();
    if (::fork() != 0) ::_exit(0);
    ::setsid();
    say("left");
    if (!is_polite) tell_signals("stubborn ");
    sigset_t wanted;
    ::sigemptyset(&wanted);
    ::sigaddset(&wanted, SIGTERM);
    int got = 0;
    ::sigwait(&wanted, &got);
    say("polite got " + std::to_string(got));
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  char byte;
  [[maybe_unused]] const ssize_t got = ::read(STDIN_FILENO, &byte, 1);
  return 3;
}

volatile sig_atomic_t interrupts = 0, continued = 0;

// At a terminal: says whether it is the foreground, at the start and whenever it goes on.
int at_terminal(Words) {
  ::signal(SIGINT, [](int) { interrupts = interrupts + 1; });
  ::signal(SIGCONT, [](int) { continued = continued + 1; });
  const auto place = [] { return ::tcgetpgrp(STDIN_FILENO) == ::getpgrp() ? "foreground" : "background"; };
  sigset_t ours, before;
  ::sigemptyset(&ours);
  ::sigaddset(&ours, SIGINT);
  ::sigaddset(&ours, SIGCONT);
  ::sigprocmask(SIG_BLOCK, &ours, &before);
  say(place());
  for (;;) {
    ::sigsuspend(&before);
    if (interrupts > 0) {
      say("interrupted");
      interrupts = 0;
    }
    if (continued > 0) say(std::string("goes on in the ") + place());
    continued = 0;
  }
}

// The parent of an init, PID 1 or not, that waits to be killed.
int parent_to_die(Words words) {
  const unsigned long flags = SIGCHLD | (words[1] == "pid 1" ? CLONE_NEWPID : 0UL);
  if (::syscall(SYS_clone, flags, nullptr, nullptr, nullptr, 0) == 0) execute(words.subspan(2));
  wait_forever();
}

// Everything that an init should not do.
int bad_init(Words words) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  for (int i = 1; i < 32; ++i) ::signal(i, SIG_IGN);
  const pid_t child = ::fork();
  if (child == 0) {
    for (int i = 1; i < 32; ++i) ::signal(i, i == SIGUSR2 ? SIG_IGN : SIG_DFL);
    ::setsid();
    const int null = ::open("/dev/null", O_RDWR);
    ::dup2(null, STDIN_FILENO);
    const auto command = std::ranges::find(words, "--") + 1;
    execute(std::vector<std::string>(command, words.end()));
  }
  ::signal(SIGCHLD, SIG_DFL);
  int status = 0;
  ::waitpid(child, &status, 0);
  return 99;
}

}  // namespace

[[noreturn]] void execute(std::span<const std::string> words) {
  std::vector<char*> argv;
  for (const std::string& each : words) argv.push_back(const_cast<char*>(each.c_str()));
  argv.push_back(nullptr);
  ::execvp(argv.front(), argv.data());
  ::_exit(250);
}

[[noreturn]] void play_shell(const std::vector<std::string>& job) {
  ::fcntl(3, F_SETFD, FD_CLOEXEC);
  ::signal(SIGTTOU, SIG_IGN);
  ::signal(SIGTSTP, SIG_IGN);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::setpgid(0, 0);
    ::tcsetpgrp(STDIN_FILENO, ::getpid());
    ::signal(SIGTTOU, SIG_DFL);
    ::signal(SIGTSTP, SIG_DFL);
    execute(job);
  }
  ::setpgid(pid, pid);
  for (int status = 0;;) {
    if (::waitpid(pid, &status, WUNTRACED) != pid) ::_exit(1);
    const bool has_terminal = ::tcgetpgrp(STDIN_FILENO) == pid;
    if (!WIFSTOPPED(status)) {
      say(std::string("job ended, the terminal was ") + (has_terminal ? "its own" : "somebody else's"));
      ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
    }
    ::tcsetpgrp(STDIN_FILENO, ::getpgrp());
    say("job stopped");
    char byte;
    while (::read(3, &byte, 1) > 0 && byte != '\n') {
    }
    ::tcsetpgrp(STDIN_FILENO, pid);
    ::kill(-pid, SIGCONT);
  }
}

int play(std::span<const std::string> words) {
  const std::map<std::string, int (*)(Words)> roles{
      {"exit", exit_with},
      {"die", die_of},
      {"cat", copy},
      {"signals", signals},
      {"group", group},
      {"orphans", orphans},
      {"storm", storm},
      {"status", tell_status},
      {"wait", wait_after_ready},
      {"let-go", let_go},
      {"leave", leave},
      {"terminal", at_terminal},
      {"bad-init", bad_init},
      {"descriptors", tell_descriptors},
      {"dying-parent", parent_to_die},
  };
  const auto found = words.empty() ? roles.end() : roles.find(words.front());
  return found == roles.end() ? 251 : found->second(words);
}

}  // namespace conformance
