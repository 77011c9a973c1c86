#include <reeve/linux/network.hpp>
#include <reeve/linux/socket.hpp>

#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>

namespace reeve::linux {
namespace {

constexpr std::string_view temporary_ending = ".new";

Result<void> switch_on(int fd, int level, int option, const char* name) {
  const int on = 1;
  if (::setsockopt(fd, level, option, &on, sizeof on) == 0) return {};
  return fail(std::string("cannot set ") + name, errno);
}

Result<void> bind_to(int fd, const SocketAddress& address) {
  const RawAddress raw = address.raw();
  if (::bind(fd, &raw.any, raw.size) == 0) return {};
  return fail("cannot bind to " + address.to_string(), errno);
}

Result<UniqueFd> bind_tcp(const SocketAddress& address, const Network* network) {
  REEVE_TRY(UniqueFd fd, make_stream_socket(address.family(), network));
  REEVE_TRY_VOID(switch_on(fd.get(), SOL_SOCKET, SO_REUSEPORT, "SO_REUSEPORT"));
  if (address.family() == AF_INET6) REEVE_TRY_VOID(switch_on(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY"));
  REEVE_TRY_VOID(bind_to(fd.get(), address));
  return fd;
}

// Nobody else may answer at the path, and nothing but a socket may be replaced.
Result<void> check_path_is_free(const SocketAddress& address) {
  struct stat there {};
  if (::lstat(address.path().c_str(), &there) != 0) return {};
  const std::string where = "cannot bind to " + address.to_string();
  if (!S_ISSOCK(there.st_mode)) return fail(where + ": a file that is no socket is there", EEXIST);
  REEVE_TRY(const UniqueFd probe, make_stream_socket(AF_UNIX));
  const Result<void> answered = begin_connect(probe.get(), address);
  // EAGAIN: somebody listens and is busy
  if (answered || answered.error().code == EAGAIN) return fail(where, EADDRINUSE);
  return {};
}

Result<UniqueFd> bind_unix(const SocketAddress& address) {
  REEVE_TRY_VOID(check_path_is_free(address));
  REEVE_TRY(UniqueFd fd, make_stream_socket(AF_UNIX));
  const std::string temporary = address.path() + std::string(temporary_ending);
  ::unlink(temporary.c_str());
  const std::string where = "cannot bind to " + address.to_string();
  // What failed is named as the user wrote it.
  if (const auto bound = bind_to(fd.get(), address.with_path(temporary)); !bound) {
    return fail(where, bound.error().code);
  }
  if (::rename(temporary.c_str(), address.path().c_str()) == 0) return fd;
  const int error = errno;
  ::unlink(temporary.c_str());
  return fail(where, error);
}

}  // namespace

Result<UniqueFd> make_stream_socket(int family, const Network* network) {
  if (network != nullptr) return network->make_socket(family, SOCK_STREAM);
  UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fail("cannot make a socket", errno);
  return fd;
}

Result<UniqueFd> bind_listener(const SocketAddress& address, const Network* network) {
  return address.is_unix() ? bind_unix(address) : bind_tcp(address, network);
}

Result<void> listen_on(int fd, int backlog) {
  // the kernel cuts the number down to net.core.somaxconn by itself
  if (::listen(fd, backlog == 0 ? INT_MAX : backlog) == 0) return {};
  return fail("cannot listen", errno);
}

Result<void> refuse_connections(int fd) {
  if (::shutdown(fd, SHUT_RD) == 0) return {};
  return fail("cannot stop listening", errno);
}

Result<Accepted> accept_connection(int listener) {
  Accepted accepted;
  do {
    accepted.peer.size = sizeof accepted.peer.local;
    accepted.fd.reset(::accept4(listener, &accepted.peer.any, &accepted.peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    // ECONNABORTED: that one is gone, the next may be there
  } while (!accepted.fd && (errno == EINTR || errno == ECONNABORTED));
  if (!accepted.fd) return fail("cannot accept", errno);
  return accepted;
}

Result<void> bind_source(int fd, const SocketAddress& source) {
  REEVE_TRY_VOID(switch_on(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, "IP_BIND_ADDRESS_NO_PORT"));
  return bind_to(fd, source.with_port(0));
}

Result<void> begin_connect(int fd, const SocketAddress& address) {
  const RawAddress raw = address.raw();
  if (::connect(fd, &raw.any, raw.size) == 0 || errno == EINPROGRESS || errno == EINTR) return {};
  return fail("cannot connect to " + address.to_string(), errno);
}

int take_socket_error(int fd) noexcept {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

Result<void> filter_new_connections(int listener) {
  constexpr unsigned flags_offset = 13;  // in the TCP header, where the filter's view begins
  constexpr unsigned syn = 0x02, ack = 0x10;
  sock_filter code[] = {
      {BPF_LD | BPF_B | BPF_ABS, 0, 0, flags_offset}, {BPF_ALU | BPF_AND | BPF_K, 0, 0, syn | ack},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, syn},         {BPF_RET | BPF_K, 0, 0, 0},
      {BPF_RET | BPF_K, 0, 0, 0xffffffffU},
  };
  const sock_fprog program{sizeof code / sizeof code[0], code};
  if (::setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0) return {};
  return fail("cannot filter new connections", errno);
}

void remove_filter(int fd) noexcept {
  const int ignored = 0;
  ::setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &ignored, sizeof ignored);
}

void set_no_delay(int fd) noexcept {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void reset_on_close(int fd) noexcept {
  const linger now{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

Result<void> end_writing(int fd) {
  if (::shutdown(fd, SHUT_WR) == 0) return {};
  return fail("cannot end a stream", errno);
}

// Without SO_REUSEPORT nobody shares it, and SO_REUSEADDR does not mind connections in TIME_WAIT.
Result<UniqueFd> listen_alone(const SocketAddress& address) {
  REEVE_TRY(UniqueFd fd, make_stream_socket(address.family()));
  const int on = 1;
  const RawAddress raw = address.raw();
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::bind(fd.get(), &raw.any, raw.size) != 0 || ::listen(fd.get(), SOMAXCONN) != 0) {
    return fail("unable to listen on " + address.to_string(), errno);
  }
  return fd;
}

Result<UniqueFd> listen_for_another(const SocketAddress& address) {
  UniqueFd fd;
  if (address.is_unix()) {
    REEVE_TRY(fd, bind_unix(address));
  } else {
    REEVE_TRY(fd, make_stream_socket(address.family()));
    REEVE_TRY_VOID(switch_on(fd.get(), SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR"));
    if (address.family() == AF_INET6) REEVE_TRY_VOID(switch_on(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY"));
    REEVE_TRY_VOID(bind_to(fd.get(), address));
  }
  // Two that listen are told apart here only, where both let others have the port.
  if (auto heard = listen_on(fd.get()); !heard)
    return fail("cannot bind to " + address.to_string(), heard.error().code);
  if (::fcntl(fd.get(), F_SETFL, 0) != 0) return fail("cannot set up " + address.to_string(), errno);
  return fd;
}

Result<std::uint16_t> bind_to_free_port(int fd) {
  sockaddr_in any{};
  any.sin_family = AF_INET;
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&any), sizeof any) != 0)
    return fail("cannot find a free port", errno);
  REEVE_TRY(const SocketAddress bound, local_address(fd));
  return bound.port();
}

Result<SocketAddress> listener_address(int fd) {
  REEVE_TRY(SocketAddress bound, local_address(fd));
  const std::string& path = bound.path();
  if (!path.ends_with(temporary_ending)) return bound;
  return bound.with_path(path.substr(0, path.size() - temporary_ending.size()));
}

SocketKind socket_kind(int fd) noexcept {
  const auto option = [fd](int name) {
    int value = 0;
    socklen_t size = sizeof value;
    return ::getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : 0;
  };
  return {option(SO_TYPE) == SOCK_STREAM, option(SO_ACCEPTCONN) != 0};
}

Result<SocketAddress> local_address(int fd) {
  RawAddress raw;
  if (::getsockname(fd, &raw.any, &raw.size) != 0) return fail("cannot tell a socket's address", errno);
  return SocketAddress::from_raw(raw);
}

}  // namespace reeve::linux
