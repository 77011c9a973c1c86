#pragma once
// Who is at the other end of a unix socket.

#include <reeve/core/result.hpp>

#include <sys/types.h>

#include <optional>
#include <string>

namespace reeve::linux {

struct Peer {
  pid_t pid = 0;
  uid_t uid = 0;
};

// As the kernel noted it when the peer connected (SO_PEERCRED).
Result<Peer> peer_of(int fd);

// The uid of a name in /etc/passwd, or of a number. A static program has no other user databases.
std::optional<uid_t> find_uid(const std::string& name_or_uid);

}  // namespace reeve::linux
