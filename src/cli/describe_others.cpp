// Deployments, replica sets, services and the node.
#include "cli/describe.hpp"
#include "cli/json.hpp"
#include "cli/revisions.hpp"
#include "cli/table.hpp"

#include <algorithm>

namespace reeve::cli {
namespace json = boost::json;
namespace {

std::string line(std::string_view title, const std::string& text) { return std::string(title) + ":\t" + text + "\n"; }

std::string count_text(const json::value& value, std::string_view path, std::int64_t otherwise = 0) {
  return std::to_string(number_at(value, path, otherwise));
}

std::string head(const json::value& object) {
  return line("Name", text_at(object, "metadata.name")) + line("Namespace", text_at(object, "metadata.namespace"));
}

std::string labels_of(const json::value& object) {
  return labels_lines("Labels", map_at(object, "metadata.labels"), "=") +
         labels_lines("Annotations", map_at(object, "metadata.annotations"), ": ");
}

std::string selector_of(const json::value& object) {
  return line("Selector", labels_text(map_at(object, "spec.selector.matchLabels")));
}

std::string conditions_text(const json::value& object) {
  const json::array& conditions = list_at(object, "status.conditions");
  if (conditions.empty()) return {};
  std::string text = "Conditions:\n  Type\tStatus\tReason\n  ----\t------\t------\n";
  for (const json::value& each : conditions) {
    text += "  " + text_at(each, "type") + " \t" + text_at(each, "status") + "\t" + text_at(each, "reason") + "\n";
  }
  return text;
}

std::string template_of(const json::value& object) {
  const json::value* const found = find(object, "spec.template");
  return found == nullptr ? std::string() : pod_template_text(*found);
}

std::string strategy_text(const json::value& deployment) {
  const std::string type = text_at(deployment, "spec.strategy.type");
  std::string text = line("StrategyType", type.empty() ? "RollingUpdate" : type);
  text += line("MinReadySeconds", count_text(deployment, "spec.minReadySeconds"));
  if (find(deployment, "spec.strategy.rollingUpdate") == nullptr) return text;
  return text + line("RollingUpdateStrategy",
                     text_at(deployment, "spec.strategy.rollingUpdate.maxUnavailable") + " max unavailable, " +
                         text_at(deployment, "spec.strategy.rollingUpdate.maxSurge") + " max surge");
}

std::string replicasets_text(const Described& what) {
  const Revisions owned = revisions_of(what.object, what.replicasets);
  const json::value* const newest = newest_of(what.object, owned);
  const auto text_of = [](const json::value& set) {
    return text_at(set, "metadata.name") + " (" + count_text(set, "status.replicas") + "/" +
           count_text(set, "spec.replicas") + " replicas created)";
  };
  std::string old;
  for (const json::value* each : owned) {
    if (each != newest) old += (old.empty() ? "" : ", ") + text_of(*each);
  }
  return line("OldReplicaSets", old.empty() ? "<none>" : old) +
         line("NewReplicaSet", newest == nullptr ? "<none>" : text_of(*newest));
}

std::string pods_status(const Described& what) {
  int running = 0, waiting = 0, succeeded = 0, over = 0;
  for (const json::value& each : what.pods) {
    if (!is_owned_by(each, what.object)) continue;
    const std::string phase = text_at(each, "status.phase");
    if (phase == "Running") ++running;
    if (phase == "Pending") ++waiting;
    if (phase == "Succeeded") ++succeeded;
    if (phase == "Failed") ++over;
  }
  return line("Pods Status", std::to_string(running) + " Running / " + std::to_string(waiting) + " Waiting / " +
                                 std::to_string(succeeded) + " Succeeded / " + std::to_string(over) + " Failed");
}

void add_ready(const json::value& endpoints, std::string_view port_name, std::vector<std::string>& all) {
  for (const json::value& subset : list_at(endpoints, "subsets")) {
    for (const json::value& port : list_at(subset, "ports")) {
      if (text_at(port, "name") != port_name) continue;
      for (const json::value& address : list_at(subset, "addresses")) {
        all.push_back(text_at(address, "ip") + ":" + text_at(port, "port"));
      }
    }
  }
}

// The ready addresses of one port, at most three; of a service that names its endpoints itself, those.
std::string endpoints_of(const json::value& service, const json::value& endpoints, std::string_view port_name) {
  std::vector<std::string> all;
  const json::array& written = list_at(service, "spec.endpoints");
  for (const json::value& each : written) all.push_back(scalar_text(each));
  if (written.empty()) add_ready(endpoints, port_name, all);
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(3, all.size()); ++i) text += (i == 0 ? "" : ",") + all[i];
  return all.size() > 3 ? text + " + " + std::to_string(all.size() - 3) + " more..." : text;
}

std::string service_ports(const Described& what) {
  const bool hands_over = hands_over_sockets(what.object);
  std::string text;
  for (const json::value& port : list_at(what.object, "spec.ports")) {
    const std::string name = text_at(port, "name");
    const std::string protocol = "/" + (text_at(port, "protocol").empty() ? "TCP" : text_at(port, "protocol"));
    const std::string target = text_at(port, "targetPort");
    text += line("Port", (name.empty() ? "<unset>" : name) + "  " + text_at(port, "port") + protocol);
    const bool has_target = list_at(what.object, "spec.endpoints").empty();
    if (has_target && !hands_over)
      text += line("TargetPort", (target.empty() ? text_at(port, "port") : target) + protocol);
    if (number_at(port, "nodePort") != 0) {
      text += line("NodePort", (name.empty() ? "<unset>" : name) + "  " + text_at(port, "nodePort") + protocol);
    }
    if (!hands_over)
      text += line("Endpoints", what.endpoints.is_null() ? "<none>" : endpoints_of(what.object, what.endpoints, name));
  }
  return text;
}

// How the connections to each port went: those that ended, by who ended them; zero is not worth a word.
std::string connections_text(const json::value& connections) {
  constexpr std::pair<std::string_view, std::string_view> words[] = {{"held", "held"},
                                                                     {"endedByClient", "ended by the client"},
                                                                     {"endedByServer", "by the server"},
                                                                     {"drained", "drained"},
                                                                     {"cut", "cut"},
                                                                     {"reset", "reset"},
                                                                     {"refused", "refused"},
                                                                     {"retried", "tried elsewhere unseen"},
                                                                     {"heldTotal", "were held"},
                                                                     {"holdTimeouts", "held in vain"}};
  std::string text;
  const json::array& ports = list_at(connections, "ports");
  for (const json::value& port : ports) {
    std::string counts = text_at(port, "active") + " active | " + text_at(port, "total") + " total";
    for (const auto& [key, word] : words) {
      if (number_at(port, key) != 0) counts += " | " + text_at(port, key) + " " + std::string(word);
    }
    const std::string name = text_at(port, "name").empty() ? text_at(port, "port") : text_at(port, "name");
    text += line(ports.size() == 1 ? "Connections" : "Connections " + name, counts);
  }
  return text;
}

// What a service manager has too is never shut down.
std::string shared_text(const Described& what) {
  std::string text;
  for (const json::value& port : list_at(what.connections, "ports")) {
    for (const json::value& each : list_at(port, "sharedSockets")) {
      const std::string when_unready = text_at(what.object, "spec.whenUnready");
      const bool refuses = when_unready.empty() || when_unready == "refuse";
      text += line("Listen", scalar_text(each) + ", by a socket of the service manager" +
                                 (refuses ? ": while no pod is ready, connections are accepted and reset" : ""));
    }
  }
  return text;
}

std::string or_none(const std::string& text) { return text.empty() ? "<none>" : text; }

}  // namespace

