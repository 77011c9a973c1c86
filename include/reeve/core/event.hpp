#pragma once
// Events as Kubernetes records them: alike ones are counted, many similar ones are folded
// (client-go/tools/record/events_cache.go). Its spam filter is left out: nothing here is far away.

#include <reeve/core/spec.hpp>
#include <reeve/core/time.hpp>

#include <cstdint>
#include <list>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace reeve {

enum class EventType { normal, warning };

// Names live as long as the program: reasons and sources are constants.
struct Event {
  ObjectRef object;
  std::string field_path;  // "spec.containers{web}", or empty
  EventType type = EventType::normal;
  std::string_view reason;
  std::string message;
  std::string_view source;  // "kubelet"
  int count = 1;
  Instant first{};
  Instant last{};
  std::uint64_t id = 0;       // of the stored event, from 1
  std::uint64_t version = 0;  // of its newest change (core/change.hpp)
};

namespace source {
inline constexpr std::string_view kubelet = "kubelet";
inline constexpr std::string_view deployment_controller = "deployment-controller";
inline constexpr std::string_view replicaset_controller = "replicaset-controller";
inline constexpr std::string_view service_controller = "service-controller";
inline constexpr std::string_view reeve = "reeve";
}  // namespace source

// The events of the last hour, at most `events_max` of them; the least recently updated goes first.
class EventLog {
 public:
  explicit EventLog(std::size_t events_max = 16384) noexcept : events_max_(events_max) {}

  // Stores a new event or counts it onto an alike one; returns the stored one. first, last and count are set here.
  const Event& record(Event event, Instant now);

  // Gives the events that were recorded last, named in that order, the versions from `first` on.
  void stamp(std::span<const std::uint64_t> recorded, std::uint64_t first);

  // Events that are kept no longer, since the last call; nothing unless they are to be kept for it.
  std::vector<Event> take_expired() { return std::exchange(expired_, {}); }
  void keep_expired(bool keep) noexcept { keeps_expired_ = keep; }

  // The stored event of that id, or nullptr.
  const Event* find(std::uint64_t id) const noexcept;

  // Least recently updated first.
  const std::list<Event>& events() const noexcept { return events_; }

  // The events about one object, least recently updated first.
  std::vector<const Event*> about(const ObjectRef& object) const;

 private:
  struct Group {
    std::vector<std::size_t> messages;  // hashes of the distinct messages, at most the folding limit
    Instant last;
  };
  void drop_oldest();
  bool folds(const Event& event, Instant now);
  std::list<Event>::iterator find(std::size_t key, const Event& event);

  std::size_t events_max_;
  std::uint64_t ids_ = 0;
  bool keeps_expired_ = false;
  std::vector<Event> expired_;
  std::list<Event> events_;
  std::unordered_multimap<std::size_t, std::list<Event>::iterator> by_key_;
  std::unordered_map<std::size_t, Group> groups_;
};

}  // namespace reeve
