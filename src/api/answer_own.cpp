// What Kubernetes has no path for: restarts, probe histories, what pods use, reeve itself.
#include "api/answer.hpp"

#include <reeve/config/load.hpp>
#include <reeve/linux/clock.hpp>
#include <reeve/linux/process_use.hpp>

#include <unistd.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <cmath>

namespace reeve::api {
namespace json = boost::json;
namespace {

constexpr std::string_view own_version = "reeve.dev/v1";

std::string_view result_name(ProbeResult result) {
  constexpr std::string_view names[] = {"success", "warning", "failure", "unknown", "error"};
  return names[static_cast<std::size_t>(result)];
}

double in_seconds(Duration each) { return std::chrono::duration<double>(each).count(); }

json::object probe_json(const Container& container, const ProbeWorker& worker, const runtime::Host& host) {
  const int in_a_row = worker.run_length();
  json::object probe{{"container", container.spec().name},
                     {"type", probe_type_name(worker.type())},
                     {"passed", worker.passed()},
                     {"successesInARow", worker.last_succeeded() ? in_a_row : 0},
                     {"failuresInARow", worker.last_succeeded() ? 0 : in_a_row},
                     {"inFlight", worker.in_flight().has_value()}};
  if (worker.is_told()) probe["told"] = true;
  if (const auto next = worker.next_run()) probe["nextRun"] = rfc3339_nano(host.wall_time(*next));
  json::array results;
  for (const ProbeRecord& each : worker.records()) {
    results.push_back(json::object{{"time", rfc3339_nano(host.wall_time(each.when))},
                                   {"result", result_name(each.result)},
                                   {"latencySeconds", in_seconds(each.latency)},
                                   {"text", valid_utf8(each.text)}});
  }
  probe["results"] = std::move(results);
  return probe;
}

std::string_view probe_key(ProbeType type) {
  switch (type) {
    case ProbeType::liveness:
      return ".livenessProbe";
    case ProbeType::readiness:
      return ".readinessProbe";
    case ProbeType::startup:
      return ".startupProbe";
  }
  return {};
}

// In the order of a connection's life.
std::vector<std::pair<std::string_view, std::uint64_t>> counts_of(const proxy::ProxyCounters& counters) {
  return {{"active", counters.active},
          {"held", counters.held},
          {"total", counters.total},
          {"endedByClient", counters.ended_by_client},
          {"endedByServer", counters.ended_by_server},
          {"drained", counters.drained},
          {"cut", counters.cut},
          {"reset", counters.reset},
          {"refused", counters.refused},
          {"retried", counters.retried},
          {"heldTotal", counters.held_total},
          {"holdTimeouts", counters.hold_timeouts},
          {"clientBytes", counters.client_bytes},
          {"serverBytes", counters.server_bytes}};
}

// Who was written for a pod: itself, or the deployment that made it.
struct Written {
  ObjectRef object;
  std::string spec;  // the path of the pod's spec in it
};

Written written_for(const Pod& pod, const Supervisor& supervisor) {
  const ObjectMeta& metadata = pod.metadata();
  if (pod.owner()) {
    if (const ReplicaSet* owner = supervisor.find_replica_set(metadata.name_space, pod.owner()->name)) {
      return {owner->deployment(), "spec.template.spec"};
    }
  }
  return {{Kind::pod, metadata.name_space, metadata.name}, "spec"};
}

json::object metadata_of(const Pod& pod) {
  return {{"name", pod.metadata().name}, {"namespace", pod.metadata().name_space}};
}

}  // namespace

Reply Answerer::answer_own(const Request& request, ServerFacts facts) {
  std::vector<std::string> rest(request.segments.begin() + 3, request.segments.end());
  const bool reads = request.method == "GET";
  if (rest.size() == 1 && rest[0] == "status") return reads ? status(facts) : reply_with(method_not_allowed());
  Route route{&info(ApiKind::pods), {}, {}, {}, {}};
  if (rest.size() > 2 && rest[0] == "namespaces") {
    route.name_space = rest[1];
    rest.erase(rest.begin(), rest.begin() + 2);
  }
  if (rest.size() >= 2 && rest[0] == "metrics" && rest[1] == "pods" && rest.size() <= 3) {
    if (rest.size() == 3) route.name = rest[2];
    return reads ? metrics(request, route) : reply_with(method_not_allowed());
  }
  if (route.name_space.empty() || rest.size() != 3) return reply_with(no_such_path());
  route.name = rest[1];
  const std::string what = rest[0] + '/' + rest[2];
  if (what == "pods/probes") return reads ? probes(route) : reply_with(method_not_allowed());
  if (what == "services/connections") {
    route.kind = &info(ApiKind::services);
    return reads ? connections(route) : reply_with(method_not_allowed());
  }
  if (what == "deployments/restart") route.kind = &info(ApiKind::deployments);
  if (what != "pods/restart" && what != "deployments/restart") return reply_with(no_such_path());
  return request.method == "POST" ? restart(route) : reply_with(method_not_allowed());
}

Reply Answerer::restart(const Route& route) {
  if (!current(route)) return reply_with(not_found(*route.kind, route.name));
  host_.post(RestartRequested{{*route.kind->writable, route.name_space, route.name}});
  Reply reply;
  reply.after_settled = [route] { return reply_with(success(*route.kind, route.name)); };
  return reply;
}

Reply Answerer::probes(const Route& route) const {
  const Pod* pod = host_.supervisor().find_pod(route.name_space, route.name);
  if (pod == nullptr) return reply_with(not_found(*route.kind, route.name));
  const config::Places places(host_.files());
  const Written written = written_for(*pod, host_.supervisor());
  json::array list;
  for (const auto* containers : {&pod->init_containers(), &pod->containers()}) {
    const std::string in_spec = containers == &pod->containers() ? ".containers[" : ".initContainers[";
    for (std::size_t i = 0; i < containers->size(); ++i) {
      const std::string path = written.spec + in_spec + std::to_string(i) + "]";
      for (const ProbeWorker& worker : (*containers)[i].probes()) {
        json::object probe = probe_json((*containers)[i], worker, host_);
        const auto place = places.find(written.object, path + std::string(probe_key(worker.type())));
        if (place) probe["writtenAt"] = *place;
        list.push_back(std::move(probe));
      }
    }
  }
  json::object history{{"kind", "ProbeHistory"},
                       {"apiVersion", own_version},
                       {"metadata", metadata_of(*pod)},
                       {"probes", std::move(list)}};
  if (const auto place = places.find(written.object, {})) history["writtenAt"] = *place;
  return reply_with(json::serialize(history) + '\n');
}

Reply Answerer::connections(const Route& route) const {
  const auto& services = host_.supervisor().services();
  const auto found = services.find({Kind::service, route.name_space, route.name});
  if (found == services.end()) return reply_with(not_found(*route.kind, route.name));
  const Service& service = *found->second;
  json::array ports;
  for (std::size_t i = 0; i < service.ids().size(); ++i) {
    const ServicePort& port = service.object().spec.ports[i];
    json::object each{{"name", port.name}, {"port", port.port}};
    for (const auto& [name, count] : counts_of(host_.connections(service.ids()[i]))) each[name] = count;
    json::array shared;
    for (const std::string& address : host_.shared_sockets(service.ids()[i])) shared.emplace_back(address);
    if (!shared.empty()) each["sharedSockets"] = std::move(shared);
    ports.push_back(std::move(each));
  }
  const json::object answer{{"kind", "ServiceConnections"},
                            {"apiVersion", own_version},
                            {"metadata", json::object{{"name", route.name}, {"namespace", route.name_space}}},
                            {"ports", std::move(ports)}};
  return reply_with(json::serialize(answer) + '\n');
}

std::string Answerer::pod_metrics(const Pod& pod) {
  json::array containers;
  for (const auto* list : {&pod.init_containers(), &pod.containers()}) {
    for (const Container& each : *list) {
      const auto instance = each.live_instance();
      const auto root = instance ? host_.tree_root(*instance) : std::nullopt;
      if (!root) continue;
      const linux::TreeUse use = linux::use_of_tree(*root);
      const Instant now = linux::monotonic_now();
      const auto running = each.status(pod.identity(), {});
      const auto* state = std::get_if<StateRunning>(&running.state);
      const CpuSample start{state != nullptr ? state->started_at : now, Duration{0}};
      const auto sampled = cpu_.find(*instance);
      const CpuSample before = sampled == cpu_.end() ? start : sampled->second;
      const double passed = std::max(in_seconds(now - before.at), 1e-3);
      const auto milli = static_cast<std::int64_t>(std::llround(1000 * in_seconds(use.cpu - before.cpu) / passed));
      cpu_[*instance] = {now, use.cpu};
      json::array pids;
      for (const pid_t pid : use.pids) pids.push_back(pid);
      const json::object usage{{"cpu", std::to_string(std::max<std::int64_t>(milli, 0)) + 'm'},
                               {"memory", std::to_string(use.resident_bytes / 1024) + "Ki"}};
      containers.push_back(json::object{{"name", each.spec().name},
                                        {"pids", std::move(pids)},
                                        {"usage", usage},
                                        {"cpuSeconds", in_seconds(use.cpu)},
                                        {"memoryBytes", use.resident_bytes}});
    }
  }
  const json::object metrics{{"kind", "PodMetrics"},
                             {"apiVersion", own_version},
                             {"metadata", metadata_of(pod)},
                             {"timestamp", rfc3339(now())},
                             {"containers", std::move(containers)}};
  return json::serialize(metrics);
}

Reply Answerer::metrics(const Request& request, const Route& route) {
  if (!route.name.empty()) {
    const Pod* pod = host_.supervisor().find_pod(route.name_space, route.name);
    if (pod == nullptr) return reply_with(not_found(*route.kind, route.name));
    return reply_with(pod_metrics(*pod) + '\n');
  }
  const auto labels = LabelQuery::parse(request.parameter("labelSelector"));
  if (!labels) return reply_with(bad_request(labels.error().what));
  std::string text = "{\"kind\":\"PodMetricsList\",\"apiVersion\":\"reeve.dev/v1\",\"metadata\":{},\"items\":[";
  bool is_first = true;
  for (const Pod* each : host_.supervisor().pods()) {
    const bool is_meant = route.name_space.empty() || each->metadata().name_space == route.name_space;
    if (!is_meant || !labels->matches(each->metadata().labels)) continue;
    if (!std::exchange(is_first, false)) text += ',';
    text += pod_metrics(*each);
  }
  return reply_with(text + "]}\n");
}

namespace {

// Null: nothing is kept.
json::value state_json(const runtime::StateStatus& state) {
  if (state.directory.empty()) return nullptr;
  json::object about{{"directory", state.directory}, {"kept", state.kept >= state.wanted}};
  if (!state.problem.empty()) about["problem"] = state.problem;
  return about;
}

}  // namespace

Reply Answerer::status(ServerFacts facts) const {
  const Supervisor& supervisor = host_.supervisor();
  const auto pods = supervisor.pods();
  std::int64_t ready = 0;
  for (const Pod* each : pods) ready += each->is_ready() ? 1 : 0;
  json::array files;
  for (const std::string& each : host_.files()) files.push_back(json::string(each));
  const Snapshot node = renderer_.node(Depth::row);
  const WallTime started = std::get<AgeCell>(node.cells[3]).since;
  const json::object about{{"kind", "ReeveStatus"},
                           {"apiVersion", own_version},
                           {"version", REEVE_VERSION},
                           {"pid", ::getpid()},
                           {"node", renderer_.node_name()},
                           {"startTime", rfc3339(started)},
                           {"shuttingDown", supervisor.is_shutting_down()},
                           {"isolation", host_.settings().isolation == Isolation::none ? "none" : "private"},
                           {"resourceVersion", std::to_string(supervisor.version())},
                           {"files", std::move(files)},
                           {"state", state_json(host_.state())},
                           {"counts", json::object{{"pods", pods.size()},
                                                   {"ready", ready},
                                                   {"deployments", supervisor.deployments().size()},
                                                   {"services", supervisor.services().size()}}},
                           {"lateInputs", supervisor.late_inputs()},
                           {"connections", facts.connections},
                           {"watches", facts.watches},
                           {"api", facts.url}};
  return reply_with(json::serialize(about) + '\n');
}

}  // namespace reeve::api
