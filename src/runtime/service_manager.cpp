#include "runtime/service_manager.hpp"

#include "runtime/narrator.hpp"

#include <reeve/core/summary.hpp>
#include <reeve/core/supervisor.hpp>
#include <reeve/linux/clock.hpp>

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

namespace reeve::runtime {
namespace {

constexpr Duration status_at_most_every = milliseconds(300);
constexpr Duration retry_after = milliseconds(50);
constexpr std::size_t waiting_max = 16384;
// A stop may take as long as its pods may: we ask for more time before what we have is over.
constexpr Duration extend_every = seconds(5);
constexpr Duration extend_by = seconds(20);

std::string microseconds(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(duration).count());
}

}  // namespace

ServiceManager::ServiceManager(uv_loop_t& loop, const linux::ManagerEnvironment& environment,
                               const Supervisor& supervisor, Narrator& narrator)
    : supervisor_(supervisor), narrator_(narrator) {
  is_ready_ = true;  // nobody asks
  if (environment.notify_socket.empty()) return;
  auto notifier = linux::Notifier::open(environment.notify_socket);
  if (!notifier) {
    narrator_.warn(notifier.error().message());
    return;
  }
  notifier_ = *std::move(notifier);
  is_ready_ = false;
  keeps_descriptors_ = environment.keeps_descriptors;
  for (auto* timer : {&status_timer_, &retry_timer_, &extend_timer_}) {
    *timer = proxy::UvHandle<uv_timer_t>(this);
    uv_timer_init(&loop, timer->get());
  }
  if (environment.watchdog) watch(loop, *environment.watchdog);
}

// The loop that fires it is what is watched.
void ServiceManager::watch(uv_loop_t& loop, Duration period) {
  watchdog_timer_ = proxy::UvHandle<uv_timer_t>(this);
  uv_timer_init(&loop, watchdog_timer_.get());
  arm(watchdog_timer_, Duration{0}, period / 2, [](uv_timer_t* handle) {
    auto* self = static_cast<ServiceManager*>(handle->data);
    if (self != nullptr && self->waiting_.empty()) self->send("WATCHDOG=1");
  });
}

void ServiceManager::arm(proxy::UvHandle<uv_timer_t>& timer, Duration after, Duration every, uv_timer_cb fire) {
  const auto milliseconds_of = [](Duration duration) {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
  };
  // 0 would mean once
  const std::uint64_t repeat = every == Duration{0} ? 0 : std::max<std::uint64_t>(milliseconds_of(every), 1);
  uv_timer_start(timer.get(), fire, milliseconds_of(after), repeat);
}

void ServiceManager::on_settled(bool all_listen) {
  if (!notifier_) return;
  if (!is_ready_ && !supervisor_.is_shutting_down() && (!all_listen || !starts_.is_over())) return;
  announce();
  if (supervisor_.version() == status_version_ && !status_.empty()) return;
  if (uv_is_active(reinterpret_cast<uv_handle_t*>(status_timer_.get())) == 0) say_status();
}

// What changes the state of the service goes out at once, each with how things stand.
void ServiceManager::announce() {
  const bool is_over = std::exchange(is_reloading_, false);
  if (supervisor_.is_shutting_down()) {
    if (std::exchange(is_stopping_, true)) return;
    is_ready_ = true;
    send("STOPPING=1");
    extend_timeout();
    return;
  }
  if (std::exchange(is_ready_, true) && !is_over) return;
  status_ = status_line();
  status_version_ = supervisor_.version();
  send("READY=1\nSTATUS=" + status_);
}

std::string ServiceManager::status_line() const {
  std::string text = summary(supervisor_);
  if (!problem_.empty() && !is_stopping_) text += "; last reload refused: " + problem_;
  return text;
}

void ServiceManager::say_status() {
  status_version_ = supervisor_.version();
  std::string now = status_line();
  if (now == status_) return;
  status_ = std::move(now);
  send("STATUS=" + status_);
  arm(status_timer_, status_at_most_every, Duration{0}, [](uv_timer_t* handle) {
    if (auto* self = static_cast<ServiceManager*>(handle->data)) self->say_status();
  });
}

void ServiceManager::extend_timeout() {
  if (stops_in_time(supervisor_, linux::monotonic_now())) send("EXTEND_TIMEOUT_USEC=" + microseconds(extend_by));
  arm(extend_timer_, extend_every, Duration{0}, [](uv_timer_t* handle) {
    if (auto* self = static_cast<ServiceManager*>(handle->data)) self->extend_timeout();
  });
}

void ServiceManager::reloading() {
  if (!notifier_) return;
  is_reloading_ = true;
  send("RELOADING=1\nMONOTONIC_USEC=" + microseconds(linux::monotonic_now().time_since_epoch()));
}

void ServiceManager::reloaded(std::string problem) { problem_ = std::move(problem); }

void ServiceManager::keep(const std::string& name, linux::UniqueFd fd) {
  // FDPOLL=0: a socket that refuses looks hung up, and would be dropped.
  if (keeps_descriptors_) send("FDSTORE=1\nFDPOLL=0\nFDNAME=" + name, std::move(fd));
}

void ServiceManager::forget(const std::string& name) {
  if (keeps_descriptors_) send("FDSTOREREMOVE=1\nFDNAME=" + name);
}

void ServiceManager::send(std::string text, linux::UniqueFd fd) {
  Message message{std::move(text), std::move(fd)};
  if (waiting_.empty() && try_send(message)) return;
  if (waiting_.size() < waiting_max) waiting_.push_back(std::move(message));
  arm(retry_timer_, retry_after, Duration{0}, [](uv_timer_t* handle) {
    if (auto* self = static_cast<ServiceManager*>(handle->data)) self->send_waiting();
  });
}

// False where it has to wait.
bool ServiceManager::try_send(const Message& message) {
  const int fd = message.fd.get();
  const auto sent = notifier_->send(message.text, std::span(&fd, message.fd ? 1 : 0));
  if (sent) return true;
  if (sent.error().code == EAGAIN || sent.error().code == ENOBUFS) return false;
  if (!std::exchange(failure_was_told_, true)) {
    narrator_.warn(sent.error().message() + ": the service manager does not hear from reeve");
  }
  return true;
}

void ServiceManager::send_waiting() {
  while (!waiting_.empty() && try_send(waiting_.front())) waiting_.pop_front();
  if (waiting_.empty()) return;
  arm(retry_timer_, retry_after, Duration{0}, [](uv_timer_t* handle) {
    if (auto* self = static_cast<ServiceManager*>(handle->data)) self->send_waiting();
  });
}

}  // namespace reeve::runtime
