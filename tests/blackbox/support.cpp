#include <blackbox/support.hpp>

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <utility>

namespace reeve::test {
namespace {

const char* path_from(const char* variable, const char* built) {
  const char* given = std::getenv(variable);
  return given != nullptr ? given : built;
}

// A connect that hears nothing for so long fails with EINPROGRESS.
int connect_to(const std::string& host, int port, int& error, timeval connect_limit = {5, 0}) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  ::inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval limit{5, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &connect_limit, sizeof connect_limit);
  error = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
  return fd;
}

// As the seccomp filters of container runtimes do. A machine that refuses even the filter fails the test.
void refuse_namespaces() {
  constexpr unsigned any_namespace = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID;
  constexpr auto load = static_cast<unsigned short>(BPF_LD | BPF_W | BPF_ABS);
  constexpr auto equal = static_cast<unsigned short>(BPF_JMP | BPF_JEQ | BPF_K);
  constexpr auto has_bits = static_cast<unsigned short>(BPF_JMP | BPF_JSET | BPF_K);
  constexpr auto answer = static_cast<unsigned short>(BPF_RET | BPF_K);
  sock_filter program[] = {
      {load, 0, 0, offsetof(seccomp_data, nr)},
      {equal, 4, 0, SYS_clone3},
      {equal, 0, 2, SYS_clone},
      {load, 0, 0, offsetof(seccomp_data, args)},
      {has_bits, 2, 0, any_namespace},
      {answer, 0, 0, SECCOMP_RET_ALLOW},
      {answer, 0, 0, SECCOMP_RET_ERRNO | ENOSYS},
      {answer, 0, 0, SECCOMP_RET_ERRNO | EPERM},
  };
  const sock_fprog filter{static_cast<unsigned short>(std::size(program)), program};
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) ::_exit(123);
}

// In the child that becomes reeve.
void become(const RunSettings& settings) {
  const auto limit = [](__rlimit_resource what, rlim_t count) {
    const rlimit both{count, count};
    if (count != 0 && ::setrlimit(what, &both) != 0) ::_exit(124);
  };
  limit(RLIMIT_NOFILE, settings.descriptors);
  limit(RLIMIT_NPROC, settings.processes);
  const bool changes = settings.uid != 0 && ::geteuid() == 0;
  if (changes && (::setgroups(0, nullptr) != 0 || ::setgid(settings.uid) != 0 || ::setuid(settings.uid) != 0)) {
    ::_exit(124);
  }
  if (settings.without_namespaces) refuse_namespaces();
}

bool is_number(const std::string& name) { return name.find_first_not_of("0123456789") == std::string::npos; }

// The pids for whose directory in /proc this holds.
std::vector<pid_t> processes_where(const std::function<bool(const std::filesystem::path&)>& holds) {
  std::vector<pid_t> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    if (is_number(entry.path().filename()) && holds(entry.path())) {
      found.push_back(std::atoi(entry.path().filename().c_str()));
    }
  }
  return found;
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream stream(path);
  // Not by iterators: those throw when a process ends while its file is read.
  std::string text;
  for (std::string line; std::getline(stream, line);) text += line + '\n';
  return text;
}

}  // namespace

void check_as_both(const std::function<void(RunSettings)>& scenario) {
  BOOST_TEST_CONTEXT("as root") scenario({});
  BOOST_TEST_CONTEXT("as nobody") scenario({.uid = nobody});
}

bool eventually(const std::function<bool()>& condition, Millis limit) {
  const auto end = Clock::now() + limit;
  while (!condition()) {
    if (Clock::now() > end) return false;
    std::this_thread::sleep_for(Millis(2));
  }
  return true;
}

Scratch::Scratch() {
  static std::atomic<int> number{0};
  char path[] = "/var/tmp/reeve-test-XXXXXX";
  path_ = ::mkdtemp(path);
  ::chmod(path_.c_str(), 0755);
  behave_name_ = "b" + std::to_string(::getpid()) + "-" + std::to_string(++number);
  std::filesystem::copy_file(path_from("REEVE_BEHAVE", REEVE_BEHAVE_PATH), behave());
}

