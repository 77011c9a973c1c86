// One program for every behaviour a test needs: its flags are carried out in the order they are given.
// Plain POSIX, linked statically, so that it runs in any root directory. `behave --help` lists the flags.

#include "behave_http.hpp"
#include "behave_notify.hpp"
#include "behave_place.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

extern char** environ;

namespace {

using Arguments = char**;

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "behave: cannot %s: %s\n", what, std::strerror(errno));
  std::exit(125);
}

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) std::exit(125);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void say(const std::string& line) { write_all(STDOUT_FILENO, line + "\n"); }

int signal_of(std::string_view name) {
  struct Named {
    std::string_view name;
    int number;
  };
  constexpr Named known[] = {{"HUP", SIGHUP},   {"INT", SIGINT},   {"QUIT", SIGQUIT}, {"ABRT", SIGABRT},
                             {"KILL", SIGKILL}, {"USR1", SIGUSR1}, {"SEGV", SIGSEGV}, {"USR2", SIGUSR2},
                             {"TERM", SIGTERM}, {"STOP", SIGSTOP}, {"PIPE", SIGPIPE}, {"CONT", SIGCONT}};
  for (const Named& one : known) {
    if (one.name == name) return one.number;
  }
  return std::atoi(std::string(name).c_str());
}

// A signal may cut a sleep short; the rest is slept as well.
void sleep_for(double seconds) {
  timespec left{};
  left.tv_sec = static_cast<time_t>(seconds);
  left.tv_nsec = static_cast<long>((seconds - static_cast<double>(left.tv_sec)) * 1e9);
  while (::nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

// Not for ever: what a broken supervisor leaves behind must not stay on the machine of whoever tests it.
[[noreturn]] void hang() {
  constexpr unsigned seconds_max = 300;
  ::signal(SIGALRM, SIG_DFL);
  ::alarm(seconds_max);
  for (;;) ::pause();
}

void print(Arguments arguments) { say(arguments[0]); }
void print_error(Arguments arguments) { write_all(STDERR_FILENO, std::string(arguments[0]) + "\n"); }
void sleep_seconds(Arguments arguments) { sleep_for(std::atof(arguments[0])); }
void hang_forever(Arguments) { hang(); }
void exit_now(Arguments arguments) { ::_exit(std::atoi(arguments[0])); }
void nothing(Arguments) {}

void touch(Arguments arguments) {
  const int fd = ::open(arguments[0], O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
  if (fd < 0) give_up("touch");
  ::close(fd);
}

void remove_file(Arguments arguments) {
  if (::unlink(arguments[0]) != 0) give_up("remove");
}

void wait_for_file(Arguments arguments) {
  while (::access(arguments[0], F_OK) != 0) sleep_for(0.002);
}

void ignore_signal(Arguments arguments) { ::signal(signal_of(arguments[0]), SIG_IGN); }

int exit_codes[65];

void leave(int signal_number) { ::_exit(exit_codes[signal_number]); }

void exit_on_signal(Arguments arguments) {
  const int number = signal_of(arguments[0]);
  exit_codes[number] = std::atoi(arguments[1]);
  ::signal(number, leave);
}

void announce(int signal_number) {
  char line[] = "signal 00\n";
  line[7] = static_cast<char>('0' + signal_number / 10);
  line[8] = static_cast<char>('0' + signal_number % 10);
  if (::write(STDOUT_FILENO, line, sizeof line - 1) < 0) ::_exit(125);
}

void print_on_signal(Arguments arguments) { ::signal(signal_of(arguments[0]), announce); }

void raise_signal(Arguments arguments) {
  const int number = signal_of(arguments[0]);
  if (number != SIGKILL && number != SIGSTOP) ::signal(number, SIG_DFL);
  ::raise(number);
}

void let_go_of_output() {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  ::dup2(null, STDOUT_FILENO);
  ::dup2(null, STDERR_FILENO);
}

void close_output(Arguments) { let_go_of_output(); }

// What a stubborn child does: it lets go of the output unless told otherwise, and never ends by itself.
[[noreturn]] void be_stubborn(bool hold_output) {
  ::signal(SIGTERM, SIG_IGN);
  ::signal(SIGHUP, SIG_IGN);
  if (!hold_output) let_go_of_output();
  hang();
}

enum class Kind { plain, own_session, daemon };

Kind kind_of(std::string_view name) {
  if (name == "plain") return Kind::plain;
  if (name == "setsid") return Kind::own_session;
  if (name == "daemon") return Kind::daemon;
  std::fprintf(stderr, "behave: cannot fork a %s child: it is plain, setsid or daemon\n", std::string(name).c_str());
  std::exit(125);
}

void fork_stubborn(Kind kind, bool hold_output) {
  const pid_t child = ::fork();
  if (child < 0) give_up("fork");
  if (child > 0) {
    if (kind == Kind::daemon) ::waitpid(child, nullptr, 0);
    return;
  }
  if (kind != Kind::plain) ::setsid();
  if (kind == Kind::daemon && ::fork() != 0) ::_exit(0);
  be_stubborn(hold_output);
}

void fork_child(Arguments arguments) { fork_stubborn(kind_of(arguments[0]), false); }
void hold_stdout(Arguments) { fork_stubborn(Kind::plain, true); }

// All wait for the end of one pipe, so that they end in the same instant.
void children_exit_at_once(Arguments arguments) {
  int gate[2];
  if (::pipe(gate) != 0) give_up("make a pipe");
  const int count = std::atoi(arguments[0]);
  for (int child = 0; child < count; ++child) {
    const pid_t pid = ::fork();
    if (pid < 0) give_up("fork");
    if (pid > 0) continue;
    ::close(gate[1]);
    char byte;
    while (::read(gate[0], &byte, 1) < 0 && errno == EINTR) {
    }
    ::_exit(0);
  }
  ::close(gate[0]);
  ::close(gate[1]);
}

// The same, but whose parent is gone: whoever adopts them has to collect them.
void orphans_exit_at_once(Arguments arguments) {
  const pid_t child = ::fork();
  if (child < 0) give_up("fork");
  if (child == 0) {
    children_exit_at_once(arguments);
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
}

// Each generation replaces itself: whoever looks finds other pids than before. Burns out by itself, as hang does.
void fork_bomb(Arguments arguments) {
  constexpr int generations_max = 2000;
  for (int chain = std::atoi(arguments[0]); chain > 0; --chain) {
    if (::fork() != 0) continue;
    for (int generation = 0; generation < generations_max; ++generation) {
      if (::fork() != 0) ::_exit(0);  // also when the machine has no more
      ::setsid();
      sleep_for(0.001);
    }
    ::_exit(0);
  }
}

void print_environment(Arguments) {
  for (char** variable = environ; *variable != nullptr; ++variable) say(*variable);
}

void append_clock(Arguments arguments) {
  if (!write_clock(arguments[0])) give_up("open the file for the clock");
}

void print_descriptors(Arguments) {
  DIR* directory = ::opendir("/proc/self/fd");
  if (directory == nullptr) give_up("list descriptors");
  std::string line;
  for (const dirent* entry = ::readdir(directory); entry != nullptr; entry = ::readdir(directory)) {
    const std::string name = entry->d_name;
    if (name[0] == '.' || std::atoi(name.c_str()) == ::dirfd(directory)) continue;
    line += (line.empty() ? "" : " ") + name;
  }
  ::closedir(directory);
  say(line);
}

void print_mounts(Arguments) {
  const int fd = ::open("/proc/self/mounts", O_RDONLY | O_CLOEXEC);
  if (fd < 0) give_up("open /proc/self/mounts");
  char chunk[4096];
  for (ssize_t got = ::read(fd, chunk, sizeof chunk); got > 0; got = ::read(fd, chunk, sizeof chunk)) {
    write_all(STDOUT_FILENO, std::string_view(chunk, static_cast<std::size_t>(got)));
  }
  ::close(fd);
}

void print_directory(Arguments arguments) {
  DIR* directory = ::opendir(arguments[0]);
  if (directory == nullptr) give_up("list a directory");
  for (const dirent* entry = ::readdir(directory); entry != nullptr; entry = ::readdir(directory)) {
    if (std::string_view(entry->d_name) != "." && std::string_view(entry->d_name) != "..") say(entry->d_name);
  }
  ::closedir(directory);
}

void print_host_name(Arguments) {
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) != 0) give_up("read the host name");
  say(name);
}

void print_working_directory(Arguments) {
  char path[4096] = {};
  if (::getcwd(path, sizeof path) == nullptr) give_up("read the working directory");
  say(path);
}

// The state a well-started process finds: its ids, mask, ignored signals, umask and stdin.
void print_state(Arguments) {
  say("pid " + std::to_string(::getpid()) + (::getsid(0) == ::getpid() ? " leads its session" : ""));
  sigset_t mask;
  ::sigprocmask(SIG_SETMASK, nullptr, &mask);
  std::string blocked = "blocked";
  std::string not_default = "not default";
  for (int number = 1; number < 65; ++number) {
    if (::sigismember(&mask, number) == 1) blocked += " " + std::to_string(number);
    struct sigaction action {};
    if (::sigaction(number, nullptr, &action) == 0 && action.sa_handler != SIG_DFL) {
      not_default += " " + std::to_string(number);
    }
  }
  say(blocked);
  say(not_default);
  const mode_t mask_of_files = ::umask(0);
  ::umask(mask_of_files);
  char octal[16];
  std::snprintf(octal, sizeof octal, "umask %03o", static_cast<unsigned>(mask_of_files));
  say(octal);
  char byte;
  say(::read(STDIN_FILENO, &byte, 1) == 0 ? "stdin is at its end" : "stdin has something to read");
}

void flood(Arguments arguments) {
  const std::string line = "the quick brown fox jumps over the lazy dog, again and again and again and again\n";
  for (long left = std::atol(arguments[0]); left > 0; left -= static_cast<long>(line.size())) {
    write_all(STDOUT_FILENO, std::string_view(line).substr(0, static_cast<std::size_t>(left)));
  }
}

void long_line(Arguments arguments) {
  write_all(STDOUT_FILENO, std::string(static_cast<std::size_t>(std::atol(arguments[0])), 'x') + "\n");
}

void binary(Arguments) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes.push_back(static_cast<char>(byte));
  write_all(STDOUT_FILENO, bytes + "\n");
}

HttpBehaviour http;

void set_unready_file(Arguments arguments) { http.unready_file = arguments[0]; }
void set_log_header(Arguments arguments) { http.log_header = arguments[0]; }
void set_flap(Arguments arguments) { http.flap_seconds = std::atof(arguments[0]); }
void set_greeting(Arguments arguments) { http.greeting = arguments[0]; }
void set_executed_file(Arguments arguments) { http.executed_file = arguments[0]; }
void set_clock_once_listening(Arguments arguments) { http.clock_once_listening = arguments[0]; }
void set_once_listening(Arguments arguments) { http.once_listening = arguments[0]; }
void serve(Arguments arguments) { serve_http(std::atoi(arguments[0]), http); }
void serve_passed(Arguments) {
  const int count = passed_sockets();
  if (count == 0) {
    std::fprintf(stderr, "behave: no sockets were passed to this process\n");
    std::exit(125);
  }
  serve_http_on(3, count, http);
}

void say_so(Arguments arguments) {
  if (!notify(arguments[0])) give_up("notify");
}
void say_so_to(Arguments arguments) {
  if (!notify(arguments[1], arguments[0])) give_up("notify");
}
void say_much(Arguments arguments) {
  if (!notify("STATUS=" + std::string(static_cast<std::size_t>(std::atol(arguments[0])), 'x'))) give_up("notify");
}
// By one that has ended before the next flag.
void say_by_child(Arguments arguments) {
  const pid_t child = ::fork();
  if (child < 0) give_up("fork");
  if (child == 0) ::_exit(notify(arguments[0]) ? 0 : 1);
  ::waitpid(child, nullptr, 0);
}
void say_binary(Arguments) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes.push_back(static_cast<char>(byte));
  if (!notify(bytes)) give_up("notify");
}
// Where the receiver is slow, as a program with better things to do.
void say_often(Arguments arguments) {
  for (long i = 0; i < std::atol(arguments[0]); ++i) notify("STATUS=" + std::to_string(i));
}
void watchdog(Arguments arguments) { keep_watchdog_quiet(std::atof(arguments[0]), arguments[1]); }
void print_passed(Arguments) {
  const char* const names = std::getenv("LISTEN_FDNAMES");
  say("passed " + std::to_string(passed_sockets()) + " " + (names == nullptr ? "-" : names));
}

