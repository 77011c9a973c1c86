#pragma once
// The forms in which objects are shown: whole, their metadata alone, or as Kubernetes' Table of rows that every client
// prints alike (meta.k8s.io).

#include "api/snapshot.hpp"

#include <string>
#include <string_view>

namespace reeve::api {

enum class RowObject { none, metadata, whole };

// What the client wants of each object.
struct Form {
  enum class Shape { whole, metadata, table };
  Shape shape = Shape::whole;
  std::string_view meta_version = "v1";
  RowObject row_object = RowObject::metadata;
  std::string_view api_version = {};  // of the objects; empty: the usual one of their kind
  bool is_exact = false;              // seconds may have fractions, which Kubernetes' own types cannot hold

  bool is_table() const noexcept { return shape == Shape::table; }
  Depth depth() const noexcept {
    const bool needs_all = shape == Shape::whole || (is_table() && row_object == RowObject::whole);
    return needs_all ? Depth::whole : Depth::row;
  }
};

// By the Accept header, which may name several in the order of preference, and includeObject.
Form form_of(std::string_view accept, std::string_view include_object, std::string_view api_version);

// What a list says of itself as a whole.
struct ListMeta {
  std::uint64_t version = 0;
  std::string next = {};  // asks for what follows; empty: this is the end
  std::size_t remaining = 0;

  std::string json() const;
};

// A list of objects, as it begins; its objects and `]}` follow.
std::string list_head(const KindInfo& kind, const Form& form, const ListMeta& meta);
// One of its objects.
std::string list_item(const Snapshot& snapshot, const Form& form, WallTime now);

// The table up to its rows; `]}` ends it.
std::string table_head(const KindInfo& kind, const Form& form, const ListMeta& meta);
std::string table_row(const Snapshot& snapshot, const Form& form, WallTime now);

// One object in the form that is wanted.
std::string formed(const Snapshot& snapshot, const Form& form, WallTime now);

}  // namespace reeve::api
