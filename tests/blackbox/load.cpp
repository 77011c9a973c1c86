#include <blackbox/load.hpp>
#include <blackbox/support.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

namespace reeve::test {
namespace {

constexpr int answer_takes_max_seconds = 20;

std::atomic<std::uint64_t> next_id{1};

enum class Outcome {
  answered,
  ended_before,  // the connection, or there was none, and not a byte of an answer
  failed
};

struct Tried {
  Outcome outcome;
  std::string why = {};
};

class Connection {
 public:
  explicit Connection(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{answer_takes_max_seconds, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    // From many addresses: one has too few ports for a minute's connections.
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + static_cast<std::uint32_t>(next_id % 200));
    ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) error_ = errno;
  }
  ~Connection() { ::close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Tried ask(const std::string& path) const {
    if (error_ != 0) return {Outcome::failed, std::string("connect: ") + std::strerror(error_)};
    const std::string request = "GET " + path + " HTTP/1.1\r\nHost: load\r\n\r\n";
    if (::send(fd_, request.data(), request.size(), MSG_NOSIGNAL) < 0) return {Outcome::ended_before, "send"};
    std::string answer;
    char bytes[1024];
    while (answer.find("\r\n\r\ndone\n") == std::string::npos) {
      const ssize_t got = ::recv(fd_, bytes, sizeof bytes, 0);
      if (got <= 0) {
        const std::string why = got == 0 ? "it ended" : std::strerror(errno);
        const bool is_gone = got == 0 || errno == ECONNRESET;
        return {answer.empty() && is_gone ? Outcome::ended_before : Outcome::failed, why + " after \"" + answer + '"'};
      }
      answer.append(bytes, static_cast<std::size_t>(got));
    }
    return {answer.starts_with("HTTP/1.1 200 ") ? Outcome::answered : Outcome::failed, answer};
  }

 private:
  int fd_;
  int error_ = 0;
};

}  // namespace

LoadReport& LoadReport::operator+=(LoadReport other) {
  answered += other.answered;
  failures.insert(failures.end(), std::make_move_iterator(other.failures.begin()),
                  std::make_move_iterator(other.failures.end()));
  unanswered.merge(other.unanswered);
  return *this;
}

Load::Load(int clients, LoadSettings settings) {
  for (int i = 0; i < clients; ++i) {
    LoadReport& report = *reports_.emplace_back(std::make_unique<LoadReport>());
    threads_.emplace_back([this, settings, &report] { run(settings, report); });
  }
}

Load::~Load() { stop(); }

LoadReport Load::stop() {
  stopping_ = true;
  for (std::thread& each : threads_) each.join();
  threads_.clear();
  LoadReport all;
  for (const auto& each : std::exchange(reports_, {})) all += std::move(*each);
  return all;
}

void Load::run(LoadSettings settings, LoadReport& report) {
  std::unique_ptr<Connection> connection;
  bool is_second_try = false;
  while (!stopping_ || is_second_try) {
    const bool is_kept = connection != nullptr;
    if (!is_kept) connection = std::make_unique<Connection>(settings.port);
    const std::string id = std::to_string(next_id++);
    const Tried tried = connection->ask("/execute/" + id + "/" + std::to_string(settings.takes_milliseconds));
    if (tried.outcome != Outcome::answered || settings.way == Connections::one_each) connection.reset();
    if (tried.outcome == Outcome::answered) {
      ++report.answered;
      ++answered_;
      is_second_try = false;
    } else if (settings.way == Connections::kept && tried.outcome == Outcome::ended_before && !is_second_try) {
      report.unanswered.insert(id);
      is_second_try = true;
    } else {
      report.failures.push_back(id + (is_kept ? " on a kept connection: " : " on a new connection: ") + tried.why);
      is_second_try = false;
    }
  }
}

}  // namespace reeve::test
