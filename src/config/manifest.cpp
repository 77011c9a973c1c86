// Kubernetes manifests: which apiVersion and kind they may have.
#include "config/annotated.hpp"
#include "config/draft.hpp"

#include <reeve/core/text.hpp>

#include <array>

namespace reeve::config {
namespace {

struct Served {
  std::string_view version;
  std::string_view kind_name;
  Kind kind;
  bool labels_from_template;
};

// The groups before apps/v1 are read as apps/v1 with their own defaults (pkg/apis/apps/v1beta1/defaults.go).
constexpr std::array<Served, 6> served{{
    {"v1", "Pod", Kind::pod, false},
    {"v1", "Service", Kind::service, false},
    {"apps/v1", "Deployment", Kind::deployment, false},
    {"apps/v1beta1", "Deployment", Kind::deployment, true},
    {"apps/v1beta2", "Deployment", Kind::deployment, true},
    {"extensions/v1beta1", "Deployment", Kind::deployment, true},
}};
constexpr std::string_view served_text = "served are Pod, Service and List of v1 and Deployment of apps/v1";

// What the text of a key says; a fault where it has none.
std::string word(const Node& document, std::string_view key, Drafts& drafts) {
  const Node* const node = document.find(key);
  if (node == nullptr || node->is_null()) {
    drafts.faults.push_back({document.position, quoted(key) + " is missing: " + std::string(served_text)});
    return {};
  }
  if (node->text() != nullptr) return *node->text();
  drafts.faults.push_back({node->position, std::string(key) + ": expected a string, found " +
                                               std::string(type_name(*node, Dialect::kubernetes))});
  return {};
}

void refuse(const Node& document, const std::string& version, const std::string& kind, Drafts& drafts) {
  for (const Served& each : served) {
    if (each.kind_name != kind) continue;
    const std::string_view right = each.kind == Kind::deployment ? "apps/v1" : "v1";
    drafts.faults.push_back({document.find("apiVersion")->position, "apiVersion: " + quoted(version) + " of " + kind +
                                                                        " is not served: write " + quoted(right)});
    return;
  }
  drafts.faults.push_back(
      {document.find("kind")->position, "kind " + quoted(kind) + " is not served" +
                                            did_you_mean(kind, {"Pod", "Service", "Deployment", "List"}) + " (" +
                                            std::string(served_text) + ")"});
}

void read_list(Node& document, Drafts& drafts) {
  Node items = take(*document.map(), "items");
  auto* const list = std::get_if<Node::Sequence>(&items.value);
  if (list == nullptr) {
    drafts.faults.push_back({document.position, "items: expected a list of objects"});
    return;
  }
  for (Node& each : *list) read_manifest(std::move(each), drafts);
}

}  // namespace

void read_manifest(Node document, Drafts& drafts) {
  if (document.is_null()) return;
  if (document.map() == nullptr) {
    drafts.faults.push_back({document.position, "expected a Kubernetes object with apiVersion and kind, found " +
                                                    std::string(type_name(document, Dialect::kubernetes))});
    return;
  }
  const std::string version = word(document, "apiVersion", drafts);
  const std::string kind = word(document, "kind", drafts);
  if (version.empty() || kind.empty()) return;
  if (version == "v1" && kind == "List") return read_list(document, drafts);
  for (const Served& each : served) {
    if (each.version != version || each.kind_name != kind) continue;
    Draft draft;
    draft.kind = each.kind;
    draft.position = document.position;
    draft.labels_from_template = each.labels_from_template;
    take(*document.map(), "apiVersion");
    take(*document.map(), "kind");
    lift_annotations(document, each.kind, drafts.faults);
    draft.body = std::move(document);
    drafts.objects.push_back(std::move(draft));
    return;
  }
  refuse(document, version, kind, drafts);
}

}  // namespace reeve::config
