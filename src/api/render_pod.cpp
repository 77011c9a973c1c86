// A pod as Kubernetes shows it (pkg/printers/internalversion/printers.go printPod, core/v1 types.go).
#include <reeve/api/unserved.hpp>
#include "api/render.hpp"

#include <reeve/config/write.hpp>

namespace reeve::api {
namespace json = boost::json;
namespace {

class PodRenderer {
 public:
  explicit PodRenderer(const runtime::Host& host) : host_(host) {}

  std::string time(Instant at) const { return rfc3339(host_.wall_time(at)); }

  json::object ended(const StateTerminated& end) const {
    json::object state{{"exitCode", end.exit_code}, {"reason", end.reason}};
    if (end.signal != 0) state["signal"] = end.signal;
    if (!end.message.empty()) state["message"] = valid_utf8(end.message);
    state["startedAt"] = time(end.started_at);
    state["finishedAt"] = time(end.finished_at);
    state["containerID"] = "reeve://" + std::to_string(end.instance.value);
    return state;
  }

  json::object state(const ContainerState& state) const {
    if (const auto* running = std::get_if<StateRunning>(&state)) {
      return {{"running", json::object{{"startedAt", time(running->started_at)}}}};
    }
    if (const auto* end = std::get_if<StateTerminated>(&state)) return {{"terminated", ended(*end)}};
    const auto& waiting = std::get<StateWaiting>(state);
    json::object why;
    if (!waiting.reason.empty()) why["reason"] = waiting.reason;
    if (!waiting.message.empty()) why["message"] = waiting.message;
    return {{"waiting", std::move(why)}};
  }

  // What Kubernetes has no word for.
  json::object extra(const Pod& pod, const Container& container, const ContainerStatus& status) const {
    json::object more;
    json::array ports;
    for (const ContainerPort& each : container.spec().ports) {
      const auto number = each.container_port == 0 ? pod.number_of(each) : std::nullopt;
      if (number) ports.push_back(*number);
    }
    if (!ports.empty()) more["assignedPorts"] = std::move(ports);
    if (const auto* running = std::get_if<StateRunning>(&status.state)) more["pid"] = running->pid;
    if (const auto* waiting = std::get_if<StateWaiting>(&status.state); waiting != nullptr && waiting->until) {
      more["retryAt"] = rfc3339_nano(host_.wall_time(*waiting->until));
    }
    if (!container.said_status().empty()) more["notifyStatus"] = container.said_status();
    const auto& end = container.last_end();
    if (!end || !end->usage) return more;
    const auto in_seconds = [](Duration each) { return std::chrono::duration<double>(each).count(); };
    more["lastExit"] = {{"userSeconds", in_seconds(end->usage->user)},
                        {"systemSeconds", in_seconds(end->usage->system)},
                        {"maxResidentBytes", end->usage->resident_bytes_max}};
    return more;
  }

  json::array statuses(const Pod& pod, const std::vector<Container>& containers,
                       const std::vector<ContainerStatus>& all) const {
    json::array list;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const ContainerStatus& each = all[i];
      json::object status{{"name", each.name}, {"state", state(each.state)}};
      status["lastState"] = each.last_state ? json::object{{"terminated", ended(*each.last_state)}} : json::object();
      status["ready"] = each.ready;
      status["restartCount"] = each.restart_count;
      status["image"] = containers[i].spec().image;
      status["imageID"] = "";
      if (const auto* running = std::get_if<StateRunning>(&each.state)) {
        status["containerID"] = "reeve://" + std::to_string(running->instance.value);
      }
      status["started"] = each.started;
      if (auto more = extra(pod, containers[i], each); !more.empty()) status["reeve"] = std::move(more);
      list.push_back(std::move(status));
    }
    return list;
  }

  // The steps of the walk so far.
  json::array leaving(const Pod& pod) const {
    json::array list;
    for (const LeavingRecord& each : pod.leaving_steps()) {
      list.push_back(
          json::object{{"name", leaving_step_name(each.step)}, {"since", rfc3339_nano(host_.wall_time(each.since))}});
    }
    if (const std::size_t services = pod.services_waited_for(); services > 0 && !list.empty()) {
      list.back().as_object()["services"] = services;
    }
    return list;
  }

