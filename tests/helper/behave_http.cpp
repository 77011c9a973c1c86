#include "behave_http.hpp"

#include "behave_notify.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>

namespace {

using Clock = std::chrono::steady_clock;

bool send_all(int client, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void answer(int client, int status, std::string_view body, std::string_view extra = "") {
  std::string text = "HTTP/1.1 " + std::to_string(status) +
                     " Status\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(extra) + "\r\n";
  send_all(client, text.append(body));
}

// The value of a header of the request, or nothing.
std::string header_of(std::string_view request, std::string_view name) {
  const std::size_t at = request.find("\r\n" + std::string(name) + ": ");
  if (at == std::string_view::npos) return {};
  const std::size_t start = at + name.size() + 4;
  return std::string(request.substr(start, request.find("\r\n", start) - start));
}

void wait_until_closed(int client) {
  char scratch[4096];
  while (::recv(client, scratch, sizeof scratch, 0) > 0) {
  }
}

void reset(int client) {
  const linger now{1, 0};
  ::setsockopt(client, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

void send_body(int client, std::size_t bytes) {
  send_all(client, "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(bytes) + "\r\n\r\n");
  const std::string chunk(65536, 'x');
  for (; bytes > 0; bytes -= std::min(bytes, chunk.size())) {
    if (!send_all(client, std::string_view(chunk).substr(0, bytes))) return;
  }
}

std::string host_name() {
  char name[65] = {};
  ::gethostname(name, sizeof name - 1);
  return name;
}

std::string peer_of(int client) {
  sockaddr_in peer{};
  socklen_t size = sizeof peer;
  ::getpeername(client, reinterpret_cast<sockaddr*>(&peer), &size);
  char text[INET_ADDRSTRLEN] = {};
  ::inet_ntop(AF_INET, &peer.sin_addr, text, sizeof text);
  return text;
}

class Server {
 public:
  explicit Server(const HttpBehaviour& behaviour) : behaviour_(behaviour) {}

  // False: the connection is to be closed.
  bool respond(int client, const std::string& request) {
    const std::size_t space = request.find(' ');
    const std::string path = request.substr(space + 1, request.find(' ', space + 1) - space - 1);
    if (path == "/health") return health(client, request);
    if (const char* rest = after(path, "/status/")) return answer(client, std::atoi(rest), "status\n"), true;
    if (const char* rest = after(path, "/body/")) return send_body(client, std::strtoul(rest, nullptr, 10)), true;
    if (const char* rest = after(path, "/slow/")) {
      std::this_thread::sleep_for(std::chrono::milliseconds(std::atoi(rest)));
      return answer(client, 200, "slow\n"), true;
    }
    if (const char* rest = after(path, "/execute/")) return execute(client, rest), true;
    if (const char* rest = after(path, "/redirect/")) {
      return answer(client, 302, "moved\n", "Location: " + std::string(rest) + "\r\n"), true;
    }
    if (path == "/be-ready" || path == "/be-unready") {
      told_unready_ = path == "/be-unready";
      return answer(client, 200, told_unready_ ? "unready from now on\n" : "ready from now on\n"), true;
    }
    if (path == "/pid") return answer(client, 200, std::to_string(::getpid()) + "\n"), true;
    if (path == "/who") return answer(client, 200, host_name() + " serves " + peer_of(client) + "\n"), true;
    if (path == "/headers") return answer(client, 200, request), true;
    if (is_broken(client, path)) return false;
    return answer(client, 200, behaviour_.greeting + "\n"), true;
  }

 private:
  static const char* after(const std::string& path, const char* prefix) {
    return path.starts_with(prefix) ? path.c_str() + std::strlen(prefix) : nullptr;
  }

  void execute(int client, const std::string& rest) const {
    const std::size_t slash = rest.find('/');
    const std::string line = rest.substr(0, slash) + '\n';
    const int file = ::open(behaviour_.executed_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (::write(file, line.data(), line.size()) != static_cast<ssize_t>(line.size())) return answer(client, 500, "");
    ::close(file);
    if (slash != std::string::npos) {
      std::this_thread::sleep_for(std::chrono::milliseconds(std::atoi(rest.c_str() + slash + 1)));
    }
    answer(client, 200, "done\n");
  }

  bool health(int client, const std::string& request) const {
    if (!behaviour_.log_header.empty()) {
      std::printf("GET /health %s: %s\n", behaviour_.log_header.c_str(),
                  header_of(request, behaviour_.log_header).c_str());
      std::fflush(stdout);
    }
    bool is_ready = !told_unready_;
    is_ready = is_ready && (behaviour_.unready_file.empty() || ::access(behaviour_.unready_file.c_str(), F_OK) != 0);
    if (behaviour_.flap_seconds > 0) {
      const double age = std::chrono::duration<double>(Clock::now() - born_).count();
      is_ready = is_ready && static_cast<long>(age / behaviour_.flap_seconds) % 2 == 0;
    }
    answer(client, is_ready ? 200 : 503, is_ready ? "ok\n" : "not ready\n");
    return true;
  }

  static bool is_broken(int client, const std::string& path) {
    if (path == "/garbage") return send_all(client, "\x01\x02 what is this?\r\n\r\n"), true;
    if (path == "/endless-header") {
      send_all(client, "HTTP/1.1 200 OK\r\nX-Endless: ");
      while (send_all(client, std::string(4096, 'a'))) {
      }
      return true;
    }
    if (path == "/stall") {
      send_all(client, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
      return wait_until_closed(client), true;
    }
    if (path == "/hang") return wait_until_closed(client), true;
    if (path == "/reset") return reset(client), true;
    return path == "/close";
  }

  HttpBehaviour behaviour_;
  std::atomic<bool> told_unready_{false};
  Clock::time_point born_ = Clock::now();
};

void serve(Server& server, int client) {
  std::string request;
  char scratch[16384];
  for (bool goes_on = true; goes_on;) {
    const ssize_t got = ::recv(client, scratch, sizeof scratch, 0);
    if (got <= 0) break;
    request.append(scratch, static_cast<std::size_t>(got));
    for (std::size_t end; goes_on && (end = request.find("\r\n\r\n")) != std::string::npos;) {
      const std::string one = request.substr(0, end + 4);
      request.erase(0, end + 4);
      goes_on = server.respond(client, one) && one.find("\r\nConnection: close\r\n") == std::string::npos;
    }
  }
  ::close(client);
}

}  // namespace

void serve_http(int port, const HttpBehaviour& behaviour) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener, SOMAXCONN) != 0) {
    std::fprintf(stderr, "behave: cannot listen on 127.0.0.1:%d: %s\n", port, std::strerror(errno));
    std::exit(125);
  }
  std::printf("listening on 127.0.0.1:%d\n", port);
  std::fflush(stdout);
  serve_http_on(listener, 1, behaviour);
}

void serve_http_on(int first_fd, int count, const HttpBehaviour& behaviour) {
  static Server server(behaviour);
  if (!behaviour.clock_once_listening.empty()) write_clock(behaviour.clock_once_listening);
  if (!behaviour.once_listening.empty() && !notify(behaviour.once_listening)) {
    std::fprintf(stderr, "behave: cannot notify: %s\n", std::strerror(errno));
    std::exit(125);
  }
  const auto accept_all = [](int listener) {
    for (;;) {
      const int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
      if (client >= 0) std::thread(serve, std::ref(server), client).detach();
    }
  };
  for (int i = 1; i < count; ++i) std::thread(accept_all, first_fd + i).detach();
  accept_all(first_fd);
  std::abort();
}
