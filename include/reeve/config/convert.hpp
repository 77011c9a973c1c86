#pragma once
// Objects as texts that load reads back equal: TOML's short form, or Kubernetes' manifests in YAML or JSON.
//
// What Kubernetes has no word for stands in a manifest as an annotation, reeve.dev/KEY with the value of the key that
// it belongs to in the spec beside it, and is read back from there. Where only a part of a value is meant (a period of
// 0.25 s, which a manifest shows as 1), the annotation holds that part.

#include <reeve/config/load.hpp>
#include <reeve/core/result.hpp>
#include <reeve/core/spec.hpp>

#include <boost/json/object.hpp>

#include <span>
#include <string>

namespace reeve::config {

// A manifest that a cluster takes.
boost::json::object to_kubernetes(const Object& object);

// Makes whole the seconds in a manifest that a cluster takes whole, and annotates what they are. False: they were.
bool round_seconds(boost::json::object& manifest);

// An error: two objects of one kind and name differ by their namespace, which TOML has one table for.
Result<std::string> written(std::span<const Object> objects, Format format);

}  // namespace reeve::config
