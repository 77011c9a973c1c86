// Where the control API's socket is, for who listens there and for who asks.
#include <reeve/api/socket_place.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

namespace reeve::api {
namespace {

constexpr const char* socket_name = "/reeve.sock";

std::string directory_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

// Everybody may make a directory of that name below /tmp: it counts only where it is ours alone.
bool is_private(const std::string& directory) {
  struct stat found {};
  return ::lstat(directory.c_str(), &found) == 0 && S_ISDIR(found.st_mode) && found.st_uid == ::geteuid() &&
         (found.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool is_socket(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 && S_ISSOCK(found.st_mode);
}

}  // namespace

std::vector<SocketPlace> usual_socket_places() {
  const std::string uid = std::to_string(::geteuid());
  std::vector<SocketPlace> places;
  // As systemd passes them: several are divided by colons, and the first is ours.
  const char* const given = std::getenv("RUNTIME_DIRECTORY");
  const std::string own = given == nullptr ? "" : given;
  const char* const runtime = std::getenv("XDG_RUNTIME_DIR");
  if (!own.empty()) {
    places.push_back({own.substr(0, own.find(':')) + socket_name, false});
  } else if (::geteuid() == 0) {
    places.push_back({"/run/reeve" + std::string(socket_name), false});
  } else if (runtime != nullptr && *runtime == '/') {
    places.push_back({runtime + std::string(socket_name), false});
  } else {
    places.push_back({"/run/user/" + uid + socket_name, false});
  }
  for (const char* shared : {"/tmp", "/dev/shm"}) {
    places.push_back({std::string(shared) + "/reeve-" + uid + socket_name, true});
  }
  return places;
}

Result<void> make_room(const SocketPlace& place) {
  const std::string directory = directory_of(place.path);
  if (directory.empty()) return {};
  // An image without /run gets one, if it can.
  if (!place.is_shared) ::mkdir(directory_of(directory).c_str(), 0755);
  const bool is_made = ::mkdir(directory.c_str(), place.is_shared ? 0700 : 0755) == 0;
  const int code = errno;
  if (!is_made && code != EEXIST) return fail("cannot make " + directory, code);
  if (place.is_shared && !is_private(directory)) return fail("cannot trust " + directory + ": it is not ours", EACCES);
  return {};
}

bool may_go_elsewhere(int code) noexcept {
  constexpr std::array cannot_be_written{ENOENT, ENOTDIR, EACCES, EPERM, EROFS, ENOSPC};
  return std::ranges::find(cannot_be_written, code) != cannot_be_written.end();
}

std::string find_socket() {
  const auto places = usual_socket_places();
  for (const SocketPlace& each : places) {
    if (is_socket(each.path) && (!each.is_shared || is_private(directory_of(each.path)))) return each.path;
  }
  return places.front().path;
}

}  // namespace reeve::api