  json::object status(const Pod& pod) const {
    json::object status{{"phase", phase_name(pod.phase())}};
    json::array conditions;
    for (const Condition& each : pod.conditions()) {
      conditions.push_back(condition_json(condition_name(each.type), each.status, host_.wall_time(each.last_transition),
                                          each.reason, each.message));
    }
    status["conditions"] = std::move(conditions);
    if (!pod.status_reason().empty()) {
      status["reason"] = pod.status_reason();
      status["message"] = "Pod was active on the node longer than the specified deadline";
    }
    status["hostIP"] = host_ip;
    status["hostIPs"] = json::array{json::object{{"ip", host_ip}}};
    status["podIP"] = pod.pod_ip();
    status["podIPs"] = json::array{json::object{{"ip", pod.pod_ip()}}};
    status["startTime"] = time(pod.created());
    if (!pod.init_containers().empty()) {
      status["initContainerStatuses"] = statuses(pod, pod.init_containers(), pod.init_container_statuses());
    }
    status["containerStatuses"] = statuses(pod, pod.containers(), pod.container_statuses());
    status["qosClass"] = "BestEffort";
    if (auto steps = leaving(pod); !steps.empty()) status["reeve"] = json::object{{"leaving", std::move(steps)}};
    return status;
  }

 private:
  const runtime::Host& host_;
};

// "3 (10s ago)": the newest end that is known.
Cell restarts_cell(const Pod& pod, const runtime::Host& host) {
  const int count = pod.restart_count();
  std::optional<Instant> newest;
  for (const auto* list : {&pod.init_containers(), &pod.containers()}) {
    for (const Container& each : *list) {
      if (each.role() == Role::init && pod.phase() != Phase::pending) continue;
      if (each.last_end() && (!newest || *newest < each.last_end()->finished_at)) newest = each.last_end()->finished_at;
    }
  }
  if (count == 0 || !newest) return std::to_string(count);
  return AgeCell{host.wall_time(*newest), std::to_string(count) + " (", " ago)"};
}

MetadataParts metadata_of(const Pod& pod, std::uint64_t version, const runtime::Host& host) {
  MetadataParts parts{pod.identity().uid, version, host.wall_time(pod.created())};
  if (const auto by = pod.gone_by()) parts.deletion = host.wall_time(*by);
  if (const auto grace = pod.removal_grace()) parts.deletion_grace = whole_seconds(*grace);
  if (pod.owner()) {
    const ReplicaSet* owner = host.supervisor().find_replica_set(pod.owner()->name_space, pod.owner()->name);
    const WallTime created = owner != nullptr ? host.wall_time(owner->created()) : WallTime{};
    parts.owners.push_back(
        owner_json("apps/v1", "ReplicaSet", pod.owner()->name, stable_uid("ReplicaSet", *pod.owner(), created)));
  }
  return parts;
}

}  // namespace

Snapshot Renderer::pod(const Pod& pod, std::uint64_t version, Depth depth) const {
  Snapshot snapshot = begin_snapshot(ApiKind::pods, pod.metadata(), version);
  snapshot.fields.emplace_back("status.phase", phase_name(pod.phase()));
  snapshot.fields.emplace_back("spec.nodeName", node_name_);
  constexpr std::string_view policies[] = {"Always", "OnFailure", "Never"};
  snapshot.fields.emplace_back("spec.restartPolicy", policies[static_cast<std::size_t>(pod.spec()->restart_policy)]);
  const Pod::ReadyCount ready = pod.ready_count();
  snapshot.cells = {pod.metadata().name,
                    std::to_string(ready.ready) + '/' + std::to_string(ready.total),
                    pod.status_word(),
                    restarts_cell(pod, host_),
                    AgeCell{host_.wall_time(pod.created()), {}, {}},
                    pod.pod_ip(),
                    node_name_,
                    std::string("<none>"),
                    std::string("<none>")};
  ObjectMeta metadata = pod.metadata();
  json::object rest;
  if (depth == Depth::whole) {
    rest["spec"] = config::to_json(*pod.spec(), config::Defaults::included);
    rest["status"] = PodRenderer(host_).status(pod);
  }
  put_unserved_back(metadata.annotations, rest);
  if (depth == Depth::whole) rest["spec"].as_object()["nodeName"] = node_name_;
  write_text(snapshot, metadata_json(metadata, metadata_of(pod, version, host_)), rest);
  return snapshot;
}

}  // namespace reeve::api
