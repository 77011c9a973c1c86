#include <proxy/support.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <ostream>
#include <string_view>

namespace reeve::proxy::test {
namespace {

void be_patient(int fd) {
  const timeval ceiling{10, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &ceiling, sizeof ceiling);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &ceiling, sizeof ceiling);
}

std::size_t count_descriptors(std::string_view kind) {
  DIR* const directory = ::opendir("/proc/self/fd");
  std::size_t count = 0;
  while (const dirent* entry = ::readdir(directory)) {
    char name[64] = "";
    const ssize_t size = ::readlinkat(::dirfd(directory), entry->d_name, name, sizeof name);
    if (size > 0 && std::string_view(name, static_cast<std::size_t>(size)).starts_with(kind)) ++count;
  }
  ::closedir(directory);
  return count;
}

}  // namespace

SocketAddress address(const std::string& text) {
  const Result<SocketAddress> parsed = SocketAddress::parse(text);
  BOOST_REQUIRE_MESSAGE(parsed, text);
  return *parsed;
}

SocketAddress free_address(const std::string& host) {
  const SocketAddress wanted = address(host + ":1").with_port(0);
  const UniqueFd fd(::socket(wanted.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  const linux::RawAddress raw = wanted.raw();
  BOOST_REQUIRE_EQUAL(::bind(fd.get(), &raw.any, raw.size), 0);
  return wanted.with_port(linux::local_address(fd.get())->port());
}

SocketAddress free_unix_address() {
  static std::atomic<int> number{0};
  return address("unix:/tmp/reeve-test-" + std::to_string(::getpid()) + "-" + std::to_string(++number) + ".sock");
}

UniqueFd make_socket(int family, const Network* network) {
  Result<UniqueFd> made = linux::make_stream_socket(family, network);
  REEVE_CHECK(made);  // from any thread, where Boost's macros are not for
  const int flags = ::fcntl(made->get(), F_GETFL);
  REEVE_CHECK(::fcntl(made->get(), F_SETFL, flags & ~O_NONBLOCK) == 0);
  return *std::move(made);
}

Connected connect_to(const SocketAddress& to, const Network* network, int receive_buffer) {
  Connected connected{make_socket(to.family(), network), 0};
  if (receive_buffer != 0) {
    ::setsockopt(connected.fd.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  }
  be_patient(connected.fd.get());
  const linux::RawAddress raw = to.raw();
  if (::connect(connected.fd.get(), &raw.any, raw.size) != 0) connected.error = errno;
  return connected;
}

UniqueFd listen_at(const SocketAddress& at, int backlog, const Network* network) {
  UniqueFd fd = make_socket(at.family(), network);
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const linux::RawAddress raw = at.raw();
  BOOST_REQUIRE_EQUAL(::bind(fd.get(), &raw.any, raw.size), 0);
  BOOST_REQUIRE_EQUAL(::listen(fd.get(), backlog), 0);
  return fd;
}

UniqueFd accept_from(int listener, int seconds_max) {
  pollfd waiting{listener, POLLIN, 0};
  if (::poll(&waiting, 1, seconds_max * 1000) != 1) return {};
  UniqueFd fd(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  if (fd) be_patient(fd.get());
  return fd;
}

void send_text(int fd, const std::string& text) {
  BOOST_REQUIRE_EQUAL(::send(fd, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}

Heard hear(int fd, std::size_t count) {
  Heard heard;
  char chunk[4096];
  while (heard.text.size() < count) {
    const ssize_t got = ::recv(fd, chunk, std::min(sizeof chunk, count - heard.text.size()), 0);
    if (got < 0) heard.error = errno;
    heard.ended = got == 0;
    if (got <= 0) break;
    heard.text.append(chunk, static_cast<std::size_t>(got));
  }
  return heard;
}

std::ostream& operator<<(std::ostream& out, const Heard& heard) {
  return out << '"' << heard.text << '"' << (heard.ended ? " end" : "") << " errno " << heard.error;
}

char ask(const SocketAddress& at, const Network* network) {
  const Connected client = connect_to(at, network);
  if (client.error == ECONNREFUSED) return '-';
  // whoever meets the error first takes it away
  if (::send(client.fd.get(), "x", 1, MSG_NOSIGNAL) < 0) return 'r';
  const Heard heard = hear(client.fd.get(), 1);
  if (heard.error == ECONNRESET || heard.error == EPIPE) return 'r';
  return heard.text.empty() ? 'e' : heard.text[0];
}

std::size_t open_descriptors() { return count_descriptors(""); }

std::size_t open_pipes() { return count_descriptors("pipe:"); }

bool wait_for(const std::function<bool()>& condition, std::chrono::milliseconds ceiling) {
  const auto until = std::chrono::steady_clock::now() + ceiling;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  return true;
}

Silent::Silent(const SocketAddress& address) : listener_(listen_at(address, 0)) {
  for (int i = 0; i < 4; ++i) {
    crowd_.push_back(*linux::make_stream_socket(AF_INET));
    BOOST_REQUIRE(linux::begin_connect(crowd_.back().get(), address));
  }
}

Backend::Backend(const SocketAddress& at, char name, const Network* network)
    : address_(at), name_(name), listener_(listen_at(at, 4096, network)), thread_([this] { serve(); }) {}

Backend::~Backend() {
  stopping_ = true;
  thread_.join();
}

SocketAddress Backend::last_peer() const {
  const std::lock_guard lock(mutex_);
  return last_peer_;
}

void Backend::serve() {
  while (!stopping_) {
    pollfd waiting{listener_.get(), POLLIN, 0};
    if (::poll(&waiting, 1, 20) != 1) continue;
    linux::RawAddress peer;
    const UniqueFd client(::accept4(listener_.get(), &peer.any, &peer.size, SOCK_CLOEXEC));
    if (!client) continue;
    be_patient(client.get());
    {
      const std::lock_guard lock(mutex_);
      last_peer_ = SocketAddress::from_raw(peer);
    }
    char byte;
    if (::recv(client.get(), &byte, 1, 0) != 1) continue;
    served_.fetch_add(1);
    ::send(client.get(), &name_, 1, MSG_NOSIGNAL);
  }
}

World::World(ProxyOptions options) {
  if (!options.seed) options.seed = 42;
  BOOST_REQUIRE_EQUAL(uv_loop_init(&loop_), 0);
  auto started = Proxy::start(loop_, *this, options);
  BOOST_REQUIRE(started);
  proxy = *std::move(started);
}

World::~World() {
  proxy.reset();
  uv_run(&loop_, UV_RUN_DEFAULT);
  uv_loop_close(&loop_);
}

bool World::wait(const std::function<bool()>& condition, std::chrono::milliseconds ceiling) {
  return wait_for(
      [&] {
        uv_run(&loop_, UV_RUN_NOWAIT);
        return condition();
      },
      ceiling);
}

void World::open(const SocketAddress& at, Balancing balancing) {
  const std::size_t before = listening.size();
  proxy->open({.id = service_one, .name = "web", .listen = {at}, .balancing = balancing, .client_ip_affinity = {}});
  BOOST_REQUIRE(wait([&] { return listening.size() > before || !failed.empty(); }));
}

void World::serve(const SocketAddress& at, const std::vector<SocketAddress>& pods, Balancing balancing) {
  open(at, balancing);
  for (std::size_t i = 0; i < pods.size(); ++i) ready(i + 1, pods[i]);
  settle();
}

void World::ready(std::uint64_t pod, const SocketAddress& at, bool is_ready, std::shared_ptr<const Network> network) {
  proxy->set_endpoint(service_one, {PodId{pod}, at, is_ready, is_ready, false, std::move(network)});
}

void World::unready(std::uint64_t pod, const SocketAddress& at, std::shared_ptr<const Network> network) {
  drained.clear();
  ready(pod, at, false, std::move(network));
  BOOST_REQUIRE(wait([&] { return !drained.empty(); }));
}

void World::settle() {
  // an endpoint nobody knows is drained at once, and answers come in order
  const Drained marker{ServiceId{999}, PodId{999}};
  const std::size_t before = drained.size();
  proxy->remove_endpoint(marker.service, marker.pod);
  BOOST_REQUIRE(wait([&] {
    for (std::size_t i = before; i < drained.size(); ++i) {
      if (drained[i].service != marker.service) continue;
      drained.erase(drained.begin() + static_cast<std::ptrdiff_t>(i));
      return true;
    }
    return false;
  }));
}

}  // namespace reeve::proxy::test
