#pragma once
// Kubernetes' Table: rows that every client prints alike (meta.k8s.io).

#include "api/snapshot.hpp"

#include <string>
#include <string_view>

namespace reeve::api {

enum class RowObject { none, metadata, whole };

// What the client wants of each object.
struct Form {
  bool is_table = false;
  std::string_view table_version = "v1";
  RowObject row_object = RowObject::metadata;

  Depth depth() const noexcept { return is_table && row_object != RowObject::whole ? Depth::row : Depth::whole; }
};

// By the Accept header, which may name several in the order of preference, and includeObject.
Form form_of(std::string_view accept, std::string_view include_object);

// The table up to its rows; `]}` ends it.
std::string table_head(const KindInfo& kind, const Form& form, std::uint64_t version);
std::string table_row(const Snapshot& snapshot, const Form& form, WallTime now);

// One object in the form that is wanted.
std::string formed(const Snapshot& snapshot, const Form& form, WallTime now);

}  // namespace reeve::api
