#pragma once
// Where the control API's socket is where nobody says: the first of these places that can be written.

#include <reeve/core/result.hpp>

#include <string>
#include <vector>

namespace reeve::api {

struct SocketPlace {
  std::string path;
  bool is_shared = false;  // everybody can make things beside it: its directory must be ours alone
};

// reeve.sock in $RUNTIME_DIRECTORY, else in /run/reeve for root, else in $XDG_RUNTIME_DIR (/run/user/UID); then in
// reeve-UID of /tmp and of /dev/shm, for containers where nothing else can be written.
std::vector<SocketPlace> usual_socket_places();

// Makes the directory of a place where it is missing.
Result<void> make_room(const SocketPlace& place);

// Whether this errno says that the place is none to write to, and not that somebody else has it.
bool may_go_elsewhere(int code) noexcept;

// Where a running reeve of this user listens; if there is none, its first place.
std::string find_socket();

}  // namespace reeve::api
