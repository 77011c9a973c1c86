#pragma once
// What a program says on its NOTIFY_SOCKET (sd_notify(3)): the assignments that count for probes. All others are
// nothing to us, as that page asks for.

#include <reeve/core/time.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace reeve {

struct NotifyMessage {
  enum class State { ready, reloading, stopping };  // READY=1, RELOADING=1, STOPPING=1; the last one counts
  enum class Watchdog { alive, trigger };           // WATCHDOG=1, WATCHDOG=trigger, which outweighs the other
  std::optional<State> state{};
  std::optional<Watchdog> watchdog{};
  std::optional<Duration> extend{};     // EXTEND_TIMEOUT_USEC
  std::optional<std::string> status{};  // STATUS, fit to be shown

  bool operator==(const NotifyMessage&) const = default;
};

// Takes any bytes; one assignment per line.
NotifyMessage parse_notify_message(std::string_view text);

// One line of UTF-8 without control characters, of at most this many bytes; '?' stands for what is neither.
inline constexpr std::size_t notify_status_max = 200;
std::string shown_status(std::string_view text);

// "READY=1".
std::string_view notify_state_text(NotifyMessage::State state) noexcept;

}  // namespace reeve
