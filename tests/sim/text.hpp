#pragma once
// What happened and what was done, as one line each; and a digest of effects.

#include <reeve/core/effect.hpp>
#include <reeve/core/input.hpp>

#include <string>

namespace reeve::sim {

inline constexpr Kind Kind_of_pod = Kind::pod;
inline constexpr Kind Kind_of_service = Kind::service;
inline constexpr Kind Kind_of_deployment = Kind::deployment;

std::string text_of(Instant at, const Input& input);
std::string text_of(const Effect& effect);
std::uint64_t mixed(std::uint64_t digest, Instant at, const Effect& effect);

}  // namespace reeve::sim
