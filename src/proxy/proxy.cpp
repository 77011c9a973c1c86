#include <reeve/proxy/proxy.hpp>

#include <reeve/core/random.hpp>

#include "proxy/messages.hpp"
#include "proxy/worker.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/random.h>

#include <cerrno>
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
    tell(CloseService{service});
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
    return {tally.active.get(), tally.total.get(), tally.refused.get(), tally.client_bytes.get(),
            tally.server_bytes.get()};
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
  void tell_sink(const Drained& report) { sink_.on_drained(report); }

  ProxyEvents& sink_;
  Reports reports_;
  std::unique_ptr<Worker> worker_;
  std::thread thread_;
  std::unordered_map<ServiceId, std::shared_ptr<Tally>> tallies_;
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
void Proxy::set_endpoint(ServiceId service, Endpoint endpoint) {
  control_->tell(SetEndpoint{service, std::move(endpoint)});
}
void Proxy::remove_endpoint(ServiceId service, PodId pod) { control_->tell(RemoveEndpoint{service, pod}); }
void Proxy::open_link(ServiceId service, PodId pod, linux::SocketAddress address,
                      std::shared_ptr<const linux::Network> network) {
  control_->tell(OpenLink{service, {std::move(address), pod, std::move(network)}});
}
void Proxy::close_link(ServiceId service, PodId pod) { control_->tell(CloseLink{service, pod}); }
void Proxy::stop() { control_->stop(); }
ProxyCounters Proxy::counters(ServiceId service) const { return control_->counters(service); }

}  // namespace reeve::proxy
