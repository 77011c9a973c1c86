#include "api/answer.hpp"
#include "api/connection.hpp"
#include "api/exec_session.hpp"

#include <reeve/api/server.hpp>
#include <reeve/api/socket_place.hpp>
#include <reeve/core/validate.hpp>
#include <reeve/linux/clock.hpp>
#include <reeve/linux/peer.hpp>
#include <reeve/linux/socket.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <list>

namespace reeve::api {
namespace {

constexpr std::size_t connections_max = 2048;
constexpr std::ptrdiff_t strangers_max = 64;                // of them, who will be refused
constexpr std::size_t queued_bytes_max = 64 * 1024 * 1024;  // of all connections together
constexpr std::uint64_t tick_milliseconds = 1000;

}  // namespace

class Server::Impl final : private Connection::Owner, private ExecSession::Owner, private runtime::Host::Observer {
 public:
  explicit Impl(runtime::Host& host);
  ~Impl() override;
  Result<void> listen_unix();
  Result<void> listen_tcp(const std::string& address);

 private:
  // One listening socket.
  struct Door {
    Impl& server;
    linux::UniqueFd listener;
    proxy::UvHandle<uv_poll_t> poll{};
  };

  Reply answer(const Request& request) override;
  std::optional<Status> refusal(const Client& client, const Request& request) const override {
    return api::refusal(host_.settings(), client, request);
  }
  const runtime::StateStatus& state() const override { return host_.state(); }
  void changed(Connection& connection) override;
  void upgrade(linux::UniqueFd fd, Upgrade upgrade) override;
  void over(ExecSession& session) override;
  void on_settled(std::vector<Change> changes) override;
  void on_kept() override;
  void on_output(InstanceId instance) override;
  Result<void> listen_at(const SocketPlace& place);
  Result<void> open(linux::UniqueFd listener, const std::string& name);
  void accept_some(const Door& door);
  void admit(linux::Accepted accepted);
  void drop_oldest_idle();
  void drop_oldest_stranger();
  void sweep();
  void tick();
  void keep_time();
  std::size_t queued_bytes() const;

