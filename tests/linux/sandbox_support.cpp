#include <linux/sandbox_support.hpp>

#include <reeve/linux/socket.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace reeve::linux::test {
namespace {

bool is_ready(int fd, short events) {
  pollfd source{fd, events, 0};
  return ::poll(&source, 1, 20'000) == 1;
}

std::string ask_over(const UniqueFd& fd, std::uint16_t port) {
  const auto address = SocketAddress::parse("127.0.0.1:" + std::to_string(port));
  if (auto begun = begin_connect(fd.get(), *address); !begun) return std::strerror(begun.error().code);
  if (!is_ready(fd.get(), POLLOUT)) return "no answer";
  if (const int code = take_socket_error(fd.get()); code != 0) return std::strerror(code);
  constexpr std::string_view request = "GET / HTTP/1.1\r\nConnection: close\r\n\r\n";
  if (::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return std::strerror(errno);
  std::string answer;
  char chunk[4096];
  while (is_ready(fd.get(), POLLIN)) {
    const ssize_t got = ::recv(fd.get(), chunk, sizeof chunk, 0);
    if (got <= 0) break;
    answer.append(chunk, static_cast<std::size_t>(got));
  }
  const std::size_t body = answer.find("\r\n\r\n");
  return body == std::string::npos ? "no answer: " + answer : answer.substr(body + 4);
}

}  // namespace

std::unique_ptr<Sandbox> make_sandbox(SandboxSpec spec) {
  auto made = Sandbox::make(std::move(spec));
  if (made) return std::make_unique<Sandbox>(*std::move(made));
  BOOST_TEST_MESSAGE(made.error().message());
  return nullptr;
}

std::unique_ptr<Sandbox> isolated_sandbox(const std::string& host_name) { return make_sandbox({host_name, true, {}}); }

ProcessSpec inside(const Sandbox& sandbox) {
  ProcessSpec spec = with(Isolation::private_namespaces);
  spec.sandbox = &sandbox;
  return spec;
}

std::string output_of(const ProcessSpec& spec, const std::vector<std::string>& flags) {
  const auto running = run(spec, flags);
  if (!running) return "it could not be started";
  if (!running->wait_gone()) return "it did not end: " + running->output;
  return running->failed ? running->message() : running->output;
}

Listener::Listener() : fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(fd.get(), any, size) == 0 && ::listen(fd.get(), 8) == 0 && ::getsockname(fd.get(), any, &size) == 0) {
    port = ntohs(address.sin_port);
  }
}

std::uint16_t free_port() { return Listener().port; }

std::string ask(const Network& network, std::uint16_t port) {
  const auto fd = network.make_socket(AF_INET, SOCK_STREAM);
  return fd ? ask_over(*fd, port) : fd.error().message();
}

std::string ask_host(std::uint16_t port) {
  const auto fd = make_stream_socket(AF_INET);
  return fd ? ask_over(*fd, port) : fd.error().message();
}

std::uint64_t network_cookie(int fd) {
  std::uint64_t cookie = 0;
  socklen_t size = sizeof cookie;
  if (::getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) != 0) return 0;
  return cookie;
}

}  // namespace reeve::linux::test
