#include "api/answer.hpp"

#include <reeve/linux/clock.hpp>

#include <algorithm>

namespace reeve::api {
namespace {

constexpr Duration recorded_for = seconds(300);  // after the last list or watch

constexpr std::string_view readable = "GET";
constexpr std::string_view collection_methods = "GET, POST, DELETE";
constexpr std::string_view scale_methods = "GET, PUT, PATCH";
constexpr std::string_view object_methods = "GET, PUT, PATCH, DELETE";

Reply not_allowed(std::string_view allow) {
  Reply reply = reply_with(method_not_allowed());
  reply.allow = allow;
  return reply;
}

}  // namespace

WallTime Answerer::now() const { return host_.wall_time(linux::monotonic_now()); }

Reply Answerer::answer(const Request& request, ServerFacts facts) {
  if (auto discovered = answer_discovery(request)) return *std::move(discovered);
  const auto& path = request.segments;
  if (path.size() >= 4 && path[0] == "apis" && path[1] == "reeve.dev" && path[2] == "v1") {
    return answer_own(request, facts);
  }
  const auto route = route_of(path);
  if (!route) return reply_with(no_such_path());
  return answer_kind(request, *route);
}

Reply Answerer::answer_kind(const Request& request, const Route& route) {
  if (!route.subresource.empty()) return answer_subresource(request, route);
  return route.name.empty() ? answer_collection(request, route) : answer_object(request, route);
}

Reply Answerer::answer_collection(const Request& request, const Route& route) {
  if (request.method == "GET") return request.flag("watch") ? watch(request, route) : list(request, route);
  const bool can_write = route.kind->writable && !route.name_space.empty();
  if (request.method == "POST" && can_write) return create(request, route);
  if (request.method == "DELETE" && can_write) return remove_all(request, route);
  return not_allowed(can_write ? collection_methods : readable);
}

Reply Answerer::answer_object(const Request& request, const Route& route) {
  if (request.method == "GET") return request.flag("watch") ? watch(request, route) : get(request, route);
  if (!route.kind->writable) return not_allowed(readable);
  if (request.method == "PUT") return replace(request, route);
  if (request.method == "PATCH") return patch(request, route);
  if (request.method == "DELETE") return remove(request, route);
  return not_allowed(object_methods);
}

Reply Answerer::answer_subresource(const Request& request, const Route& route) {
  const ApiKind kind = route.kind->kind;
  const bool reads = request.method == "GET";
  if (kind == ApiKind::pods && route.subresource == "log") return reads ? logs(request, route) : not_allowed(readable);
  if (kind == ApiKind::pods && route.subresource == "exec") return exec(request, route);
  if (kind == ApiKind::pods && route.subresource == "portforward") return port_forward(request, route);
  const bool can_scale = kind == ApiKind::deployments;
  if (route.subresource == "scale" && (can_scale || kind == ApiKind::replica_sets)) {
    if (reads) return get_scale(route);
    const bool writes = can_scale && (request.method == "PUT" || request.method == "PATCH");
    return writes ? put_scale(request, route) : not_allowed(can_scale ? scale_methods : readable);
  }
  if ((route.kind->writable || kind == ApiKind::replica_sets) && route.subresource == "status") {
    return reads ? get(request, route) : not_allowed(readable);
  }
  return reply_with(no_such_path());
}

// --- What watchers read. ---

void Answerer::record(ApiKind kind) {
  Recorded& recorded = histories_[static_cast<std::size_t>(kind)];
  recorded.asked_at = linux::monotonic_now();
  recorded.history.record_from_here_on();
}

// Several changes of one object in one go are one to those who look from outside: all show its newest state.
bool Answerer::is_newest(const Change& change) const {
  const Supervisor& supervisor = host_.supervisor();
  if (change.resource == Resource::events) {
    const Event* event = supervisor.events().find(change.event_id);
    return event != nullptr && event->version == change.version;
  }
  if (change.resource == Resource::pods) {
    const Pod* pod = supervisor.find_pod(change.name_space, change.name);
    return pod != nullptr && supervisor.version_of(*pod) == change.version;
  }
  Kind kind = Kind::service;
  if (change.resource == Resource::deployments) kind = Kind::deployment;
  if (change.resource == Resource::replica_sets) kind = Kind::replica_set;
  return supervisor.version_of(change.resource, {kind, change.name_space, change.name}) == change.version;
}

void Answerer::keep(const Change& change, std::map<std::pair<Resource, std::string>, ChangeType>& held) {
  const std::pair key(change.resource, change.name_space + '/' + change.name + '/' + std::to_string(change.event_id));
  ChangeType type = change.type;
  const auto before = held.find(key);
  if (type == ChangeType::deleted) {
    const bool was_told = before == held.end() || before->second != ChangeType::added;
    held.erase(key);
    if (!was_told) return;  // came and went unseen
  } else {
    if (before != held.end() && before->second == ChangeType::added) type = ChangeType::added;
    if (!is_newest(change)) {
      held.insert_or_assign(key, type);
      return;
    }
    held.erase(key);
  }
  auto snapshot = renderer_.of(change, Depth::whole);
  if (snapshot) histories_[static_cast<std::size_t>(change.resource)].history.add(type, *std::move(snapshot));
}

Answerer::Answerer(runtime::Host& host) : host_(host), renderer_(host) {
  for (Recorded& each : histories_) each.history.skip(host.supervisor().version());
}

void Answerer::on_settled(const std::vector<Change>& changes, Instant now) {
  std::map<std::pair<Resource, std::string>, ChangeType> held;
  for (const Change& each : changes) {
    Recorded& recorded = histories_[static_cast<std::size_t>(each.resource)];
    if (recorded.history.is_recording() && now - recorded.asked_at > recorded_for) recorded.history.stop();
    if (recorded.history.is_recording()) {
      keep(each, held);
    } else {
      recorded.history.skip(each.version);
    }
    const bool has_ended = each.type == ChangeType::deleted && each.resource == Resource::pods;
    if (has_ended && cpu_.size() > 4 * host_.supervisor().pods().size() + 64) cpu_.clear();
  }
}

}  // namespace reeve::api