std::string describe_deployment(const Described& what) {
  const json::value& object = what.object;
  const std::int64_t desired = number_at(object, "spec.replicas", 1);
  std::string text = head(object);
  text += line("CreationTimestamp", full_time(text_at(object, "metadata.creationTimestamp")));
  text += labels_of(object) + selector_of(object);
  text += line("Replicas", std::to_string(desired) + " desired | " + count_text(object, "status.updatedReplicas") +
                               " updated | " + count_text(object, "status.replicas") + " total | " +
                               count_text(object, "status.availableReplicas") + " available | " +
                               count_text(object, "status.unavailableReplicas") + " unavailable");
  text += strategy_text(object) + template_of(object) + conditions_text(object) + replicasets_text(what);
  return with_tab_stops(text + events_text(what.events, what.now));
}

std::string describe_replicaset(const Described& what) {
  const json::value& object = what.object;
  std::string text = head(object) + selector_of(object) + labels_of(object);
  for (const json::value& each : list_at(object, "metadata.ownerReferences")) {
    text += line("Controlled By", text_at(each, "kind") + "/" + text_at(each, "name"));
  }
  text += line("Replicas", count_text(object, "status.replicas") + " current / " + count_text(object, "spec.replicas") +
                               " desired");
  text += pods_status(what) + template_of(object) + conditions_text(object);
  return with_tab_stops(text + events_text(what.events, what.now));
}

bool hands_over_sockets(const json::value& service) {
  return map_at(service, "spec.selector").empty() && list_at(service, "spec.endpoints").empty();
}

std::string describe_service(const Described& what) {
  const json::value& object = what.object;
  const bool hands_over = hands_over_sockets(object);
  std::string text = head(object) + labels_of(object);
  text += line("Selector", labels_text(map_at(object, "spec.selector")));
  text += line("Type", text_at(object, "spec.type"));
  text += line("IP Family Policy", "SingleStack") + line("IP Families", "IPv4");
  const std::string address = or_none(text_at(object, "spec.clusterIP"));
  text += line("IP", address) + line("IPs", address) + service_ports(what);
  text += line("Session Affinity", text_at(object, "spec.sessionAffinity"));
  for (const json::value& each : list_at(object, "spec.listen")) text += line("Listen", scalar_text(each));
  if (hands_over) {
    text += line("Sockets", "passed to containers that name it in passSockets; while none runs, clients wait");
  } else {
    text += shared_text(what) + connections_text(what.connections);
  }
  return with_tab_stops(text + events_text(what.events, what.now));
}

std::string describe_node(const Described& what) {
  const json::value& object = what.object;
  std::string text = line("Name", text_at(object, "metadata.name"));
  text += labels_of(object);
  text += line("CreationTimestamp", full_time(text_at(object, "metadata.creationTimestamp")));
  text += conditions_text(object);
  const json::object& info = map_at(object, "status.nodeInfo");
  if (!info.empty()) text += "System Info:\n";
  for (const auto& each : info) text += "  " + std::string(each.key()) + ":\t" + scalar_text(each.value()) + "\n";
  return with_tab_stops(text + events_text(what.events, what.now));
}

}  // namespace reeve::cli
