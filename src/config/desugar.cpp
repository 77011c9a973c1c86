// TOML's short form. Which key belongs to which level is asked of the field table: a key goes to the innermost level
// that has it.
#include "config/draft.hpp"

#include "config/levels.hpp"

#include <reeve/core/text.hpp>

#include <utility>

namespace reeve::config {
namespace {

Node map_at(Position position, Node::Map entries = {}) {
  Node node;
  node.position = position;
  node.value = std::move(entries);
  return node;
}

Node text_at(Position position, std::string text) {
  Node node;
  node.position = position;
  node.value = std::move(text);
  return node;
}

void put(Node& map, std::string key, Node value) {
  const Position position = value.position;
  map.map()->push_back({std::move(key), position, std::move(value)});
}

class Desugar {
 public:
  explicit Desugar(Drafts& drafts) : drafts_(drafts) {}

  void root(Node::Map entries) {
    for (Entry& entry : entries) {
      if (entry.key == "pod") {
        tables(entry, Kind::pod);
      } else if (entry.key == "deployment") {
        tables(entry, Kind::deployment);
      } else if (entry.key == "service") {
        tables(entry, Kind::service);
      } else if (entry.key == "supervisor") {
        drafts_.supervisor = std::move(entry);
      } else if (entry.key == "images") {
        images(entry);
      } else if (entry.key == "simulate") {
        simulations(entry);
      } else {
        fail(entry.position,
             unknown(entry.key, "this file", {"pod", "deployment", "service", "supervisor", "images", "simulate"}));
      }
    }
  }

 private:
  void fail(Position position, std::string text) { drafts_.faults.push_back({position, std::move(text)}); }

  void images(Entry& entry) {
    if (entry.value.map() == nullptr) return fail(entry.position, "images: expected a table");
    drafts_.images = std::move(*entry.value.map());
  }

  void simulations(Entry& entry) {
    if (entry.value.map() == nullptr) {
      return fail(entry.position, "simulate: expected tables with names: write [simulate.NAME]");
    }
    drafts_.simulations = std::move(*entry.value.map());
  }

  void tables(Entry& kind, Kind of) {
    if (kind.value.map() == nullptr) {
      return fail(kind.position, kind.key + ": expected tables with names: write [" + kind.key + ".NAME]");
    }
    for (Entry& entry : *kind.value.map()) {
      if (entry.value.map() == nullptr) {
        fail(entry.position, quoted(entry.key) + " is not a table: write [" + kind.key + ".NAME] and put it there");
      } else if (of == Kind::service) {
        service(entry);
      } else {
        workload(entry, of, kind.key);
      }
    }
  }

  Draft draft_of(const Entry& entry, Kind kind) const {
    Draft draft;
    draft.kind = kind;
    draft.position = entry.value.position.line != 0 ? entry.value.position : entry.position;
    draft.dialect = Dialect::toml;
    draft.body = map_at(draft.position);
    return draft;
  }

  // A pod or a deployment.
  void workload(Entry& entry, Kind kind, const std::string& word) {
    Draft draft = draft_of(entry, kind);
    const Position here = draft.position;
    Node labels = map_at(here, {{"app", here, text_at(here, entry.key)}});
    const Node* const containers = entry.value.find("containers");
    const std::string where = word + ' ' + quoted(entry.key);
    Parts parts{map_at(here), map_at(here), map_at(here), map_at(here), std::move(labels), {}, {}};
    for (Entry& each : *entry.value.map()) {
      if (containers != nullptr && level_of(kind, each.key) == Level::container) {
        misplaced(each, '[' + word + '.' + entry.key + ".containers." + first_name(*containers) + ']');
      } else if (kind == Kind::deployment && each.key == "template") {
        parts.in_template = std::move(each.value);
      } else {
        sort(each, kind, where, parts);
      }
    }
    const bool one_container = containers == nullptr;
    if (one_container) put_container(entry, parts);
    if (parts.in_template) check_template(*parts.in_template);
    assemble(draft, entry.key, std::move(parts));
    drafts_.objects.push_back(std::move(draft));
  }

  // The keys of one table, by the level they belong to.
  struct Parts {
    Node container, pod, deployment, metadata, labels;
    std::optional<Node> annotations;
    std::optional<Node> in_template;  // labels and annotations of the pods, where they are not the deployment's
  };

  void sort(Entry& entry, Kind kind, const std::string& where, Parts& parts) {
    switch (level_of(kind, entry.key)) {
      case Level::container:
        return parts.container.map()->push_back(std::move(entry));
      case Level::pod:
        return parts.pod.map()->push_back(std::move(entry));
      case Level::deployment:
        return parts.deployment.map()->push_back(std::move(entry));
      case Level::metadata:
        if (entry.key == "labels") {
          parts.labels = std::move(entry.value);
        } else if (entry.key == "annotations") {
          parts.annotations = std::move(entry.value);
        } else {
          parts.metadata.map()->push_back(std::move(entry));
        }
        return;
      case Level::service:
      case Level::service_port:
      case Level::later:
      case Level::none:
        return fail(entry.position, why_not(kind, entry.key, where));
    }
  }

