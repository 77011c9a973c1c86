#pragma once
// Stream sockets, one thin function per kernel call. All are non-blocking and close-on-exec. Where a function takes a
// network, null is the one of this process. The path of a unix socket belongs to no network.

#include <reeve/core/result.hpp>
#include <reeve/linux/fd.hpp>
#include <reeve/linux/socket_address.hpp>

#include <cstddef>

namespace reeve::linux {

class Network;

// A socket of the address's family.
Result<UniqueFd> make_stream_socket(int family, const Network* network = nullptr);

// A socket bound to the address that does not listen yet: connections are refused, and the port is ours.
// TCP binds with SO_REUSEPORT and never SO_REUSEADDR, under which others could bind the port while we are deaf;
// IPv6 takes no IPv4. A port that our own earlier connections left in TIME_WAIT can be bound at once, because these
// carry SO_REUSEPORT too; one that a program without it left there is EADDRINUSE for up to a minute.
// A unix socket takes its path by rename, over an old socket that nobody answers, and over nothing else.
Result<UniqueFd> bind_listener(const SocketAddress& address, const Network* network = nullptr);

// A TCP socket that listens alone: a port that anybody else listens on is EADDRINUSE. Port 0: one that nobody has.
Result<UniqueFd> listen_alone(const SocketAddress& address);

// A socket that listens alone, for somebody else to accept on: it blocks. Connections that wait to be forgotten do not
// keep its port. A unix socket takes its path as bind_listener does.
Result<UniqueFd> listen_for_another(const SocketAddress& address);

// Hears connections from here on. A backlog of 0 means the kernel's own maximum (net.core.somaxconn).
Result<void> listen_on(int fd, int backlog = 0);

// TCP: refuses from here on, resetting what still waits in the queue; the port stays bound and listen_on undoes it.
// Unix: refuses from here on, but what waits can still be accepted; there is no way back.
Result<void> refuse_connections(int fd);

struct Accepted {
  UniqueFd fd;
  RawAddress peer;
};

// The next waiting connection. Nobody there is an error with EAGAIN.
Result<Accepted> accept_connection(int listener);

// Gives the client's end of a connection an IP address before it connects. The port is chosen when it does, so that
// one port can serve many destinations (IP_BIND_ADDRESS_NO_PORT).
Result<void> bind_source(int fd, const SocketAddress& source);

// Starts to connect. EINPROGRESS is success; take_socket_error tells how it ended once the socket is writable. EAGAIN:
// the queue of a unix listener is full.
Result<void> begin_connect(int fd, const SocketAddress& address);

// Takes the error that waits on the socket (SO_ERROR); 0 if there is none.
int take_socket_error(int fd) noexcept;

// Drops new SYNs that arrive at a listener; handshakes under way and everything else pass.
Result<void> filter_new_connections(int listener);

// Takes that filter away again; accepted connections inherit it. Having none is fine.
void remove_filter(int fd) noexcept;

// How many handshakes with this port have seen a SYN but not yet the final ACK, or are not yet in the accept queue.
// Covers every address of the family that has this port in that network.
Result<std::size_t> count_embryonic(const SocketAddress& local, const Network* network = nullptr);

// Sends small writes at once. Does nothing on a unix socket.
void set_no_delay(int fd) noexcept;

// Makes the close that follows a reset (RST) instead of an orderly end.
void reset_on_close(int fd) noexcept;

// Ends our side of the stream; the peer reads an end of file.
Result<void> end_writing(int fd);

// Binds an IPv4 TCP socket to a port of every address that nobody has; returns it.
Result<std::uint16_t> bind_to_free_port(int fd);

// What a descriptor of unknown origin is. A listener that was shut down does not listen.
struct SocketKind {
  bool is_stream = false;
  bool listens = false;
};
SocketKind socket_kind(int fd) noexcept;

// Where clients find a socket that bind_listener made, perhaps in another process: a unix one took its path by rename.
Result<SocketAddress> listener_address(int fd);

// The address that this end of a connection has.
Result<SocketAddress> local_address(int fd);

}  // namespace reeve::linux
