#include <reeve/proxy/proxy.hpp>

#include <reeve/core/random.hpp>

#include "proxy/messages.hpp"
#include "proxy/worker.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/random.h>

#include <cerrno>
#include <map>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>

namespace reeve::proxy {
namespace {

std::uint64_t seed_from_kernel() {
  std::uint64_t seed = 1;
  // without any entropy the choices are merely predictable
  static_cast<void>(::getrandom(&seed, sizeof seed, GRND_NONBLOCK));
  return seed;
}

}  // namespace

// The control thread's side.
class Proxy::Control {
 public:
  explicit Control(ProxyEvents& sink) : sink_(sink) {}
  ~Control() { stop(); }
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  Result<void> start(uv_loop_t& control, const ProxyOptions& options) {
    REEVE_TRY_VOID(reports_.open(control, this, [](uv_async_t* handle) {
      if (auto* self = static_cast<Control*>(handle->data)) self->on_reports();
    }));
    REEVE_TRY(worker_, Worker::make(reports_, options, options.seed ? *options.seed : seed_from_kernel()));
    return start_thread();
  }

  void open(ServiceConfig config) {
    std::shared_ptr<Tally>& tally = tallies_[config.id];
    if (!tally) tally = std::make_shared<Tally>();
    tell(OpenService{std::move(config), tally});
  }

  void close(ServiceId service) {
    tallies_.erase(service);
    std::erase_if(awaited_, [&](const auto& one) { return one.first.first == service && !one.second.was_asked; });
    tell(CloseService{service});
  }

  void set_endpoint(ServiceId service, Endpoint endpoint) {
    const Leaver leaver{service, endpoint.pod};
    if (endpoint.ready) awaited_.erase(leaver);
    Ticket ticket = 0;
    if (!endpoint.ready) ticket = awaited_.try_emplace(leaver, Awaited{++last_ticket_, false}).first->second.ticket;
    tell(SetEndpoint{service, std::move(endpoint), ticket});
  }

  void leave(ServiceId service, PodId pod, Leave how) {
    awaited_[{service, pod}] = {++last_ticket_, true};
    tell(LeaveEndpoint{service, pod, how, last_ticket_});
  }

  void tell(Command command) {
    if (thread_.joinable()) worker_->tell(std::move(command));
  }

  void stop() {
    if (thread_.joinable()) {
      worker_->tell(StopWorker{});
      thread_.join();
    }
    worker_.reset();
    reports_.close();
  }

  ProxyCounters counters(ServiceId service) const {
    const auto found = tallies_.find(service);
    if (found == tallies_.end()) return {};
    const Tally& tally = *found->second;
    return {.active = tally.active.get(),
            .total = tally.total.get(),
            .refused = tally.refused.get(),
            .ended_by_client = tally.ended_by_client.get(),
            .ended_by_server = tally.ended_by_server.get(),
            .drained = tally.drained.get(),
            .cut = tally.cut.get(),
            .reset = tally.reset.get(),
            .held = tally.held.get(),
            .held_total = tally.held_total.get(),
            .hold_timeouts = tally.hold_timeouts.get(),
            .retried = tally.retried.get(),
            .client_bytes = tally.client_bytes.get(),
            .server_bytes = tally.server_bytes.get()};
  }

 private:
  // Signals are the control thread's business.
  Result<void> start_thread() {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = 0;
    // the standard library tells of a refused thread by throwing, and only so
    try {
      thread_ = std::thread([worker = worker_.get()] { worker->run(); });
    } catch (const std::system_error& thrown) {
      error = thrown.code().value();
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (error != 0) return fail("cannot start a proxy thread", error);
    return {};
  }

  void on_reports() {
    for (const Report& report : reports_.take()) {
      std::visit([this](const auto& one) { tell_sink(one); }, report);
    }
  }
  void tell_sink(const Listening& report) { sink_.on_listening(report); }
  void tell_sink(const ListenFailed& report) { sink_.on_listen_failed(report); }
  void tell_sink(const ConnectRefused& report) { sink_.on_connect_refused(report); }
  void tell_sink(const SocketMade& report) { sink_.on_socket_made(report); }
  void tell_sink(const SocketGone& report) { sink_.on_socket_gone(report); }
  void tell_sink(const EndpointLeft& report) {
    const auto found = awaited_.find({report.told.service, report.told.pod});
    // meanwhile it was told something else
    if (found == awaited_.end() || found->second.ticket != report.ticket) return;
    awaited_.erase(found);
    sink_.on_drained(report.told);
  }

  using Leaver = std::pair<ServiceId, PodId>;
  struct Awaited {
    Ticket ticket;
    bool was_asked;  // by drain, cut or remove_endpoint: told also where the service is closed
  };

  ProxyEvents& sink_;
  Reports reports_;
  std::unique_ptr<Worker> worker_;
  std::thread thread_;
  std::unordered_map<ServiceId, std::shared_ptr<Tally>> tallies_;
  Ticket last_ticket_ = 0;
  std::map<Leaver, Awaited> awaited_;  // who is to be told as drained
};

Proxy::Proxy(std::unique_ptr<Control> control) : control_(std::move(control)) {}
Proxy::~Proxy() = default;

Result<std::unique_ptr<Proxy>> Proxy::start(uv_loop_t& control, ProxyEvents& sink, ProxyOptions options) {
  auto side = std::make_unique<Control>(sink);
  REEVE_TRY_VOID(side->start(control, options));
  return std::unique_ptr<Proxy>(new Proxy(std::move(side)));
}

void Proxy::open(ServiceConfig config) { control_->open(std::move(config)); }
void Proxy::close(ServiceId service) { control_->close(service); }
void Proxy::set_endpoint(ServiceId service, Endpoint endpoint) { control_->set_endpoint(service, std::move(endpoint)); }
void Proxy::drain(ServiceId service, PodId pod) { control_->leave(service, pod, Leave::drain); }
void Proxy::cut(ServiceId service, PodId pod) { control_->leave(service, pod, Leave::cut); }
void Proxy::remove_endpoint(ServiceId service, PodId pod) { control_->leave(service, pod, Leave::remove); }
void Proxy::open_link(ServiceId service, PodId pod, linux::SocketAddress address,
                      std::shared_ptr<const linux::Network> network) {
  control_->tell(OpenLink{service, {std::move(address), pod, std::move(network)}});
}
void Proxy::close_link(ServiceId service, PodId pod) { control_->tell(CloseLink{service, pod}); }
void Proxy::hand_over() { control_->tell(HandOver{}); }
void Proxy::stop() { control_->stop(); }
ProxyCounters Proxy::counters(ServiceId service) const { return control_->counters(service); }

}  // namespace reeve::proxy
