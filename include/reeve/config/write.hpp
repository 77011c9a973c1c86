#pragma once
// From specs to JSON, by core's one list of fields: what the binder reads back is equal.

#include <reeve/core/spec.hpp>

#include <boost/json/object.hpp>

namespace reeve::config {

// What to do with a field that has its default; empty ones are always left out.
enum class Defaults { omitted, included };

boost::json::object to_json(const ObjectMeta& metadata, Defaults defaults, boost::json::storage_ptr storage = {});
boost::json::object to_json(const PodSpec& spec, Defaults defaults, boost::json::storage_ptr storage = {});
boost::json::object to_json(const DeploymentSpec& spec, Defaults defaults, boost::json::storage_ptr storage = {});
boost::json::object to_json(const PodTemplate& pod_template, Defaults defaults, boost::json::storage_ptr storage = {});
boost::json::object to_json(const ServiceSpec& spec, Defaults defaults, boost::json::storage_ptr storage = {});

// A whole manifest: apiVersion, kind, metadata, spec.
boost::json::object to_json(const Object& object, Defaults defaults, boost::json::storage_ptr storage = {});

// "v1", "apps/v1".
std::string_view api_version(Kind kind) noexcept;

}  // namespace reeve::config
