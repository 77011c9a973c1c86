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

// Nine or ten letters and digits that no word is made of, equal for equal templates: "6b474476c4".
std::string template_hash(const PodTemplate& pod_template);

}  // namespace reeve
