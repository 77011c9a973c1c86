#include "cli/terminal_session.hpp"

#include "cli/json.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <optional>

namespace reeve::cli {
namespace json = boost::json;
namespace {

// What the server says: {"pid":...}, then the end.
class Telling {
 public:
  Telling(int connection, std::string rest) : connection_(connection), text_(std::move(rest)) {}

  // Takes what is there; the end once it was told.
  Result<std::optional<json::value>> read() {
    std::array<char, 4096> bytes{};
    const ssize_t got = ::recv(connection_, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got < 0 && errno != EAGAIN && errno != EINTR) return fail("cannot hear reeve", errno);
    if (got > 0) text_.append(bytes.data(), static_cast<std::size_t>(got));
    for (std::size_t end; (end = text_.find('\n')) != std::string::npos; text_.erase(0, end + 1)) {
      boost::system::error_code error;
      json::value line = json::parse(std::string_view(text_).substr(0, end), error);
      if (error) return fail("cannot understand reeve: it is not JSON: " + text_.substr(0, end));
      if (find(line, "exitCode") != nullptr) return std::optional(std::move(line));
    }
    if (got == 0) return fail("the connection to reeve ended before the command did");
    return std::optional<json::value>();
  }

 private:
  int connection_;
  std::string text_;
};

constexpr std::array<int, 5> signals_seen{SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGQUIT};

// Signals come by a descriptor meanwhile.
class Signals {
 public:
  Signals() {
    sigset_t wanted;
    ::sigemptyset(&wanted);
    for (const int each : signals_seen) ::sigaddset(&wanted, each);
    ::sigprocmask(SIG_BLOCK, &wanted, &before_);
    fd_.reset(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  }
  ~Signals() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  int fd() const noexcept { return fd_.get(); }
  std::optional<int> next() const {
    signalfd_siginfo info{};
    if (::read(fd_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return std::nullopt;
    return static_cast<int>(info.ssi_signo);
  }

 private:
  sigset_t before_{};
  linux::UniqueFd fd_;
};

class Carrier {
 public:
  Carrier(const api::Upgraded& upgraded, int master)
      : connection_(upgraded.connection.get()), master_(master), telling_(connection_, upgraded.rest) {}

  Result<json::value> run() {
    for (;;) {
      const short keys = is_input_open_ && typed_.empty() ? POLLIN : 0;
      const short operated = static_cast<short>(POLLIN | (typed_.empty() ? 0 : POLLOUT));
      pollfd sources[4] = {{connection_, POLLIN, 0},
                           {signals_.fd(), POLLIN, 0},
                           {keys != 0 ? STDIN_FILENO : -1, keys, 0},
                           {is_master_open_ ? master_ : -1, operated, 0}};
      if (::poll(sources, 4, -1) < 0 && errno != EINTR) return fail("cannot wait for the terminal", errno);
      if (const auto ended_by = take_signals()) return json::value{{"exitCode", 128 + *ended_by}};
      if (sources[2].revents != 0) read_keys();
      if ((sources[3].revents & POLLOUT) != 0) write_keys();
      if (sources[3].revents != 0) show();
      if (sources[0].revents == 0) continue;
      REEVE_TRY(auto end, telling_.read());
      if (!end) continue;
      while (show()) {
      }
      return *std::move(end);
    }
  }

 private:
  std::optional<int> take_signals() {
    while (const auto signal = signals_.next()) {
      if (*signal != SIGWINCH) return signal;
      linux::copy_window_size(STDIN_FILENO, master_);
    }
    return std::nullopt;
  }

  void read_keys() {
    std::array<char, 1024> bytes{};
    const ssize_t got = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (got > 0) typed_.assign(bytes.data(), static_cast<std::size_t>(got));
    if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) is_input_open_ = false;
    write_keys();
  }

  void write_keys() {
    if (typed_.empty()) return;
    const ssize_t written = ::write(master_, typed_.data(), typed_.size());
    if (written > 0) typed_.erase(0, static_cast<std::size_t>(written));
  }

  // True while there may be more.
  bool show() {
    std::array<char, 4096> bytes{};
    const ssize_t got = ::read(master_, bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) return true;
    // EIO: nobody has the other end any more.
    if (got == 0 || (got < 0 && errno != EAGAIN)) is_master_open_ = false;
    if (got <= 0) return false;
    static_cast<void>(linux::write_all(STDOUT_FILENO, {bytes.data(), static_cast<std::size_t>(got)}));
    return true;
  }

  int connection_;
  int master_;
  Signals signals_;
  Telling telling_;
  std::string typed_;
  bool is_input_open_ = true, is_master_open_ = true;
};

}  // namespace

Result<json::value> wait_for_end(const api::Upgraded& upgraded) {
  Telling telling(upgraded.connection.get(), upgraded.rest);
  for (;;) {
    REEVE_TRY(auto end, telling.read());
    if (end) return *std::move(end);
    pollfd source{upgraded.connection.get(), POLLIN, 0};
    if (::poll(&source, 1, -1) < 0 && errno != EINTR) return fail("cannot wait for reeve", errno);
  }
}

Result<json::value> carry_terminal(const api::Upgraded& upgraded, int master) {
  Carrier carrier(upgraded, master);  // which holds back signals, so that none finds the terminal raw
  REEVE_TRY(const linux::RawMode raw, linux::RawMode::enter(STDIN_FILENO));
  return carrier.run();
}

}  // namespace reeve::cli
