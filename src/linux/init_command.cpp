#include "linux/init_command.hpp"

#include "linux/child_setup.hpp"
#include "linux/clone.hpp"
#include "linux/remedy.hpp"

#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

namespace reeve::linux {
namespace {

constexpr int first_passed = 3;  // SD_LISTEN_FDS_START

int number_in(const char* variable) {
  const char* text = std::getenv(variable);
  int number = 0;
  if (text == nullptr) return 0;
  const char* const end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, number);
  return error == std::errc{} && stop == end && number > 0 ? number : 0;
}

// The environment of the command. LISTEN_PID names the one process that may take the sockets: where that was us, it is
// the command, whose pid is known only to itself. LISTEN_PIDFDID says the same in a way that we cannot say again.
class CommandEnvironment {
 public:
  CommandEnvironment() {
    if (number_in("LISTEN_PID") == ::getpid()) passed_ = number_in("LISTEN_FDS");
    for (char** each = environ; *each != nullptr; ++each) {
      const std::string_view text(*each);
      if (passed_ > 0 && (text.starts_with("LISTEN_PID=") || text.starts_with("LISTEN_PIDFDID="))) continue;
      variables_.push_back(*each);
    }
    if (passed_ > 0) variables_.push_back(listen_pid_.data());
    variables_.push_back(nullptr);
  }

  char* const* variables() const noexcept { return variables_.data(); }
  int passed() const noexcept { return passed_; }

  // By the command itself.
  void name_receiver(pid_t pid) noexcept {
    constexpr std::size_t name_bytes = std::string_view("LISTEN_PID=").size();
    *std::to_chars(listen_pid_.data() + name_bytes, listen_pid_.data() + listen_pid_.size() - 1, pid).ptr = '\0';
  }

 private:
  std::array<char, 24> listen_pid_{"LISTEN_PID="};
  std::vector<char*> variables_;
  int passed_ = 0;
};

// What init and command share until the command's exec.
struct Start {
  const InitOptions& options;
  const Inherited& inherited;
  Foreground foreground;
  CommandEnvironment environment{};
  std::vector<char*> argv{};
  int code = 0;
};

// On a stack that no sanitizer knows.
[[gnu::no_sanitize_address]] int become_command(void* argument) noexcept {
  auto& start = *static_cast<Start*>(argument);
  ::setpgid(0, 0);
  if (start.foreground == Foreground::give) ::tcsetpgrp(STDIN_FILENO, ::getpid());
  ::sigaction(SIGCHLD, &start.inherited.child_ended, nullptr);
  start.environment.name_receiver(::getpid());
  if (!start.options.keeps_descriptors) close_from(first_passed + start.environment.passed());
  set_signal_mask(start.inherited.signal_mask);
  ::execvpe(start.argv.front(), start.argv.data(), start.environment.variables());
  start.code = errno;
  ::_exit(exit_not_found);
}

// The file that a command's name stands for; empty where there is none that we may see.
std::string find_file(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* const path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "/bin:/usr/bin" : path;
  for (;;) {
    const std::size_t end = rest.find(':');
    const std::string candidate = std::string(rest.substr(0, end)) + "/" + name;
    struct stat status {};
    if (::stat(candidate.c_str(), &status) == 0 && S_ISREG(status.st_mode)) return candidate;
    if (end == std::string_view::npos) return "";
    rest.remove_prefix(end + 1);
  }
}

StartedCommand not_executed(const std::string& name, int code) {
  const std::string file = find_file(name);
  if (file.empty()) {  // EACCES may come from a directory in PATH that is closed to us
    const char* const path = std::getenv("PATH");
    return {0, exit_not_found,
            Error{"cannot execute " + name, ENOENT}.message() +
                (path == nullptr ? "; PATH is not set" : std::string("; looked in PATH=") + path)};
  }
  struct stat status {};
  const bool is_there = ::stat(file.c_str(), &status) == 0;
  const Error error{"cannot execute " + file, is_there && S_ISDIR(status.st_mode) ? EISDIR : code};
  if (!is_there) return {0, code == ENOENT ? exit_not_found : exit_not_runnable, error.message()};
  return {0, exit_not_runnable, error.message() + (code == ENOENT ? advice(Remedy::interpreter, code) : "")};
}

// Like vfork, but on a stack of its own. execvpe puts a path on it, and for a script without a #! line the arguments.
StartedCommand clone_command(Start& start) {
  const std::size_t bytes = (std::size_t{128} << 10) + (start.argv.size() * sizeof(char*));
  void* const stack =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
  const std::string& name = start.options.command.front();
  if (stack == MAP_FAILED) return {0, 1, Error{"cannot start " + name, errno}.message()};
  const std::size_t top = bytes & ~std::size_t{15};
  const pid_t pid = ::clone(become_command, static_cast<char*>(stack) + top, CLONE_VM | CLONE_VFORK | SIGCHLD, &start);
  const int clone_code = errno;
  ::munmap(stack, bytes);
  if (pid < 0) return {0, 1, Error{"cannot start " + name, clone_code}.message()};
  if (start.code == 0) return {pid, 0, ""};
  ::waitpid(pid, nullptr, 0);
  return not_executed(name, start.code);
}

}  // namespace

StartedCommand start_command(const InitOptions& options, const Inherited& inherited, Foreground foreground) {
  Start start{.options = options, .inherited = inherited, .foreground = foreground};
  for (const std::string& each : options.command) start.argv.push_back(const_cast<char*>(each.c_str()));
  start.argv.push_back(nullptr);
  return clone_command(start);
}

}  // namespace reeve::linux
