#include <reeve/core/notify_message.hpp>
#include <reeve/core/utf8.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>

namespace reeve {
namespace {

// Microseconds, all digits; what no duration can hold is the longest one.
std::optional<Duration> microseconds(std::string_view text) {
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (text.empty() || end != text.data() + text.size()) return std::nullopt;
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max() / 1000);
  if (error == std::errc::result_out_of_range || count > most) return Duration::max();
  if (error != std::errc()) return std::nullopt;
  return std::chrono::microseconds(count);
}

void take_in(NotifyMessage& message, std::string_view line) {
  using State = NotifyMessage::State;
  using Watchdog = NotifyMessage::Watchdog;
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) return;
  const std::string_view name = line.substr(0, equals), value = line.substr(equals + 1);
  if (name == "STATUS") {
    message.status = shown_status(value);
  } else if (name == "EXTEND_TIMEOUT_USEC") {
    if (const auto time = microseconds(value)) message.extend = time;
  } else if (line == "READY=1") {
    message.state = State::ready;
  } else if (line == "RELOADING=1") {
    message.state = State::reloading;
  } else if (line == "STOPPING=1") {
    message.state = State::stopping;
  } else if (line == "WATCHDOG=trigger") {
    message.watchdog = Watchdog::trigger;
  } else if (line == "WATCHDOG=1" && !message.watchdog) {
    message.watchdog = Watchdog::alive;
  }
}

// C0, DEL and C1, which terminals act upon.
bool is_control(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7f;
  return first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
}

}  // namespace

NotifyMessage parse_notify_message(std::string_view text) {
  NotifyMessage message;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    take_in(message, text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return message;
}

std::string shown_status(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const std::size_t size = character_size(text);
    const std::string_view character = size == 0 || is_control(text.substr(0, size)) ? "?" : text.substr(0, size);
    if (shown.size() + character.size() > notify_status_max) break;
    shown += character;
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return shown;
}

std::string_view notify_state_text(NotifyMessage::State state) noexcept {
  switch (state) {
    case NotifyMessage::State::ready:
      return "READY=1";
    case NotifyMessage::State::reloading:
      return "RELOADING=1";
    case NotifyMessage::State::stopping:
      break;
  }
  return "STOPPING=1";
}

}  // namespace reeve
