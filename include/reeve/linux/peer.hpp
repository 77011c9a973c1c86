#pragma once
// Who is at the other end of a connection on this machine.

#include <reeve/core/result.hpp>
#include <reeve/linux/socket_address.hpp>

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

// Both ends of a TCP connection, as the accepting side sees them.
struct TcpEnds {
  SocketAddress local;
  SocketAddress peer;
};

// The uid of the socket that a connection over loopback came from (sock_diag). An error unless there is exactly one
// such socket, established and held by a process: one that is being closed says uid 0, whoever it was.
// Walks all connections of the machine, some milliseconds long.
Result<uid_t> tcp_peer_uid(const TcpEnds& ends);

// The same by one look-up, in microseconds; another socket that has the same ends is not seen. Good enough to refuse.
Result<uid_t> likely_tcp_peer_uid(const TcpEnds& ends);

// The uid of a name in /etc/passwd, or of a number. A static program has no other user databases.
std::optional<uid_t> find_uid(const std::string& name_or_uid);

}  // namespace reeve::linux
