#pragma once
// Fields that Kubernetes knows and reeve does not serve: those that may be had without effect are kept and shown again,
// with a warning where somebody might count on them; the others are refused. The list is told in docs/kubernetes.md.
//
// They are kept in an annotation of their object, those of a template in one of the template, so they go where a
// template goes: to its replica sets and pods, through an undo and through a restart of reeve. No client sees it.

#include <reeve/core/spec.hpp>
#include <reeve/core/validate.hpp>

#include <boost/json/object.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::api {

enum class Treatment {
  kept,     // says nothing that one machine does otherwise
  warned,   // kept, and the client is told that nothing comes of it
  refused,  // something would run that is not what was asked for
};

struct UnservedField {
  std::string_view name;
  Treatment treatment;
  std::string_view why;  // of a warning or refusal
};
std::span<const UnservedField> unserved_fields() noexcept;
// Null: reeve serves it, or nobody knows it.
const UnservedField* find_unserved(std::string_view name) noexcept;

struct Unserved {
  std::vector<std::string> warnings;
  std::vector<FieldError> refused;
};

// Moves them from a manifest into its annotations. What says nothing (null, false, "", {}, []) is dropped.
Unserved take_unserved(boost::json::object& manifest, Kind kind);

// What of them is kept with an object, in a form to compare.
std::string kept_of(const Object& object);

// The reverse, for what clients see: `object` holds the spec that the annotations, which lose theirs, belong to.
void put_unserved_back(Labels& annotations, boost::json::object& object);
void put_unserved_back(boost::json::object& manifest);

}  // namespace reeve::api
