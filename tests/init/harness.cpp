#include "init/harness.hpp"

#include "init/roles.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <fstream>
#include <thread>

namespace conformance {
namespace {

using Clock = std::chrono::steady_clock;

std::array<int, 2> new_pipe() {
  std::array<int, 2> ends{};
  require(::pipe2(ends.data(), O_CLOEXEC) == 0, "cannot make a pipe");
  return ends;
}

}  // namespace

void require(bool is_so, const std::string& otherwise) {
  if (!is_so) throw Wrong(otherwise);
}

bool has_tini_options(const Program& program) {
  return program.kind == Kind::reeve || program.kind == Kind::tini || program.kind == Kind::bad;
}

const std::string& own_path() {
  static const std::string path = [] {
    std::array<char, 4096> text{};
    const ssize_t length = ::readlink("/proc/self/exe", text.data(), text.size());
    return std::string(text.data(), length < 0 ? 0 : static_cast<std::size_t>(length));
  }();
  return path;
}

std::vector<std::string> role(std::vector<std::string> words) {
  words.insert(words.begin(), {own_path(), "role"});
  return words;
}

char state_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  const std::size_t at = text.rfind(')');
  return at == std::string::npos ? '\0' : text[at + 2];
}

bool is_alive(pid_t pid) {
  const char state = state_of(pid);
  return state != '\0' && state != 'Z';
}

std::vector<pid_t> children_of(pid_t pid) {
  const std::string number = std::to_string(pid);
  std::ifstream file("/proc/" + number + "/task/" + number + "/children");
  std::vector<pid_t> pids;
  for (pid_t each = 0; file >> each;) pids.push_back(each);
  return pids;
}

void end_leftovers() {
  for (;;) {
    for (const pid_t each : children_of(::getpid())) ::kill(each, SIGKILL);
    if (::waitpid(-1, nullptr, 0) < 0) return;
  }
}

void Running::become_init(const Program& program, const Launch& launch, int input, int output, int error, int told) {
  ::signal(SIGPIPE, SIG_DFL);
  const int keyboard = launch.terminal >= 0 ? launch.terminal : input;
  ::dup2(keyboard, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(launch.terminal >= 0 ? launch.terminal : error, STDERR_FILENO);
  if (launch.below_shell) ::dup2(told, 3);
  ::close_range(launch.below_shell ? 4 : 3, ~0U, 0);
  if (launch.terminal >= 0) {
    ::setsid();
    ::ioctl(STDIN_FILENO, TIOCSCTTY, 0);
  } else {
    ::setpgid(0, 0);  // an orphaned group, as ours may be, is one that SIGTSTP does not stop
  }
  std::vector<std::string> words = program.argv;
  words.insert(words.end(), launch.options.begin(), launch.options.end());
  words.push_back("--");
  words.insert(words.end(), launch.command.begin(), launch.command.end());
  if (launch.below_shell) play_shell(words);
  launch.before_exec();
  execute(words);
}

Running::Running(const Program& program, const Launch& launch) : limit_(program.limit) {
  const auto input = new_pipe(), output = new_pipe(), error = new_pipe(), told = new_pipe();
  const unsigned long flags = SIGCHLD | (program.as == As::pid_1 ? CLONE_NEWPID : 0UL);
  init_ = static_cast<pid_t>(::syscall(SYS_clone, flags, nullptr, nullptr, nullptr, 0));
  if (init_ == 0) become_init(program, launch, input[0], output[1], error[1], told[0]);
  for (const int each : {input[0], output[1], error[1], told[0]}) ::close(each);
  input_ = input[1], output_ = output[0], error_ = error[0], shell_ = told[1];
  require(init_ > 0, std::string("cannot start it: ") + std::strerror(errno));
}

Running::~Running() {
  for (const int each : {input_, output_, error_, shell_}) ::close(each);
  end_leftovers();
}

pid_t Running::command() const {
  pid_t first = 0;
  until("a command", [&] {
    const auto all = children();
    first = all.empty() ? 0 : all.front();
    return first > 0;
  });
  return first;
}

std::vector<pid_t> Running::children() const { return children_of(init_); }

void Running::signal(int number) const { ::kill(init_, number); }

void Running::write_input(const std::string& text) const {
  require(::write(input_, text.data(), text.size()) == static_cast<ssize_t>(text.size()), "cannot write its input");
}

void Running::close_input() {
  ::close(input_);
  input_ = -1;
}

void Running::tell_shell() const { require(::write(shell_, "fg\n", 3) == 3, "the shell is gone"); }

bool Running::readable_within_limit(int fd) const {
  pollfd wanted{fd, POLLIN, 0};
  return ::poll(&wanted, 1, static_cast<int>(limit_.count())) == 1;
}

std::string Running::line() {
  for (;;) {
    const std::size_t end = buffer_.find('\n');
    if (end != std::string::npos) {
      const std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    require(readable_within_limit(output_), "nothing more was written by the command");
    std::array<char, 65536> chunk;
    const ssize_t got = ::read(output_, chunk.data(), chunk.size());
    if (got <= 0) return "";
    buffer_.append(chunk.data(), static_cast<std::size_t>(got));
  }
}

void Running::expect(const std::string& wanted) {
  const std::string got = line();
  require(got == wanted, "expected \"" + wanted + "\", got \"" + got + "\"");
}

bool Running::output_is_at_end() {
  char byte;
  return readable_within_limit(output_) && ::read(output_, &byte, 1) == 0;
}

std::string Running::errors() {
  std::string text;
  std::array<char, 4096> chunk;
  for (;;) {
    require(readable_within_limit(error_), "standard error stays open");
    const ssize_t got = ::read(error_, chunk.data(), chunk.size());
    if (got <= 0) return text;
    text.append(chunk.data(), static_cast<std::size_t>(got));
  }
}

bool Running::has_ended() {
  if (!reaped_) reaped_ = ::waitpid(init_, &status_, WNOHANG) == init_;
  return reaped_;
}

int Running::exit_code() {
  const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, init_, 0));
  const bool ended = has_ended() || readable_within_limit(pidfd);
  ::close(pidfd);
  require(ended, "it does not end");
  has_ended();
  return WIFEXITED(status_) ? WEXITSTATUS(status_) : -WTERMSIG(status_);
}

void Running::until(const std::string& what, const std::function<bool()>& condition) const {
  const auto end = Clock::now() + limit_;
  while (!condition()) {
    require(Clock::now() < end, "never came: " + what);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

}  // namespace conformance
