#pragma once
// Who may use the control API: root, reeve's own uid and [supervisor] apiUsers, by the kernel's word alone.

#include "api/request.hpp"
#include "api/status.hpp"

#include <reeve/core/spec.hpp>
#include <reeve/linux/peer.hpp>

#include <sys/types.h>

#include <optional>
#include <variant>

namespace reeve::api {

// Who is at the other end: of a unix socket by its credentials; of a TCP connection nobody knows before he is looked
// up.
using Client = std::variant<uid_t, linux::TcpEnds>;

// Why this request is not to be answered. To be asked once all of it was read and before anything is done: a client
// that is gone by then is nobody.
std::optional<Status> refusal(const SupervisorSettings& settings, const Client& client, const Request& request);

// Whether nothing of this client will be answered, as far as can be told cheaply before it has asked.
bool is_stranger(const SupervisorSettings& settings, const Client& client);

// "localhost", "127.0.0.1:8011", "[::1]:8011": a name that no page of somebody else's can have.
bool is_loopback_host(std::string_view host) noexcept;

}  // namespace reeve::api