Scratch::~Scratch() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string Scratch::write(const std::string& name, const std::string& text) const {
  std::ofstream(file(name)) << text;
  ::chmod(file(name).c_str(), 0644);
  return file(name);
}

namespace {

// Out of the way of their new places first.
void pass_descriptors(const RunSettings& settings) {
  if (settings.passed.empty()) return;
  std::vector<int> copies;
  for (const int each : settings.passed) copies.push_back(::fcntl(each, F_DUPFD_CLOEXEC, 200));
  for (std::size_t i = 0; i < copies.size(); ++i) ::dup2(copies[i], 3 + static_cast<int>(i));
  ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
  ::setenv("LISTEN_FDS", std::to_string(copies.size()).c_str(), 1);
  ::setenv("LISTEN_FDNAMES", settings.passed_names.c_str(), 1);
}

}  // namespace

Reeve::Reeve(std::vector<std::string> arguments, Settings settings) {
  arguments.insert(arguments.begin(), path_from("REEVE_BINARY", REEVE_BINARY_PATH));
  int ends[2];
  BOOST_REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(ends[1], 1);
    ::dup2(ends[1], 2);
    for (const std::string& each : settings.environment) ::putenv(const_cast<char*>(each.c_str()));
    pass_descriptors(settings);
    become(settings);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // after the identity, whose change undoes it
    std::vector<char*> words;
    for (std::string& each : arguments) words.push_back(each.data());
    words.push_back(nullptr);
    ::execv(words[0], words.data());
    ::_exit(125);
  }
  ::close(ends[1]);
  output_fd_ = ends[0];
  ::fcntl(output_fd_, F_SETFL, O_NONBLOCK);
}

Reeve::~Reeve() {
  if (!exit_code_) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(output_fd_);
}

void Reeve::signal(int number) const { ::kill(pid_, number); }

void Reeve::read_output() {
  char scratch[65536];
  for (ssize_t got; (got = ::read(output_fd_, scratch, sizeof scratch)) > 0;) {
    output_.append(scratch, static_cast<std::size_t>(got));
  }
}

std::string Reeve::output() {
  read_output();
  return output_;
}

bool Reeve::prints(const std::string& text, Millis limit) { return prints_times(text, 1, limit); }

std::size_t Reeve::count(const std::string& text) {
  read_output();
  std::size_t times = 0;
  for (std::size_t at = 0; (at = output_.find(text, at)) != std::string::npos; at += text.size()) ++times;
  return times;
}

bool Reeve::prints_times(const std::string& text, std::size_t times, Millis limit) {
  // Who has ended prints no more.
  eventually([&] { return has_ended() || count(text) >= times; }, limit);
  const bool printed = count(text) >= times;
  constexpr std::size_t shown_max = 8000;
  const std::size_t from = output_.size() > shown_max ? output_.size() - shown_max : 0;
  if (!printed) BOOST_TEST_MESSAGE("waited for: " << text << "\nprinted at last:\n" << output_.substr(from));
  return printed;
}

