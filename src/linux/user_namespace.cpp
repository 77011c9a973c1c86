#include "linux/user_namespace.hpp"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace reeve::linux {

bool may_make_namespaces() noexcept {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  if (::syscall(SYS_capget, &header, sets) != 0) return ::geteuid() == 0;
  return (sets[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective & CAP_TO_MASK(CAP_SYS_ADMIN)) != 0;
}

std::string map_of_one(id_t id) { return std::to_string(id) + " " + std::to_string(id) + " 1\n"; }

}  // namespace reeve::linux
