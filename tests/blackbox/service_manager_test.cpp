// reeve and a service manager: what it is told, and the sockets that it keeps and passes.
#include <blackbox/support.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <cstring>
#include <fstream>
#include <future>
#include <map>
#include <thread>

using namespace reeve::test;

namespace {

// A manager's end of NOTIFY_SOCKET, with a store for descriptors.
class Manager {
 public:
  explicit Manager(const Scratch& scratch)
      : path_(scratch.file("notify")), fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::strcpy(at.sun_path, path_.c_str());
    BOOST_REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
  }
  ~Manager() {
    for (const auto& [name, fd] : kept_) ::close(fd);
    ::close(fd_);
  }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  RunSettings settings(const std::vector<std::string>& more = {}) {
    RunSettings settings;
    settings.environment = {"NOTIFY_SOCKET=" + path_, "FDSTORE=64"};
    settings.environment.insert(settings.environment.end(), more.begin(), more.end());
    for (const auto& [name, fd] : kept_) {
      settings.passed.push_back(fd);
      settings.passed_names += (settings.passed_names.empty() ? "" : ":") + name;
    }
    return settings;
  }

  bool hears(const std::string& text, Millis limit = ceiling) {
    return eventually(
        [&] {
          read_all();
          return heard_.find(text) != std::string::npos;
        },
        limit);
  }
  std::size_t place_of(const std::string& text) const { return heard_.find(text); }
  void forget() { heard_.clear(); }
  const std::string& heard() {
    read_all();
    return heard_;
  }
  std::size_t kept() {
    read_all();
    return kept_.size();
  }

 private:
  void read_all() {
    for (;;) {
      char bytes[4096];
      alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
      iovec into{bytes, sizeof bytes};
      msghdr message{};
      message.msg_iov = &into;
      message.msg_iovlen = 1;
      message.msg_control = control;
      message.msg_controllen = sizeof control;
      const ssize_t got = ::recvmsg(fd_, &message, MSG_CMSG_CLOEXEC);
      if (got < 0) return;
      const std::string text(bytes, static_cast<std::size_t>(got));
      int fd = -1;
      if (const cmsghdr* header = CMSG_FIRSTHDR(&message)) std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
      take(text, fd);
      heard_ += text + '\n';
    }
  }

  void take(const std::string& text, int fd) {
    const std::size_t at = text.find("FDNAME=");
    if (at == std::string::npos) return;
    const std::string name = text.substr(at + 7, text.find('\n', at) - at - 7);
    if (text.starts_with("FDSTOREREMOVE=1")) {
      if (const auto found = kept_.extract(name)) ::close(found.mapped());
      return;
    }
    BOOST_TEST(fd >= 0);
    BOOST_TEST(!kept_.contains(name));
    kept_[name] = fd;
  }

  std::string path_;
  int fd_;
  std::string heard_;
  std::map<std::string, int> kept_;
};

struct Web {
  Scratch scratch;
  Manager manager{scratch};
  int front = free_port();

  std::string unix_path() const { return scratch.file("web.sock"); }
  std::string file(const std::string& listen, const std::vector<std::string>& flags = {}) const {
    std::vector<std::string> all = flags;
    all.insert(all.end(), {"--http", "3000"});
    return scratch.write("web.toml", "[supervisor]\nsocket = \"\"\nstateDirectory = \"\"\n" +
                                         pod(scratch, "web", all,
                                             "network = \"isolated\"\n[pod.web.readinessProbe]\nhttpGet = { path = "
                                             "\"/health\", port = 3000 }\nperiodSeconds = 0.1\n") +
                                         "[service.web]\nport = 80\ntargetPort = 3000\npod = \"web\"\nlisten = [" +
                                         listen + "]\n");
  }
  std::string file() const {
    return file(quoted("127.0.0.1:" + std::to_string(front)) + ", " + quoted("unix:" + unix_path()));
  }
};

int connect_unix(const std::string& path) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::strcpy(to.sun_path, path.c_str());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) return fd;
  ::close(fd);
  return -1;
}

