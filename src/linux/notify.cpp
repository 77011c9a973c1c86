#include <reeve/linux/notify.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>

namespace reeve::linux {
namespace {

constexpr int first_passed = 3;  // SD_LISTEN_FDS_START
constexpr std::size_t sent_max = 16;

std::string take(const char* name) {
  const char* const value = std::getenv(name);
  std::string text = value == nullptr ? "" : value;
  ::unsetenv(name);
  return text;
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value <= 0) return std::nullopt;
  return value;
}

bool is_ours(const std::string& pid) { return number(pid) == ::getpid(); }

std::vector<PassedDescriptor> take_passed() {
  const std::string pid = take("LISTEN_PID"), count = take("LISTEN_FDS"), names = take("LISTEN_FDNAMES");
  std::vector<PassedDescriptor> passed;
  if (!is_ours(pid)) return passed;
  std::string_view rest = names;
  const auto take_name = [&] {
    const std::size_t colon = std::min(rest.find(':'), rest.size());
    std::string name(rest.substr(0, colon));
    rest.remove_prefix(std::min(colon + 1, rest.size()));
    return name;
  };
  for (std::int64_t i = 0; i < number(count).value_or(0); ++i) {
    const int fd = first_passed + static_cast<int>(i);
    // The manager may be wrong about how many there are.
    if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) break;
    passed.push_back({UniqueFd(fd), take_name()});
  }
  return passed;
}

}  // namespace

ManagerEnvironment take_manager_environment() {
  ManagerEnvironment told;
  told.notify_socket = take("NOTIFY_SOCKET");
  const std::string pid = take("WATCHDOG_PID"), microseconds = take("WATCHDOG_USEC");
  if (const auto period = number(microseconds); period && (pid.empty() || is_ours(pid))) {
    told.watchdog = std::chrono::microseconds(*period);
  }
  const std::string stored_max = take("FDSTORE");
  told.keeps_descriptors = !told.notify_socket.empty() && number(stored_max).has_value();
  told.passed = take_passed();
  return told;
}

Result<Notifier> Notifier::open(const std::string& address) {
  const bool is_known = address.size() > 1 && (address.front() == '/' || address.front() == '@');
  if (!is_known || address.size() >= sizeof(sockaddr_un::sun_path)) {
    return fail("cannot notify " + address + ": expected a path or an abstract name (@NAME) in NOTIFY_SOCKET");
  }
  UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return fail("cannot make a socket", errno);
  return Notifier(std::move(fd), address);
}

// Addressed each time: the manager may be started anew, and a connected socket would stay with the old one.
Result<void> Notifier::send(std::string_view assignments, std::span<const int> descriptors) const {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, address_.data(), address_.size());
  if (address_.front() == '@') to.sun_path[0] = '\0';
  iovec bytes{const_cast<char*>(assignments.data()), assignments.size()};
  msghdr message{};
  message.msg_name = &to;
  message.msg_namelen = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * sent_max)> control{};
  if (!descriptors.empty()) {
    if (descriptors.size() > sent_max) return fail("cannot send so many descriptors at once", EINVAL);
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
  }
  while (::sendmsg(fd_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    if (errno != EINTR) return fail("cannot notify " + address_, errno);
  }
  return {};
}

bool is_fd_name(std::string_view name) noexcept {
  const auto fits = [](char c) { return c >= ' ' && c < 127 && c != ':'; };
  return !name.empty() && name.size() <= fd_name_bytes_max && std::ranges::all_of(name, fits);
}

}  // namespace reeve::linux
