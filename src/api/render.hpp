#pragma once
// What the renderers of the several kinds share.

#include "api/snapshot.hpp"

#include <reeve/core/spec.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace reeve::api {

// The metadata of an object, and what else may stand in it.
struct MetadataParts {
  std::string uid;
  std::uint64_t version = 0;
  WallTime created;
  std::optional<WallTime> deletion{};
  std::optional<std::int64_t> deletion_grace{};
  boost::json::array owners{};
  std::optional<std::int64_t> generation{};
};
boost::json::object metadata_json(const ObjectMeta& metadata, MetadataParts parts);

// A deployment's as clients see it: with the number of its revision.
ObjectMeta shown_metadata(const Deployment& deployment);

// Puts the object's text together; `rest` holds spec, status and the like.
void write_text(Snapshot& snapshot, const boost::json::object& metadata, const boost::json::object& rest);

Snapshot begin_snapshot(ApiKind kind, const ObjectMeta& metadata, std::uint64_t version);

std::string labels_text(const Labels& labels);  // "a=b,c=d", or "<none>"
boost::json::object owner_json(std::string_view api_version, std::string_view kind, const std::string& name,
                               const std::string& uid);
boost::json::object condition_json(std::string_view type, bool status, WallTime since, std::string_view reason,
                                   std::string_view message);

}  // namespace reeve::api