bool Reeve::has_ended() {
  int status = 0;
  if (!exit_code_ && ::waitpid(pid_, &status, WNOHANG) == pid_) {
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  return exit_code_.has_value();
}

std::optional<int> Reeve::wait(Millis limit) {
  eventually(
      [&] {
        read_output();  // a full pipe would keep it from ending
        return has_ended();
      },
      limit);
  return exit_code_;
}

Finished run_to_end(std::vector<std::string> arguments, const std::string& input) {
  std::string command;
  arguments.insert(arguments.begin(), path_from("REEVE_BINARY", REEVE_BINARY_PATH));
  for (const std::string& each : arguments) command += "'" + each + "' ";
  const Scratch scratch;
  const std::string in = scratch.write("input", input);
  std::FILE* pipe = ::popen((command + "<" + in + " 2>&1").c_str(), "re");
  BOOST_REQUIRE(pipe != nullptr);
  Finished finished;
  char chunk[4096];
  for (std::size_t got; (got = std::fread(chunk, 1, sizeof chunk, pipe)) > 0;) finished.output.append(chunk, got);
  finished.code = WEXITSTATUS(::pclose(pipe));
  return finished;
}

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

std::string command_line(const Scratch& scratch, const std::vector<std::string>& flags) {
  std::string words = quoted(scratch.behave());
  for (const std::string& each : flags) words += ", " + quoted(each);
  return "command = [" + words + "]\n";
}

std::string pod(const Scratch& scratch, const std::string& name, const std::vector<std::string>& flags,
                const std::string& more) {
  return "[pod." + name + "]\n" + command_line(scratch, flags) + more + "\n";
}

std::vector<pid_t> processes_named(const std::string& name) {
  return processes_where([&](const std::filesystem::path& process) {
    const std::string stat = text_of(process / "stat");
    const std::size_t close = stat.rfind(')');
    const bool is_zombie = close != std::string::npos && stat.substr(close, 3) == ") Z";
    return text_of(process / "comm") == name.substr(0, 15) + "\n" && !is_zombie;
  });
}

std::vector<pid_t> processes_mentioning(const std::string& text) {
  return processes_where([&](const std::filesystem::path& process) {
    return text_of(process / "cmdline").find(text) != std::string::npos;
  });
}

bool nothing_left(const Scratch& scratch, Millis limit) {
  return eventually([&] { return processes_mentioning(scratch.path()).empty(); }, limit);
}

Connected try_connect(int port, const std::string& host) {
  int error = 0;
  constexpr timeval limit{0, 200'000};
  ::close(connect_to(host, port, error, limit));
  if (error == 0) return Connected::yes;
  if (error == EINPROGRESS) return Connected::silent;
  return error == ECONNREFUSED ? Connected::refused : Connected::failed;
}

HttpAnswer http_get(int port, const std::string& path, const std::string& host) {
  int error = 0;
  const int fd = connect_to(host, port, error);
  HttpAnswer answer;
  if (error == 0) {
    const std::string request = "GET " + path + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
    static_cast<void>(::send(fd, request.data(), request.size(), MSG_NOSIGNAL));
    std::string text;
    char chunk[16384];
    for (ssize_t got; (got = ::recv(fd, chunk, sizeof chunk, 0)) > 0;)
      text.append(chunk, static_cast<std::size_t>(got));
    if (text.starts_with("HTTP/1.1 ")) answer.status = std::atoi(text.c_str() + 9);
    const std::size_t body = text.find("\r\n\r\n");
    if (body != std::string::npos) answer.body = text.substr(body + 4);
  }
  ::close(fd);
  return answer;
}

Client::Client(int port, const std::string& host) { fd_ = connect_to(host, port, connect_error_); }

Client::Client(const std::string& unix_path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  unix_path.copy(address.sun_path, sizeof address.sun_path - 1);
  fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval limit{5, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  connect_error_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
}

Client::~Client() {
  if (fd_ >= 0) ::close(fd_);
}

bool Client::send(const std::string& text) const {
  return ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

void Client::half_close() const { ::shutdown(fd_, SHUT_WR); }

void Client::reset() {
  const linger now{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  ::close(std::exchange(fd_, -1));
}

std::string Client::read_to_end() {
  std::string text;
  char chunk[16384];
  ssize_t got;
  while ((got = ::recv(fd_, chunk, sizeof chunk, 0)) > 0) text.append(chunk, static_cast<std::size_t>(got));
  read_error_ = got < 0 ? errno : 0;
  return text;
}

// Below the ports that outgoing connections take, so that none of them takes it before its user does.
int free_port() {
  constexpr int first = 20000, count = 10000;
  static std::atomic<int> next{::getpid() * 97};
  for (int tries = 0; tries < count; ++tries) {
    const int port = first + static_cast<int>(static_cast<unsigned>(next++) % count);
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    const bool is_free = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    if (is_free) return port;
  }
  return 0;
}

}  // namespace reeve::test