void help(Arguments);

struct Flag {
  const char* name;
  int arguments;
  void (*act)(Arguments);
  const char* help;
};

constexpr Flag flags[] = {
    {"--help", 0, help, "list the flags"},
    {"--name", 1, nothing, "TEXT: nothing; a mark to find the process by"},
    {"--print", 1, print, "TEXT: a line to stdout"},
    {"--print-error", 1, print_error, "TEXT: a line to stderr"},
    {"--sleep", 1, sleep_seconds, "SECONDS: fractions too"},
    {"--hang", 0, hang_forever, "for five minutes"},
    {"--touch", 1, touch, "PATH: make the file"},
    {"--remove", 1, remove_file, "PATH: unlink it"},
    {"--wait-for-file", 1, wait_for_file, "PATH: go on once it exists"},
    {"--ignore-signal", 1, ignore_signal, "SIGNAL: TERM, INT, ... or a number"},
    {"--exit-on-signal", 2, exit_on_signal, "SIGNAL CODE: end with that code when it comes"},
    {"--print-on-signal", 1, print_on_signal, "SIGNAL: print \"signal NN\" when it comes"},
    {"--raise", 1, raise_signal, "SIGNAL: to ourselves, with its default effect"},
    {"--exit", 1, exit_now, "CODE: end here"},
    {"--fork-child", 1, fork_child, "plain|setsid|daemon: a child that ignores TERM and does not end"},
    {"--close-output", 0, close_output, "stdout and stderr become /dev/null"},
    {"--hold-stdout", 0, hold_stdout, "a child that does not end and keeps stdout open"},
    {"--children-exit-at-once", 1, children_exit_at_once, "N: children that end in the same instant"},
    {"--orphans-exit-at-once", 1, orphans_exit_at_once, "N: the same, left behind by their parent"},
    {"--fork-bomb", 1, fork_bomb, "N: chains of processes that replace themselves, 2000 times each"},
    {"--env", 0, print_environment, "print the environment"},
    {"--clock", 1, append_clock, "PATH: append a line: CLOCK_MONOTONIC in nanoseconds and our pid"},
    {"--fds", 0, print_descriptors, "print the open descriptors in one line"},
    {"--mounts", 0, print_mounts, "print the mounts"},
    {"--list", 1, print_directory, "PATH: print the names in a directory"},
    {"--host-name", 0, print_host_name, "print the host name"},
    {"--working-directory", 0, print_working_directory, "print the working directory"},
    {"--state", 0, print_state, "print ids, signal mask and dispositions, umask, stdin"},
    {"--connect", 2, try_connect, "ADDRESS PORT: over TCP"},
    {"--connect-abstract", 1, try_connect_abstract, "NAME: to an abstract unix socket"},
    {"--try-kill", 1, try_kill, "PID: whether it may be signalled"},
    {"--try-trace", 1, try_trace, "PID: whether it may be traced"},
    {"--try-listen", 1, try_listen, "PORT: whether 127.0.0.1 takes it"},
    {"--write-shared", 2, write_shared, "KEY TEXT: into System V shared memory"},
    {"--read-shared", 1, read_shared, "KEY: print what is there"},
    {"--cat", 1, print_file, "PATH: print a file"},
    {"--terminal", 0, print_terminal, "what stdin is"},
    {"--echo", 0, echo_line, "print a line from stdin"},
    {"--flood", 1, flood, "BYTES: lines of output"},
    {"--long-line", 1, long_line, "BYTES: one line"},
    {"--binary", 0, binary, "print every byte there is"},
    {"--unready-file", 1, set_unready_file, "PATH: /health answers 503 while it exists"},
    {"--log-header", 1, set_log_header, "NAME: print that header of each request to /health"},
    {"--flap", 1, set_flap, "SECONDS: /health answers 200 and 503 in turns"},
    {"--greeting", 1, set_greeting, "TEXT: what / answers"},
    {"--executed", 1, set_executed_file, "PATH: where /execute/ID leaves a line"},
    {"--notify", 1, say_so, "TEXT: to NOTIFY_SOCKET, a message of these lines"},
    {"--notify-to", 2, say_so_to, "ADDRESS TEXT: the same to another socket"},
    {"--notify-long", 1, say_much, "BYTES: the same, a STATUS= of so many"},
    {"--notify-by-child", 1, say_by_child, "TEXT: the same by a child, which ends"},
    {"--notify-binary", 0, say_binary, "the same, every byte there is"},
    {"--notify-often", 1, say_often, "N: messages as fast as they are taken"},
    {"--watchdog", 2, watchdog, "SECONDS FILE: a child says WATCHDOG=1 that often, until the file exists"},
    {"--passed", 0, print_passed, "print how many sockets were passed, and their names"},
    {"--once-listening", 1, set_once_listening, "TEXT: sent to NOTIFY_SOCKET once a server below listens"},
    {"--clock-once-listening", 1, set_clock_once_listening, "PATH: --clock, right before that"},
    {"--serve-passed", 0, serve_passed, "serve HTTP on the sockets that were passed"},
    {"--http", 1, serve, "PORT: serve HTTP on 127.0.0.1 from here on; the path chooses the behaviour:"},
};

void help(Arguments) {
  for (const Flag& flag : flags) say(std::string(flag.name) + " " + flag.help);
  write_all(STDOUT_FILENO, http_paths_help);
}

int refuse(const char* flag) {
  std::fprintf(stderr, "behave: cannot do %s: no such flag, or an argument is missing; see --help\n", flag);
  return 125;
}

}  // namespace

int main(int count, char** arguments) {
  for (int at = 1; at < count;) {
    const Flag* found = nullptr;
    for (const Flag& flag : flags) {
      if (std::string_view(flag.name) == arguments[at]) found = &flag;
    }
    if (found == nullptr || at + found->arguments >= count) return refuse(arguments[at]);
    found->act(arguments + at + 1);
    at += 1 + found->arguments;
  }
  return 0;
}
