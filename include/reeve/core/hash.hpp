#pragma once
// FNV-1a, and the hash of a pod template that names a replica set (pkg/controller/controller_utils.go ComputeHash).

#include <reeve/core/spec.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace reeve {

// FNV-1a, 32 bits; `hash` goes on from an earlier part.
constexpr std::uint32_t fnv1a(std::string_view bytes, std::uint32_t hash = 2166136261u) noexcept {
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 16777619u;
  return hash;
}

// The same with 64 bits, where two different texts must not meet.
constexpr std::uint64_t fnv1a_64(std::string_view bytes, std::uint64_t hash = 14695981039346656037u) noexcept {
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211u;
  return hash;
}

// Nine or ten letters and digits that no word is made of, equal for equal templates: "6b474476c4".
// The number of collisions there were gives the same template another hash.
std::string template_hash(const PodTemplate& pod_template, std::int32_t collisions = 0);

// Equal for equal objects, whatever file they stand in: whether an object was written anew is told by this.
std::uint64_t object_hash(const Object& object);

}  // namespace reeve
