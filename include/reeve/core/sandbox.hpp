#pragma once
// What the containers of a pod share, as the pod sees it: whether it stands, and when it is made again. Makes nothing
// (pkg/kubelet/kuberuntime/kuberuntime_manager.go computePodActions).

#include <reeve/core/backoff.hpp>

#include <optional>
#include <variant>

namespace reeve {

class Sandbox {
 public:
  explicit Sandbox(const RestartBackoff& policy) noexcept : backoff_(policy) {}

  // None is there and one may be made now.
  bool is_due(Instant now) const noexcept;
  // The making has begun; it ends by one of the next two, which answer false when nothing is being made.
  void begin() noexcept { state_ = Making{}; }
  bool made() noexcept;
  bool failed(Instant now) noexcept;

  // It ended by itself: all that runs in it is to be gone by kill_at. False unless it stands.
  bool broke(Instant now, Instant kill_at) noexcept;

  // It was stopped.
  void stopped() noexcept;

  bool stands() const noexcept { return std::holds_alternative<Standing>(state_); }
  bool is_being_made() const noexcept { return std::holds_alternative<Making>(state_); }
  bool is_broken() const noexcept { return std::holds_alternative<Broken>(state_); }
  bool is_to_be_stopped() const noexcept { return stands() || is_broken(); }  // once nothing runs in it
  bool is_absent() const noexcept { return std::holds_alternative<Absent>(state_); }
  Instant kill_at() const noexcept { return std::get<Broken>(state_).kill_at; }

  // When it is to be made.
  std::optional<Instant> deadline() const noexcept;

 private:
  struct Absent {
    Instant due;
  };
  struct Making {};
  struct Standing {};
  struct Broken {
    Instant kill_at;
    Instant due;  // of the next one
  };

  std::variant<Absent, Making, Standing, Broken> state_ = Absent{Instant::min()};
  Backoff backoff_;
};

}  // namespace reeve
