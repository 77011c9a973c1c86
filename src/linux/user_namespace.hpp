#pragma once
// When a user namespace is needed, and who we are in it.

#include <sys/types.h>

#include <string>

namespace reeve::linux {

// Whether we have CAP_SYS_ADMIN, without which only a user namespace of our own gives us the others.
bool may_make_namespaces() noexcept;

// What uid_map and gid_map take: this id is itself, and there is no other.
std::string map_of_one(id_t id);

}  // namespace reeve::linux
