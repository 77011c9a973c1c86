#include "api/answer.hpp"
#include "api/connection.hpp"
#include "api/exec_session.hpp"

#include <reeve/api/server.hpp>
#include <reeve/api/socket_place.hpp>
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
constexpr std::size_t queued_bytes_max = 64 * 1024 * 1024;  // of all connections together
constexpr std::uint64_t tick_milliseconds = 1000;

}  // namespace

class Server::Impl final : private Connection::Owner, private ExecSession::Owner, private runtime::Host::Observer {
 public:
  Impl(runtime::Host& host, SocketPlace place)
      : host_(host), place_(std::move(place)), path_(place_.path), answerer_(host) {}
  ~Impl() override;
  Result<void> listen();

 private:
  Reply answer(const Request& request) override;
  const runtime::StateStatus& state() const override { return host_.state(); }
  void changed(Connection& connection) override;
  void upgrade(linux::UniqueFd fd, Upgrade upgrade) override;
  void over(ExecSession& session) override;
  void on_settled(std::vector<Change> changes) override;
  void on_kept() override;
  void on_output(InstanceId instance) override;
  void accept_some();
  void admit(linux::UniqueFd fd);
  bool may_ask(uid_t uid) const;
  void drop_oldest_idle();
  void sweep();
  void tick();
  void keep_time();
  std::size_t queued_bytes() const;

  runtime::Host& host_;
  SocketPlace place_;
  const std::string& path_;
  Answerer answerer_;
  linux::UniqueFd listener_;
  ino_t inode_ = 0;
  proxy::UvHandle<uv_poll_t> poll_;
  proxy::UvHandle<uv_timer_t> timer_;
  bool is_timed_ = false;
  std::list<std::unique_ptr<Connection>> connections_;
  std::list<std::unique_ptr<ExecSession>> sessions_;
};

// The path may be another's by now.
Server::Impl::~Impl() {
  host_.observe(nullptr);
  struct stat there {};
  if (listener_ && ::lstat(path_.c_str(), &there) == 0 && there.st_ino == inode_) ::unlink(path_.c_str());
}

Result<void> Server::Impl::listen() {
  auto room = make_room(place_);
  if (!room && place_.is_shared) return room;  // any other directory may be there, and say itself what is wrong
  REEVE_TRY(const auto address, linux::SocketAddress::parse("unix:" + path_));
  REEVE_TRY(listener_, linux::bind_listener(address));
  // Others than the owner reach it only where apiUsers names some; then the kernel's word on who they are decides.
  const mode_t mode = host_.settings().api_users.empty() ? 0600 : 0666;
  struct stat there {};
  if (::chmod(path_.c_str(), mode) != 0 || ::lstat(path_.c_str(), &there) != 0) {
    return fail("cannot protect " + path_, errno);
  }
  inode_ = there.st_ino;
  REEVE_TRY_VOID(linux::listen_on(listener_.get()));
  timer_ = proxy::UvHandle<uv_timer_t>(this);
  uv_timer_init(&host_.loop(), timer_.get());
  poll_ = proxy::UvHandle<uv_poll_t>(this);
  if (const int status = uv_poll_init(&host_.loop(), poll_.get(), listener_.get()); status != 0) {
    poll_.abandon();
    return fail("cannot watch " + path_, -status);
  }
  uv_poll_start(poll_.get(), UV_READABLE, [](uv_poll_t* handle, int, int) {
    if (auto* self = static_cast<Impl*>(handle->data)) self->accept_some();
  });
  host_.observe(this);
  return {};
}

void Server::Impl::accept_some() {
  constexpr int turns_max = 64;
  for (int turn = 0; turn < turns_max; ++turn) {
    auto accepted = linux::accept_connection(listener_.get());
    if (!accepted) {
      const bool is_full = accepted.error().code == EMFILE || accepted.error().code == ENFILE;
      if (is_full) drop_oldest_idle();
      break;
    }
    admit(std::move(accepted->fd));
  }
  keep_time();
}

void Server::Impl::admit(linux::UniqueFd fd) {
  const auto peer = linux::peer_of(fd.get());
  if (!peer) return;
  if (connections_.size() + sessions_.size() >= connections_max) drop_oldest_idle();
  if (connections_.size() + sessions_.size() >= connections_max) return;  // all are busy: this one is closed
  const auto allowed = may_ask(peer->uid) ? Connection::Allowed::yes : Connection::Allowed::no;
  if (auto connection = Connection::open(host_.loop(), *this, std::move(fd), allowed)) {
    connections_.push_back(std::move(connection));
  }
}

bool Server::Impl::may_ask(uid_t uid) const {
  if (uid == 0 || uid == ::geteuid()) return true;
  return std::ranges::any_of(host_.settings().api_users,
                             [&](const std::string& each) { return linux::find_uid(each) == uid; });
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
  ServerCounts counts{connections_.size(), 0};
  for (const auto& each : connections_) counts.watches += each->is_watch() ? 1 : 0;
  return answerer_.answer(request, counts);
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

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start_at(runtime::Host& host, const SocketPlace& place) {
  auto impl = std::make_unique<Impl>(host, place);
  REEVE_TRY_VOID(impl->listen());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Result<std::unique_ptr<Server>> Server::start(runtime::Host& host) {
  if (const auto& written = host.settings().socket) return start_at(host, {*written, false});
  Error first;
  for (const SocketPlace& each : usual_socket_places()) {
    auto server = start_at(host, each);
    if (server && !first.what.empty()) {
      host.warn("the control API is at " + each.path + ": " + first.message() +
                "; to have it elsewhere, write socket = \"/its/path\" into [supervisor]");
    }
    if (server || !may_go_elsewhere(server.error().code)) return server;
    if (first.what.empty()) first = std::move(server).error();
  }
  first.what += ", nor below /tmp or /dev/shm";
  return fail(first.message() +
              "; mount a tmpfs on /run, write socket = \"/a/place/that/can/be/written\" into "
              "[supervisor], or socket = \"\" if nobody is to ask");
}

}  // namespace reeve::api
