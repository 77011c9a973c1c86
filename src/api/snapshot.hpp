#pragma once
// One object as clients see it, at one version: its JSON, its row of a table, what selectors look at.

#include "api/kinds.hpp"
#include "api/selector.hpp"

#include <reeve/core/supervisor.hpp>
#include <reeve/core/time_text.hpp>
#include <reeve/core/utf8.hpp>
#include <reeve/runtime/host.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace reeve::api {

// A text that tells how long ago something was: "3 (", since, " ago)".
struct AgeCell {
  WallTime since;
  std::string before;
  std::string after;
};
using Cell = std::variant<std::int64_t, std::string, AgeCell>;

// The text of a cell at a moment.
std::string cell_text(const Cell& cell, WallTime now);

struct Snapshot {
  ApiKind kind = ApiKind::pods;
  std::string name_space;
  std::string name;
  std::uint64_t version = 0;
  Labels labels;
  Fields fields;
  std::string text;               // "metadata":{…},"spec":…} without what stands before: brace, kind, apiVersion
  std::size_t metadata_size = 0;  // of "metadata":{…}
  std::string rounded;            // the same text with whole seconds, where that is another
  std::vector<Cell> cells;        // as the kind's columns

  // What a client gets: the types of others hold whole seconds only.
  const std::string& text_for(bool is_exact) const noexcept { return is_exact || rounded.empty() ? text : rounded; }
  // {"kind":…,"apiVersion":…,"metadata":…}; of the kind's usual version unless another is named.
  std::string object(std::string_view api_version = {}, bool is_exact = true) const;
  std::string partial() const;  // the same with its metadata alone
  std::size_t bytes() const noexcept { return sizeof *this + text.size() + rounded.size() + 64 * cells.size(); }
};

// How much of it is wanted: a table needs no spec and no status.
enum class Depth { whole, row };

// Makes snapshots of what core has.
class Renderer {
 public:
  explicit Renderer(const runtime::Host& host);

  Snapshot pod(const Pod& pod, std::uint64_t version, Depth depth) const;
  Snapshot service(const Service& service, std::uint64_t version, Depth depth) const;
  Snapshot endpoints(const Service& service, std::uint64_t version, Depth depth) const;
  Snapshot event(const Event& event, Depth depth) const;
  Snapshot deployment(const Deployment& deployment, std::uint64_t version, Depth depth) const;
  Snapshot replica_set(const ReplicaSet& set, std::uint64_t version, Depth depth) const;
  Snapshot node(Depth depth) const;
  Snapshot name_space(const std::string& name, Depth depth) const;

  // All of a kind, or those of one namespace, in the order of their names' creation.
  std::vector<Snapshot> all(ApiKind kind, const std::string& name_space, Depth depth) const;
  std::optional<Snapshot> find(ApiKind kind, const std::string& name_space, const std::string& name, Depth depth) const;
  // What a change tells; nothing if the object is gone again already.
  std::optional<Snapshot> of(const Change& change, Depth depth) const;

  // The identity of an object that is there; empty: it is not.
  std::string uid_of(const ObjectRef& object) const;

  const std::string& node_name() const noexcept { return node_name_; }
  std::vector<std::string> namespaces() const;
  const runtime::Host& host() const noexcept { return host_; }

 private:
  std::optional<Snapshot> of_last_seen(const Change& change, Depth depth) const;
  void add_services(ApiKind kind, const std::string& name_space, Depth depth, std::vector<Snapshot>& list) const;
  void add_deployments(ApiKind kind, const std::string& name_space, Depth depth, std::vector<Snapshot>& list) const;

  const runtime::Host& host_;
  std::string node_name_;
  WallTime started_;
};

std::string event_name(const Event& event, WallTime first);

// An identity that needs no memory: of a kind, a name and the moment of creation.
std::string stable_uid(std::string_view kind, const ObjectRef& object, WallTime created);

}  // namespace reeve::api