std::string ask(int fd) {
  constexpr char request[] = "GET / HTTP/1.0\r\n\r\n";
  const timeval limit{20, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  static_cast<void>(::send(fd, request, sizeof request - 1, MSG_NOSIGNAL));
  std::string text;
  char bytes[4096];
  for (ssize_t got; (got = ::recv(fd, bytes, sizeof bytes, 0)) > 0;) text.append(bytes, static_cast<std::size_t>(got));
  ::close(fd);
  return text;
}

// As a .socket unit makes it.
int listen_at(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<std::uint16_t>(port));
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  BOOST_REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
  BOOST_REQUIRE(::listen(fd, 4096) == 0);
  return fd;
}

bool is_hung_up(int fd) {
  pollfd one{fd, POLLIN, 0};
  ::poll(&one, 1, 0);
  return (one.revents & (POLLHUP | POLLERR)) != 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(service_manager)

BOOST_AUTO_TEST_CASE(hears_of_start_reload_and_stop_in_order) {
  Web web;
  const std::string file = web.file();
  Reeve reeve({"run", "-f", file}, web.manager.settings());
  BOOST_TEST(web.manager.hears("READY=1\nSTATUS="));
  BOOST_TEST(web.manager.hears("STATUS=1/1 pod ready"));
  const std::string heard = web.manager.heard();
  BOOST_TEST(heard.find("FDNAME=reeve/127.0.0.1," + std::to_string(web.front)) < heard.find("READY=1"));
  web.manager.forget();
  reeve.signal(SIGHUP);
  BOOST_TEST(web.manager.hears("READY=1\nSTATUS=1/1 pod ready"));
  BOOST_TEST(web.manager.heard().starts_with("RELOADING=1\nMONOTONIC_USEC="));
  web.manager.forget();
  std::ofstream(file, std::ios::app) << "nonsense\n";
  reeve.signal(SIGHUP);
  BOOST_TEST(web.manager.hears("READY=1\nSTATUS=1/1 pod ready; last reload refused: " + file));
  web.manager.forget();
  reeve.signal(SIGTERM);
  BOOST_TEST(web.manager.hears("EXTEND_TIMEOUT_USEC="));
  BOOST_TEST(web.manager.heard().starts_with("STOPPING=1\n"));
  BOOST_TEST(reeve.wait().value_or(-1) == 0);
  BOOST_TEST(web.manager.heard().find("READY=1") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_watchdog_is_told_by_the_loop_while_it_turns) {
  Web web;
  Reeve reeve({"run", "-f", web.file()}, web.manager.settings({"WATCHDOG_USEC=200000"}));
  for (int beat = 0; beat < 3; ++beat) {
    BOOST_TEST(web.manager.hears("WATCHDOG=1"));
    web.manager.forget();
  }
}

BOOST_AUTO_TEST_CASE(pods_see_nothing_of_it) {
  Web web;
  Reeve reeve({"run", "-f", web.file()}, web.manager.settings({"WATCHDOG_USEC=60000000"}));
  BOOST_TEST(web.manager.hears("STATUS=1/1 pod ready"));
  for (const pid_t pid : processes_named(web.scratch.behave_name())) {
    std::ifstream stream("/proc/" + std::to_string(pid) + "/environ");
    const std::string environment{std::istreambuf_iterator<char>(stream), {}};
    BOOST_TEST(!environment.empty());
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_", "FDSTORE", "LISTEN_"}) {
      BOOST_TEST(environment.find(name) == std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(sockets_that_it_keeps_refuse_nobody_while_there_is_no_reeve) {
  for (const int how : {SIGKILL, SIGTERM}) {
    Web web;
    const std::string file = web.file();
    std::optional<Reeve> reeve;
    reeve.emplace(std::vector<std::string>{"run", "-f", file}, web.manager.settings());
    BOOST_TEST(web.manager.hears("STATUS=1/1 pod ready"));
    // the pod is ready, and the proxy hears of it a moment later
    BOOST_REQUIRE(eventually([&] { return http_get(web.front, "/").status == 200; }));
    BOOST_TEST(web.manager.kept() == 3u);  // the cluster address, too
    reeve->signal(how);
    BOOST_TEST(reeve->wait().value_or(-1) == (how == SIGKILL ? 128 + SIGKILL : 0));
    BOOST_TEST((try_connect(web.front) == Connected::yes));
    auto tcp = std::async(std::launch::async, [&] { return http_get(web.front, "/").status; });
    const int client = connect_unix(web.unix_path());
    BOOST_TEST(client >= 0);
    web.manager.forget();
    reeve.emplace(std::vector<std::string>{"run", "-f", file}, web.manager.settings());
    BOOST_TEST(ask(client).starts_with("HTTP/1.1 200"));
    BOOST_TEST(tcp.get() == 200);
    BOOST_TEST(web.manager.heard().find("FDSTORE") == std::string::npos);  // they are there already
    BOOST_TEST(web.manager.kept() == 3u);
  }
}

BOOST_AUTO_TEST_CASE(kept_sockets_without_a_service_are_closed) {
  Web web;
  {
    Reeve reeve({"run", "-f", web.file()}, web.manager.settings());
    BOOST_TEST(web.manager.hears("STATUS=1/1 pod ready"));
    reeve.signal(SIGKILL);
    BOOST_TEST(reeve.wait().value_or(-1) == 128 + SIGKILL);
  }
  Reeve reeve({"run", "-f", web.file("")}, web.manager.settings());
  BOOST_TEST(reeve.prints("no service listens on 127.0.0.1:" + std::to_string(web.front) + " any more"));
  BOOST_TEST(eventually([&] { return web.manager.kept() == 1u; }));
  BOOST_TEST(eventually([&] { return try_connect(web.front) == Connected::refused; }));
}

BOOST_AUTO_TEST_CASE(a_start_with_kept_sockets_holds_only_for_its_time) {
  Web web;
  const std::string file = web.file(quoted("127.0.0.1:" + std::to_string(web.front)));
  std::ofstream(file, std::ios::app) << "holdSeconds = 0.5\n";
  {
    Reeve reeve({"run", "-f", file}, web.manager.settings());
    BOOST_TEST(web.manager.hears("STATUS=1/1 pod ready"));
    reeve.signal(SIGKILL);
    BOOST_TEST(reeve.wait().value_or(-1) == 128 + SIGKILL);
  }
  const std::string unready = web.file(quoted("127.0.0.1:" + std::to_string(web.front)), {"--exit", "1"});
  std::ofstream(unready, std::ios::app) << "holdSeconds = 0.5\n";
  Reeve reeve({"run", "-f", unready}, web.manager.settings());
  BOOST_TEST(eventually([&] { return try_connect(web.front) == Connected::refused; }));
}

BOOST_AUTO_TEST_CASE(a_socket_of_a_unit_serves_the_service_of_its_name) {
  Web web;
  const int unit = listen_at(web.front), other_port = free_port(), other = listen_at(other_port);
  RunSettings settings = web.manager.settings();
  settings.passed = {unit, other};
  settings.passed_names = "web:nobody";
  auto first = std::async(std::launch::async, [&] { return http_get(web.front, "/").status; });
  Reeve reeve({"run", "-f", web.file("")}, settings);
  BOOST_TEST(first.get() == 200);
  BOOST_TEST(reeve.prints("no service takes the socket \"nobody\" at 127.0.0.1:" + std::to_string(other_port)));
  BOOST_TEST(reeve.prints("service/web listens on 127.0.0.1:" + std::to_string(web.front) +
                          ", by a socket of the service manager"));
  BOOST_REQUIRE(eventually([&] { return http_get(web.front, "/be-unready").status == 200; }));
  BOOST_TEST(eventually([&] { return http_get(web.front, "/").status == 0; }));
  BOOST_TEST((try_connect(web.front) == Connected::yes));  // and is reset
  BOOST_TEST(!is_hung_up(unit));
  reeve.signal(SIGTERM);
  BOOST_TEST(reeve.wait().value_or(-1) == 0);
  BOOST_TEST(!is_hung_up(unit));
  BOOST_TEST((try_connect(web.front) == Connected::yes));  // and waits for the next
  ::close(unit);
  ::close(other);
}

BOOST_AUTO_TEST_SUITE_END()
