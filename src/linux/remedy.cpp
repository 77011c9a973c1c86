#include "linux/remedy.hpp"

#include <cerrno>

namespace reeve::linux {

std::string advice(Remedy remedy, int code) {
  switch (remedy) {
    case Remedy::none:
      return "";
    case Remedy::isolation:
      return std::string("; ") + isolation_remedy;
    case Remedy::proc_covered:
      return std::string("; ") +
             (code == EPERM ? "something covers parts of /proc here, as in most containers: " : "") + isolation_remedy;
    case Remedy::root_lacks_directory:
      return code == ENOENT ? "; make that directory in the root directory" : std::string("; ") + isolation_remedy;
    case Remedy::root_lacks_file:
      return code == ENOENT ? "; make an empty file there in the root directory" : std::string("; ") + isolation_remedy;
    case Remedy::interpreter:
      return "; the file is there, but not the interpreter its first line names, or its dynamic loader";
    case Remedy::executable:
      return code == ENOEXEC ? "; it is no program for this machine, and has no #! line" : "";
  }
  return "";
}

Error namespaces_refused(int code) {
  if (code == EAGAIN || code == ENOMEM) return {"cannot fork", code};
  if (code == ENOSPC) return {"cannot make private namespaces (a limit is reached: see sysctl user)", code};
  return {std::string("cannot make private namespaces (") + isolation_remedy + ")", code};
}

}  // namespace reeve::linux
