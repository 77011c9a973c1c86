#include "proxy/worker.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

namespace reeve::proxy {
namespace {

linux::UniqueFd make_spare() { return linux::UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

bool is_ipv4_loopback(const linux::SocketAddress& address) {
  return address.family() == AF_INET && address.ip()[0] == 127;
}

}  // namespace

bool is_out_of_descriptors(const Error& error) { return error.code == EMFILE || error.code == ENFILE; }

Worker::Worker(Reports& reports, const ProxyOptions& options, std::uint64_t seed)
    : reports_(reports),
      options_(options),
      source_in_pods_(*linux::SocketAddress::parse(options.service_network + ".255.254:1")),
      random_(seed),
      spare_(make_spare()) {
  relay_loop_.loop = &loop_;
}

Result<std::unique_ptr<Worker>> Worker::make(Reports& reports, const ProxyOptions& options, std::uint64_t seed) {
  std::unique_ptr<Worker> worker(new Worker(reports, options, seed));
  if (const int error = uv_loop_init(&worker->loop_); error != 0) return fail("cannot make a loop", -error);
  worker->loop_made_ = true;
  worker->dial_timer_ = UvHandle<uv_timer_t>(worker.get());
  uv_timer_init(&worker->loop_, worker->dial_timer_.get());
  worker->quiet_times_.open(worker->loop_);
  worker->farewells_.open(worker->loop_);
  REEVE_TRY_VOID(worker->handshakes_.open(worker->loop_));
  REEVE_TRY_VOID(worker->commands_.open(worker->loop_, worker.get(), [](uv_async_t* handle) {
    if (auto* self = static_cast<Worker*>(handle->data)) self->on_commands();
  }));
  return worker;
}

Worker::~Worker() {
  if (!loop_made_) return;
  perform(StopWorker{});
  uv_run(&loop_, UV_RUN_DEFAULT);
  REEVE_CHECK(uv_loop_close(&loop_) == 0);
}

void Worker::run() { uv_run(&loop_, UV_RUN_DEFAULT); }

void Worker::on_commands() {
  for (const Command& command : commands_.take()) {
    std::visit([this](const auto& one) { perform(one); }, command);
  }
}

void Worker::perform(const OpenService& command) {
  std::unique_ptr<Service>& service = services_[command.config.id];
  const bool is_new = !service;
  if (is_new) service = std::make_unique<Service>(*this, command.config.id, command.tally);
  service->configure(command.config);
  if (is_new && command.config.start_held) service->start_held();
}

void Worker::perform(const CloseService& command) {
  const auto found = services_.find(command.service);
  if (found == services_.end()) return;
  closed_.push_back(std::move(found->second));
  services_.erase(found);
  closed_.back()->close();
}

void Worker::perform(const SetEndpoint& command) {
  const auto found = services_.find(command.service);
  if (found != services_.end()) found->second->set_endpoint(command.endpoint, command.ticket);
}

// Connections of a closed service are still waited for.
std::vector<Service*> Worker::services_of(ServiceId id) {
  std::vector<Service*> found;
  if (const auto open = services_.find(id); open != services_.end()) found.push_back(open->second.get());
  for (const auto& closed : closed_) {
    if (closed->id() == id) found.push_back(closed.get());
  }
  return found;
}

void Worker::perform(const LeaveEndpoint& command) {
  const std::vector<Service*> services = services_of(command.service);
  if (services.empty()) return reports_.put(EndpointLeft{{command.service, command.pod}, command.ticket});
  // the first to have none left must not speak for the others
  for (Service* const each : services) each->expect_leave(command.pod);
  for (Service* const each : services) each->leave(command.pod, command.how, command.ticket);
}

void Worker::on_left(const EndpointLeft& left) {
  const std::vector<Service*> services = services_of(left.told.service);
  const auto is_left = [&](const Service* each) { return each->is_left_by(left.told.pod); };
  if (std::ranges::all_of(services, is_left)) reports_.put(left);
}

void Worker::perform(const OpenLink& command) {
  const auto found = services_.find(command.service);
  if (found != services_.end()) found->second->open_link(command.place);
}

void Worker::perform(const CloseLink& command) {
  const auto found = services_.find(command.service);
  if (found != services_.end()) found->second->close_links(command.pod);
}

void Worker::perform(const HandOver&) {
  hands_over_ = true;
  for (auto& [id, service] : services_) service->hand_over();
}

// Without a handle left, the loop ends by itself.
void Worker::perform(const StopWorker&) {
  for (auto& [id, service] : services_) service->reset_sessions();
  services_.clear();
  while (!closed_.empty()) {
    // taken out first: its last session would have it retired under our feet
    const std::unique_ptr<Service> service = std::move(closed_.back());
    closed_.pop_back();
    service->reset_sessions();
  }
  dial_timer_.reset();
  quiet_times_.close();
  farewells_.close();
  handshakes_.close();
  commands_.close();
}

void Worker::retire(Service& service) {
  std::erase_if(closed_, [&](const std::unique_ptr<Service>& closed) { return closed.get() == &service; });
}

bool Worker::has_spare_descriptor() {
  if (!spare_) spare_ = make_spare();
  return static_cast<bool>(spare_);
}

Result<linux::UniqueFd> Worker::make_socket(const Endpoint& endpoint) {
  const int family = endpoint.address.family();
  Result<linux::UniqueFd> made = linux::make_stream_socket(family, endpoint.network.get());
  if (made || !is_out_of_descriptors(made.error())) return made;
  spare_.reset();
  return linux::make_stream_socket(family, endpoint.network.get());
}

Result<linux::UniqueFd> Worker::connect(const Endpoint& endpoint) {
  REEVE_TRY(linux::UniqueFd fd, make_socket(endpoint));
  if (endpoint.network && is_ipv4_loopback(endpoint.address)) {
    REEVE_TRY_VOID(linux::bind_source(fd.get(), source_in_pods_));
  }
  REEVE_TRY_VOID(linux::begin_connect(fd.get(), endpoint.address));
  return fd;
}

Dials::iterator Worker::add_dial(Dial dial) {
  dial.look_elsewhere_at = now() + options_.connect_timeout;
  dials_.push_back(std::move(dial));
  if (uv_is_active(reinterpret_cast<uv_handle_t*>(dial_timer_.get())) == 0) arm_dial_timer();
  return std::prev(dials_.end());
}

void Worker::end_dial(Dials::iterator dial) { dials_.erase(dial); }

void Worker::arm_dial_timer() {
  if (dials_.empty()) return;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(dials_.front().look_elsewhere_at - now()).count();
  const auto fire = [](uv_timer_t* handle) {
    if (auto* self = static_cast<Worker*>(handle->data)) self->on_dial_timer();
  };
  uv_timer_start(dial_timer_.get(), fire, static_cast<std::uint64_t>(std::max<std::int64_t>(left, 1)), 0);
}

void Worker::on_dial_timer() {
  while (!dials_.empty() && dials_.front().look_elsewhere_at <= now()) {
    const Dials::iterator dial = dials_.begin();
    // with nowhere else to go it waits on, as a client would without us
    dial->look_elsewhere_at = now() + options_.connect_timeout;
    dials_.splice(dials_.end(), dials_, dial);
    dial->session->service().look_elsewhere(*dial->session);
  }
  arm_dial_timer();
}

bool Worker::claim(const Place& place, ServiceId service) {
  return claims_.try_emplace({place.network.get(), place.address}, service).second;
}

void Worker::unclaim(const Place& place) { claims_.erase({place.network.get(), place.address}); }

bool Worker::is_cluster_ip(const linux::SocketAddress& address) const {
  const auto& ours = source_in_pods_.ip();
  return address.family() == AF_INET && address.ip()[0] == ours[0] && address.ip()[1] == ours[1];
}

std::optional<ServiceId> Worker::owner_of(const linux::Network* network, const linux::SocketAddress& address) const {
  if (!is_cluster_ip(address)) return std::nullopt;
  const auto found = claims_.lower_bound({network, address.with_port(0)});
  if (found == claims_.end() || found->first.first != network || found->first.second.ip() != address.ip()) {
    return std::nullopt;
  }
  return found->second;
}

}  // namespace reeve::proxy