  void check_template(const Node& given) {
    if (given.map() == nullptr) {
      return fail(given.position, "template: expected a table of the pods' labels and annotations");
    }
    for (const Entry& each : *given.map()) {
      if (each.key == "labels" || each.key == "annotations") continue;
      fail(each.position, "template holds the pods' labels and annotations alone: write " + quoted(each.key) +
                              " right in the table of the deployment");
    }
  }

  void misplaced(const Entry& entry, const std::string& header) {
    fail(
        entry.position,
        quoted(entry.key) + " belongs to one container: since this object lists its containers, write it in " + header);
  }

  static std::string first_name(const Node& containers) {
    if (containers.map() != nullptr && !containers.map()->empty()) return containers.map()->front().key;
    return "NAME";
  }

  static void put_container(const Entry& entry, Parts& parts) {
    const Position here = parts.container.position;
    if (parts.container.find("name") == nullptr) put(parts.container, "name", text_at(here, entry.key));
    Node list;
    list.position = here;
    list.value = Node::Sequence{std::move(parts.container)};
    put(parts.pod, "containers", std::move(list));
  }

  static void assemble(Draft& draft, const std::string& name, Parts parts) {
    const Position here = draft.position;
    put(parts.metadata, "name", text_at(here, name));
    put(parts.metadata, "labels", parts.labels);
    if (parts.annotations) put(parts.metadata, "annotations", *parts.annotations);
    put(draft.body, "metadata", std::move(parts.metadata));
    if (draft.kind == Kind::pod) return put(draft.body, "spec", std::move(parts.pod));
    if (parts.deployment.find("selector") == nullptr) {
      put(parts.deployment, "selector", map_at(here, {{"matchLabels", here, parts.labels}}));
    }
    Node metadata = map_at(here);
    const bool is_table = parts.in_template && parts.in_template->map() != nullptr;
    if (is_table) metadata = std::move(*parts.in_template);
    if (metadata.find("labels") == nullptr) put(metadata, "labels", std::move(parts.labels));
    if (parts.annotations && metadata.find("annotations") == nullptr) {
      put(metadata, "annotations", std::move(*parts.annotations));
    }
    Node pod_template = map_at(here);
    put(pod_template, "metadata", std::move(metadata));
    put(pod_template, "spec", std::move(parts.pod));
    put(parts.deployment, "template", std::move(pod_template));
    put(draft.body, "spec", std::move(parts.deployment));
  }

  void service(Entry& entry) {
    Draft draft = draft_of(entry, Kind::service);
    const Position here = draft.position;
    const std::string where = "service " + quoted(entry.key);
    Node metadata = map_at(here, {{"name", here, text_at(here, entry.key)}});
    Node spec = map_at(here);
    Node port = map_at(here);
    for (Entry& each : *entry.value.map()) {
      const Level level = level_of(Kind::service, each.key);
      if (each.key == "deployment" || each.key == "pod") {
        target(each, entry.value, draft);
      } else if (level == Level::metadata) {
        metadata.map()->push_back(std::move(each));
      } else if (level == Level::service) {
        spec.map()->push_back(std::move(each));
      } else if (level == Level::service_port) {
        port.map()->push_back(std::move(each));
      } else {
        fail(each.position, why_not(Kind::service, each.key, where));
      }
    }
    put_port(spec, std::move(port));
    put(draft.body, "metadata", std::move(metadata));
    put(draft.body, "spec", std::move(spec));
    drafts_.objects.push_back(std::move(draft));
  }

  void put_port(Node& spec, Node port) {
    if (port.map()->empty()) return;
    if (spec.find("ports") != nullptr) {
      const Entry& first = port.map()->front();
      return fail(first.position, quoted(first.key) +
                                      " and \"ports\" cancel each other: a service with several ports "
                                      "names each in \"ports\"");
    }
    Node list;
    list.position = port.position;
    list.value = Node::Sequence{std::move(port)};
    put(spec, "ports", std::move(list));
  }

  void target(const Entry& entry, const Node& service, Draft& draft) {
    if (entry.value.text() == nullptr) {
      return fail(entry.value.position, entry.key + ": expected a string, the name of a " + entry.key);
    }
    if (service.find("selector") != nullptr || draft.target) {
      return fail(entry.position, quoted(entry.key) + " and " + (draft.target ? "\"deployment\"" : "\"selector\"") +
                                      " cancel each other: each says whom the service serves");
    }
    draft.target = Target{entry.key == "pod" ? Kind::pod : Kind::deployment, *entry.value.text(), entry.value.position};
  }

  Drafts& drafts_;
};

}  // namespace

void desugar(Node root, Drafts& drafts) {
  if (root.map() != nullptr) Desugar(drafts).root(std::move(*root.map()));
}

}  // namespace reeve::config
