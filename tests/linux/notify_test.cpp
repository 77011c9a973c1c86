// Datagrams to a service manager, and what it says in the environment.
#include <linux/support.hpp>
#include <reeve/linux/notify.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace reeve::linux::test {
namespace {

// The manager's end.
class Manager {
 public:
  explicit Manager(const std::string& name) : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, name.data(), name.size());
    if (name[0] == '@') {
      at.sun_path[0] = '\0';
    } else {
      path_ = name;
    }
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    BOOST_REQUIRE_EQUAL(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&at), size), 0);
  }
  ~Manager() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }

  struct Heard {
    std::string text;
    UniqueFd fd;
  };
  Heard hear() const {
    char bytes[4096];
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    iovec into{bytes, sizeof bytes};
    msghdr message{};
    message.msg_iov = &into;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    Heard heard;
    const ssize_t got = ::recvmsg(fd_.get(), &message, MSG_CMSG_CLOEXEC);
    if (got < 0) return heard;
    heard.text.assign(bytes, static_cast<std::size_t>(got));
    if (const cmsghdr* const header = CMSG_FIRSTHDR(&message)) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
      heard.fd.reset(fd);
    }
    return heard;
  }

 private:
  UniqueFd fd_;
  std::string path_;
};

// What a child with this environment makes of it, in one line.
std::string told(const std::vector<std::pair<std::string, std::string>>& environment, int passed = 0) {
  int line[2];
  BOOST_REQUIRE_EQUAL(::pipe2(line, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const int out = ::fcntl(line[1], F_DUPFD, 64);
    for (int fd = 3; fd < 64; ++fd) ::close(fd);
    for (int i = 0; i < passed; ++i) static_cast<void>(::open("/dev/null", O_RDONLY));
    for (const auto& [name, value] : environment) {
      ::setenv(name.c_str(), value == "PID" ? std::to_string(::getpid()).c_str() : value.c_str(), 1);
    }
    const ManagerEnvironment found = take_manager_environment();
    std::string text = found.notify_socket + (found.keeps_descriptors ? " store" : "");
    if (found.watchdog) text += " watchdog " + go_duration(*found.watchdog);
    for (const auto& each : found.passed) text += ' ' + std::to_string(each.fd.get()) + '=' + each.name;
    for (const char* name :
         {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "FDSTORE", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) {
      if (std::getenv(name) != nullptr) text += std::string(" LEFT ") + name;
    }
    static_cast<void>(!::write(out, text.data(), text.size()));
    ::_exit(0);
  }
  ::close(line[1]);
  char text[512];
  const ssize_t got = ::read(line[0], text, sizeof text);
  ::close(line[0]);
  ::waitpid(child, nullptr, 0);
  return {text, static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(notify)

BOOST_AUTO_TEST_CASE(reaches_a_path_and_an_abstract_name) {
  for (const std::string& name : {scratch() + "/notify", "@reeve-notify-" + unique_mark()}) {
    const Manager manager(name);
    const auto notifier = Notifier::open(name);
    BOOST_REQUIRE(notifier);
    BOOST_CHECK(notifier->send("READY=1\nSTATUS=12/13 pods ready"));
    BOOST_CHECK_EQUAL(manager.hear().text, "READY=1\nSTATUS=12/13 pods ready");
  }
}

BOOST_AUTO_TEST_CASE(a_descriptor_travels_along) {
  const std::string name = "@reeve-notify-" + unique_mark();
  const Manager manager(name);
  const auto notifier = Notifier::open(name);
  int ends[2];
  BOOST_REQUIRE_EQUAL(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd mine(ends[0]), theirs(ends[1]);
  BOOST_REQUIRE(notifier->send("FDSTORE=1", std::array{mine.get()}));
  const Manager::Heard heard = manager.hear();
  BOOST_CHECK_EQUAL(heard.text, "FDSTORE=1");
  struct stat a {
  }, b{};
  BOOST_REQUIRE_EQUAL(::fstat(mine.get(), &a), 0);
  BOOST_REQUIRE_EQUAL(::fstat(heard.fd.get(), &b), 0);
  BOOST_CHECK_EQUAL(a.st_ino, b.st_ino);
}

BOOST_AUTO_TEST_CASE(a_manager_that_reads_nothing_is_not_waited_for) {
  const std::string name = "@reeve-notify-" + unique_mark();
  const Manager manager(name);
  const auto notifier = Notifier::open(name);
  Result<void> sent;
  for (int i = 0; i < 1'000'000 && sent; ++i) sent = notifier->send("WATCHDOG=1");
  BOOST_REQUIRE(!sent);
  BOOST_CHECK_EQUAL(sent.error().code, EAGAIN);
  BOOST_CHECK_EQUAL(manager.hear().text, "WATCHDOG=1");
  BOOST_CHECK(notifier->send("READY=1"));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_an_address_is_refused) {
  for (const std::string& name :
       {std::string("vsock:2:1234"), std::string("relative"), std::string("/"), "/" + std::string(200, 'x')}) {
    BOOST_CHECK(!Notifier::open(name));
  }
  BOOST_CHECK(!Notifier::open(scratch() + "/nobody")->send("READY=1"));
}

BOOST_AUTO_TEST_CASE(the_environment_is_read_once_and_taken_away) {
  BOOST_CHECK_EQUAL(told({}), "");
  BOOST_CHECK_EQUAL(told({{"NOTIFY_SOCKET", "/n"}, {"WATCHDOG_USEC", "3000000"}, {"WATCHDOG_PID", "PID"}}),
                    "/n watchdog 3s");
  BOOST_CHECK_EQUAL(told({{"WATCHDOG_USEC", "3000000"}, {"WATCHDOG_PID", "1"}}), "");
  BOOST_CHECK_EQUAL(told({{"WATCHDOG_USEC", "soon"}}), "");
  BOOST_CHECK_EQUAL(told({{"NOTIFY_SOCKET", "@n"}, {"FDSTORE", "512"}}), "@n store");
  BOOST_CHECK_EQUAL(told({{"NOTIFY_SOCKET", "@n"}, {"FDSTORE", "0"}}), "@n");
}

BOOST_AUTO_TEST_CASE(passed_descriptors_have_the_names_they_were_given) {
  BOOST_CHECK_EQUAL(told({{"LISTEN_PID", "PID"}, {"LISTEN_FDS", "2"}, {"LISTEN_FDNAMES", "web:api"}}, 2),
                    " 3=web 4=api");
  BOOST_CHECK_EQUAL(told({{"LISTEN_PID", "PID"}, {"LISTEN_FDS", "1"}}, 1), " 3=");
  BOOST_CHECK_EQUAL(told({{"LISTEN_PID", "PID"}, {"LISTEN_FDS", "3"}, {"LISTEN_FDNAMES", "web"}}, 1), " 3=web");
  BOOST_CHECK_EQUAL(told({{"LISTEN_PID", "1"}, {"LISTEN_FDS", "1"}, {"LISTEN_FDNAMES", "web"}}, 1), "");
}

BOOST_AUTO_TEST_CASE(a_name_is_printable_and_has_no_colon) {
  BOOST_CHECK(is_fd_name("reeve/127.77.3.9,80"));
  BOOST_CHECK(is_fd_name(std::string(255, 'x')));
  BOOST_CHECK(!is_fd_name(std::string(256, 'x')));
  BOOST_CHECK(!is_fd_name("a:b"));
  BOOST_CHECK(!is_fd_name("a\n"));
  BOOST_CHECK(!is_fd_name("\xc3\xbc"));
  BOOST_CHECK(!is_fd_name(""));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace reeve::linux::test
