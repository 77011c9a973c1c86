#pragma once
// Tells the service manager how reeve is (sd_notify(3)), and has it keep sockets. Where there is none, nothing happens.

#include <reeve/core/start_watch.hpp>
#include <reeve/linux/notify.hpp>
#include <reeve/proxy/uv.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace reeve {
class Supervisor;
}

namespace reeve::runtime {

class Narrator;

class ServiceManager {
 public:
  // The descriptors that it passed stay in `environment`. All else that is given outlives this.
  ServiceManager(uv_loop_t& loop, const linux::ManagerEnvironment& environment, const Supervisor& supervisor,
                 Narrator& narrator);
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;

  // Until the start is over: what is asked for, and what came of it.
  template <class EffectOrInput>
  void note(const EffectOrInput& each) {
    if (!is_ready_) starts_.note(each);
  }

  // All inputs that waited were answered.
  void on_settled(bool all_listen);

  // A reload begins, and what became of it: empty, or what was wrong. on_settled says that it is over.
  void reloading();
  void reloaded(std::string problem);

  // Sockets that outlive this process. No name has two.
  bool keeps_descriptors() const noexcept { return keeps_descriptors_; }
  void keep(const std::string& name, linux::UniqueFd fd);
  void forget(const std::string& name);

 private:
  struct Message {
    std::string text;
    linux::UniqueFd fd;
  };

  void watch(uv_loop_t& loop, Duration period);
  void send(std::string text, linux::UniqueFd fd = {});
  bool try_send(const Message& message);
  void send_waiting();
  void announce();
  void say_status();
  void extend_timeout();
  std::string status_line() const;
  static void arm(proxy::UvHandle<uv_timer_t>& timer, Duration after, Duration every, uv_timer_cb fire);

  const Supervisor& supervisor_;
  Narrator& narrator_;
  std::optional<linux::Notifier> notifier_;
  bool keeps_descriptors_ = false;
  StartWatch starts_;
  bool is_ready_ = false;
  bool is_reloading_ = false;
  bool is_stopping_ = false;
  bool failure_was_told_ = false;
  std::string problem_;  // of the last reload
  std::string status_;   // as it was sent last
  std::uint64_t status_version_ = 0;
  std::deque<Message> waiting_;  // until the manager reads again
  proxy::UvHandle<uv_timer_t> watchdog_timer_;
  proxy::UvHandle<uv_timer_t> status_timer_;  // while it runs, nothing new is said
  proxy::UvHandle<uv_timer_t> retry_timer_;
  proxy::UvHandle<uv_timer_t> extend_timer_;
};

}  // namespace reeve::runtime