  runtime::Host& host_;
  Answerer answerer_;
  std::list<Door> doors_;
  std::string path_;  // of the unix socket
  ino_t inode_ = 0;
  std::string url_;  // of the TCP socket
  proxy::UvHandle<uv_timer_t> timer_;
  bool is_timed_ = false;
  std::list<std::unique_ptr<Connection>> connections_;
  std::list<std::unique_ptr<ExecSession>> sessions_;
};

Server::Impl::Impl(runtime::Host& host) : host_(host), answerer_(host) {
  timer_ = proxy::UvHandle<uv_timer_t>(this);
  uv_timer_init(&host_.loop(), timer_.get());
  host_.observe(this);
}

// The path may be another's by now.
Server::Impl::~Impl() {
  host_.observe(nullptr);
  struct stat there {};
  if (inode_ != 0 && ::lstat(path_.c_str(), &there) == 0 && there.st_ino == inode_) ::unlink(path_.c_str());
}

Result<void> Server::Impl::listen_unix() {
  if (const auto& written = host_.settings().socket) return listen_at({*written, false});
  Error first;
  for (const SocketPlace& each : usual_socket_places()) {
    auto heard = listen_at(each);
    if (heard && !first.what.empty()) {
      host_.warn("the control API is at " + each.path + ": " + first.message() +
                 "; to have it elsewhere, write socket = \"/its/path\" into [supervisor]");
    }
    if (heard || !may_go_elsewhere(heard.error().code)) return heard;
    if (first.what.empty()) first = std::move(heard).error();
  }
  first.what += ", nor below /tmp or /dev/shm";
  return fail(first.message() +
              "; mount a tmpfs on /run, write socket = \"/a/place/that/can/be/written\" into "
              "[supervisor], or socket = \"\" if nobody is to ask");
}

Result<void> Server::Impl::listen_at(const SocketPlace& place) {
  auto room = make_room(place);
  if (!room && place.is_shared) return room;  // any other directory may be there, and say itself what is wrong
  const std::string& path = place.path;
  REEVE_TRY(const auto address, linux::SocketAddress::parse("unix:" + path));
  REEVE_TRY(auto listener, linux::bind_listener(address));
  // Others than the owner reach it only where apiUsers names some; then the kernel's word on who they are decides.
  const mode_t mode = host_.settings().api_users.empty() ? 0600 : 0666;
  struct stat there {};
  if (::chmod(path.c_str(), mode) != 0 || ::lstat(path.c_str(), &there) != 0) {
    return fail("cannot protect " + path, errno);
  }
  path_ = path;
  inode_ = there.st_ino;
  REEVE_TRY_VOID(linux::listen_on(listener.get()));
  return open(std::move(listener), path);
}

Result<void> Server::Impl::listen_tcp(const std::string& text) {
  if (const std::string fault = api_address_fault(text); !fault.empty()) return fail(text + ' ' + fault);
  const std::size_t colon = text.rfind(':');
  // What is read is a place to connect to, which has no port 0.
  REEVE_TRY(auto address, linux::SocketAddress::parse(text.substr(0, colon) + ":1"));
  address = address.with_port(static_cast<std::uint16_t>(std::stoi(text.substr(colon + 1))));
  REEVE_TRY(auto listener, linux::listen_alone(address));
  REEVE_TRY(address, linux::local_address(listener.get()));
  REEVE_TRY_VOID(open(std::move(listener), text));
  url_ = "http://" + address.to_string();
  return {};
}

Result<void> Server::Impl::open(linux::UniqueFd listener, const std::string& name) {
  Door& door = doors_.emplace_back(*this, std::move(listener));
  door.poll = proxy::UvHandle<uv_poll_t>(&door);
  if (const int status = uv_poll_init(&host_.loop(), door.poll.get(), door.listener.get()); status != 0) {
    door.poll.abandon();
    doors_.pop_back();
    return fail("cannot watch " + name, -status);
  }
  uv_poll_start(door.poll.get(), UV_READABLE, [](uv_poll_t* handle, int, int) {
    if (const auto* opened = static_cast<const Door*>(handle->data)) opened->server.accept_some(*opened);
  });
  return {};
}

void Server::Impl::accept_some(const Door& door) {
  constexpr int turns_max = 64;
  for (int turn = 0; turn < turns_max; ++turn) {
    auto accepted = linux::accept_connection(door.listener.get());
    if (!accepted) {
      const bool is_full = accepted.error().code == EMFILE || accepted.error().code == ENFILE;
      if (is_full) drop_oldest_idle();
      break;
    }
    admit(*std::move(accepted));
  }
  keep_time();
}

namespace {

Result<Client> client_of(const linux::Accepted& accepted) {
  REEVE_TRY(auto local, linux::local_address(accepted.fd.get()));
  if (!local.is_unix()) {
    linux::set_no_delay(accepted.fd.get());
    return linux::TcpEnds{std::move(local), linux::SocketAddress::from_raw(accepted.peer)};
  }
  REEVE_TRY(const auto peer, linux::peer_of(accepted.fd.get()));
  return peer.uid;
}

}  // namespace

void Server::Impl::admit(linux::Accepted accepted) {
  auto client = client_of(accepted);
  if (!client) return;
  const bool is_unknown = is_stranger(host_.settings(), *client);
  if (is_unknown) drop_oldest_stranger();
  if (connections_.size() + sessions_.size() >= connections_max) drop_oldest_idle();
  if (connections_.size() + sessions_.size() >= connections_max) return;  // all are busy: this one is closed
  if (auto connection = Connection::open(host_.loop(), *this, std::move(accepted.fd), *std::move(client))) {
    if (is_unknown) connection->mark_as_strangers();
    connections_.push_back(std::move(connection));
  }
}

// They cannot take the places of those who may ask.
void Server::Impl::drop_oldest_stranger() {
  const auto is_strangers = [](const auto& each) { return each->is_strangers(); };
  if (std::ranges::count_if(connections_, is_strangers) < strangers_max) return;
  connections_.erase(std::ranges::find_if(connections_, is_strangers));
}

void Server::Impl::drop_oldest_idle() {
  auto oldest = connections_.end();
  for (auto each = connections_.begin(); each != connections_.end(); ++each) {
    if (!(*each)->is_idle()) continue;
    if (oldest == connections_.end() || (*each)->active_at() < (*oldest)->active_at()) oldest = each;
  }
  if (oldest != connections_.end()) connections_.erase(oldest);
}

std::size_t Server::Impl::queued_bytes() const {
  std::size_t bytes = 0;
  for (const auto& each : connections_) bytes += each->queued_bytes();
  return bytes;
}

Reply Server::Impl::answer(const Request& request) {
  if (queued_bytes() > queued_bytes_max) {
    return reply_with(of_http(429, "too many answers wait for their readers; try again"));
  }
  ServerFacts facts{connections_.size(), 0, url_};
  for (const auto& each : connections_) facts.watches += each->is_watch() ? 1 : 0;
  return answerer_.answer(request, facts);
}

void Server::Impl::changed(Connection& connection) {
  if (connection.is_closed()) {
    std::erase_if(connections_, [&](const auto& each) { return each.get() == &connection; });
  }
  keep_time();
}

void Server::Impl::upgrade(linux::UniqueFd fd, Upgrade upgrade) {
  if (!upgrade.exec) return;
  if (auto session = ExecSession::open(host_, *this, std::move(fd), *std::move(upgrade.exec))) {
    sessions_.push_back(std::move(session));
  }
  keep_time();
}

void Server::Impl::over(ExecSession& session) {
  std::erase_if(sessions_, [&](const auto& each) { return each.get() == &session; });
  keep_time();
}

void Server::Impl::on_settled(std::vector<Change> changes) {
  const Instant now = linux::monotonic_now();
  answerer_.on_settled(changes, now);
  for (const auto& each : connections_) {
    if (each->waits_for_settled() || (each->has_stream() && !changes.empty())) each->on_settled(now);
  }
  sweep();
}

void Server::Impl::on_kept() {
  const Instant now = linux::monotonic_now();
  for (const auto& each : connections_) each->on_kept(now);
  sweep();
}

void Server::Impl::on_output(InstanceId instance) {
  const Instant now = linux::monotonic_now();
  bool any = false;
  for (const auto& each : connections_) {
    if (!each->reads(instance)) continue;
    each->pump(now);
    any = true;
  }
  if (any) sweep();
}

void Server::Impl::sweep() {
  std::erase_if(connections_, [](const auto& each) { return each->is_closed(); });
  std::erase_if(sessions_, [](const auto& each) { return each->is_over(); });
  keep_time();
}

void Server::Impl::tick() {
  const Instant now = linux::monotonic_now();
  for (const auto& each : connections_) each->tick(now);
  for (const auto& each : sessions_) each->tick(now);
  sweep();
}

// Nobody is woken for connections that only wait.
void Server::Impl::keep_time() {
  const auto needs_time = [](const auto& each) { return each->needs_time(); };
  const bool wanted = std::ranges::any_of(connections_, needs_time) || std::ranges::any_of(sessions_, needs_time);
  if (wanted == is_timed_) return;
  is_timed_ = wanted;
  if (!wanted) {
    uv_timer_stop(timer_.get());
    return;
  }
  const auto on_time = [](uv_timer_t* handle) {
    if (auto* self = static_cast<Impl*>(handle->data)) self->tick();
  };
  uv_timer_start(timer_.get(), on_time, tick_milliseconds, tick_milliseconds);
}

Server::Server(runtime::Host& host) : impl_(std::make_unique<Impl>(host)) {}
Server::~Server() = default;

Result<void> Server::listen_unix() { return impl_->listen_unix(); }
Result<void> Server::listen_tcp(const std::string& address) { return impl_->listen_tcp(address); }

}  // namespace reeve::api
