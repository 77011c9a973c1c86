#pragma once
// Objects as they were written: Kubernetes-shaped nodes, not yet bound to specs.

#include <reeve/config/bind.hpp>
#include <reeve/config/node.hpp>
#include <reeve/core/spec.hpp>

#include <optional>
#include <string>
#include <vector>

namespace reeve::config {

// `deployment = "web"` of a service: the selector is that object's labels.
struct Target {
  Kind kind = Kind::pod;
  std::string name;
  Position position;
};

struct Draft {
  Kind kind = Kind::pod;
  Node body;  // a map of metadata and spec
  Position position;
  Dialect dialect = Dialect::kubernetes;
  bool labels_from_template = false;  // the groups before apps/v1 let a selector be left out
  std::optional<Target> target;
};

// What one file holds.
struct Drafts {
  std::vector<Draft> objects;
  std::optional<Entry> supervisor;
  Node::Map images;
  Node::Map simulations;
  std::vector<Fault> faults;
};

// TOML's short form to Kubernetes-shaped nodes.
void desugar(Node root, Drafts& drafts);

// A Kubernetes manifest: one object or a List of them.
void read_manifest(Node document, Drafts& drafts);

// Names that cannot be keys of [pod.x.env] and its like: a key written below such a header was meant for the object.
KeyNames reserved_names(Kind kind);

// Where in an object's nodes a field path leads: as deep as its nodes go.
struct Located {
  Position position;
  const Node* node = nullptr;
  bool reached = false;  // the path's end, not just a part of the way
};
Located locate(const Node& body, std::string_view path);

}  // namespace reeve::config
