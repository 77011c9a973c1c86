#include "runtime/narrator.hpp"

#include "runtime/console.hpp"
#include "runtime/journal.hpp"

#include <reeve/core/hash.hpp>
#include <reeve/linux/clock.hpp>

#include <array>
#include <chrono>

namespace reeve::runtime {
namespace {

constexpr std::string_view plain = "\x1b[0m";
constexpr std::string_view dim = "\x1b[2m";
constexpr std::string_view yellow = "\x1b[33m";
// Colours of containers: readable on dark and light, none of them the warnings' yellow.
constexpr std::array<std::string_view, 6> palette{"\x1b[36m", "\x1b[32m", "\x1b[35m",
                                                  "\x1b[34m", "\x1b[96m", "\x1b[95m"};

std::string lower_kind(Kind kind) {
  switch (kind) {
    case Kind::pod:
      return "pod/";
    case Kind::deployment:
      return "deployment.apps/";
    case Kind::service:
      return "service/";
    case Kind::replica_set:
      return "replicaset.apps/";
    case Kind::node:
      return "node/";
  }
  return {};
}

}  // namespace

std::string log_prefix(const PodIdentity& pod, const ContainerSpec& container) {
  return "[" + pod.name + "/" + container.name + "]";
}

void Narrator::container_line(std::string_view prefix, const LogLine& line) {
  if (console_.format() == LogFormat::json) return console_.write(json_line(line));
  write(Priority::info, palette[fnv1a(prefix) % palette.size()], prefix, line.message);
}

Journal* Narrator::journal() const noexcept {
  return console_.format() == LogFormat::text ? console_.journal() : nullptr;
}

void Narrator::event(const Event& event) {
  const bool is_warning = event.type == EventType::warning;
  std::string text = is_warning ? "Warning " : "Normal ";
  text += event.reason;
  text += ' ' + lower_kind(event.object.kind) + event.object.name;
  if (!event.field_path.empty()) text += ' ' + event.field_path;
  text += ": " + event.message;
  if (event.count > 1) {
    // To the nearest second: a probe that answers a little sooner than the first did would make "9s" of ten seconds.
    const Duration span = std::chrono::round<std::chrono::seconds>(event.last - event.first);
    text += " (x" + std::to_string(event.count) + " over " + human_duration(span) + ")";
  }
  is_warning ? warn(text) : say(text);
}

void Narrator::say(std::string_view text) { tell(Priority::info, text); }

void Narrator::warn(std::string_view text) { tell(Priority::warning, text); }

void Narrator::tell(Priority priority, std::string_view text) {
  const bool is_warning = priority == Priority::warning;
  if (console_.format() == LogFormat::json) {
    return console_.write(
        json_line({.time = linux::wall_now(), .level = is_warning ? "warning" : "info", .message = text}));
  }
  write(priority, is_warning ? yellow : dim, "[reeve]", text);
}

void Narrator::write(Priority priority, std::string_view colour, std::string_view head, std::string_view text) {
  std::string line;
  line.reserve(head.size() + text.size() + 16);
  if (console_.journal() != nullptr) line += priority_mark(priority);
  if (console_.has_colours()) line += colour;
  line += head;
  if (console_.has_colours()) line += plain;
  line += ' ';
  line += text;
  line += '\n';
  console_.write(line);
}

}  // namespace reeve::runtime
