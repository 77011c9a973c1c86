#include <blackbox/support.hpp>

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

namespace reeve::test {
namespace {

const char* path_from(const char* variable, const char* built) {
  const char* given = std::getenv(variable);
  return given != nullptr ? given : built;
}

int connect_to(const std::string& host, int port, int& error) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  ::inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval limit{5, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  error = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
  return fd;
}

}  // namespace

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

Reeve::Reeve(std::vector<std::string> arguments, Settings settings) {
  arguments.insert(arguments.begin(), path_from("REEVE_BINARY", REEVE_BINARY_PATH));
  int ends[2];
  BOOST_REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(ends[1], 1);
    ::dup2(ends[1], 2);
    if (settings.uid != 0 && (::setgid(settings.uid) != 0 || ::setuid(settings.uid) != 0)) ::_exit(124);
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
  const bool printed = eventually([&] { return count(text) >= times; }, limit);
  if (!printed) BOOST_TEST_MESSAGE("waited for: " << text << "\nprinted:\n" << output_);
  return printed;
}

std::optional<int> Reeve::wait(Millis limit) {
  eventually(
      [&] {
        read_output();
        int status = 0;
        if (!exit_code_ && ::waitpid(pid_, &status, WNOHANG) == pid_) {
          exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
        return exit_code_.has_value();
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

std::vector<pid_t> processes_named(const std::string& name) {
  std::vector<pid_t> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string id = entry.path().filename();
    if (id.find_first_not_of("0123456789") != std::string::npos) continue;
    std::string comm, stat;
    std::getline(std::ifstream(entry.path() / "comm"), comm);
    std::getline(std::ifstream(entry.path() / "stat"), stat);
    const std::size_t close = stat.rfind(')');
    const bool is_zombie = close != std::string::npos && stat.substr(close, 3) == ") Z";
    if (comm == name.substr(0, 15) && !is_zombie) found.push_back(std::atoi(id.c_str()));
  }
  return found;
}

Connected try_connect(int port, const std::string& host) {
  int error = 0;
  ::close(connect_to(host, port, error));
  if (error == 0) return Connected::yes;
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

int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  socklen_t size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

}  // namespace reeve::test
