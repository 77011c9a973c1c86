// What this host and this user can have: everything is tried, nothing is guessed from versions.
#include "cli/doctor.hpp"

#include <reeve/linux/fd.hpp>
#include <reeve/linux/host_trial.hpp>
#include <reeve/linux/socket.hpp>

#include <sched.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace reeve::cli {
namespace {

constexpr std::size_t file_bytes_max = 65536;
constexpr long cgroup2_magic = 0x63677270;

struct NamespaceKind {
  const char* name;
  int flag;
  const char* limit;  // user.max_..._namespaces
};
constexpr std::array<NamespaceKind, 7> kinds{{{"user", CLONE_NEWUSER, "user"},
                                              {"pid", CLONE_NEWPID, "pid"},
                                              {"mount", CLONE_NEWNS, "mnt"},
                                              {"ipc", CLONE_NEWIPC, "ipc"},
                                              {"uts", CLONE_NEWUTS, "uts"},
                                              {"net", CLONE_NEWNET, "net"},
                                              {"cgroup", CLONE_NEWCGROUP, "cgroup"}}};

// Who refuses, as far as it can be seen from here, and what helps.
std::string cause_of(const NamespaceKind& kind, int code) {
  const std::string why = std::string(std::strerror(code)) + ": ";
  if (code == ENOSPC) {
    for (const char* limit : {kind.limit, "user"}) {
      const std::string name = std::string("user.max_") + limit + "_namespaces";
      if (small_file("/proc/sys/user/" + name.substr(5)) == "0") return why + "sysctl " + name + " is 0: raise it";
    }
    return why + "a sysctl user.max_*_namespaces is reached: raise it";
  }
  if (small_file("/proc/sys/kernel/unprivileged_userns_clone") == "0") {
    return why + "sysctl kernel.unprivileged_userns_clone is 0: set it to 1, or run reeve as root";
  }
  if (small_file("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1") {
    return why + "sysctl kernel.apparmor_restrict_unprivileged_userns is 1: set it to 0, or give reeve a profile";
  }
  if (status_field(small_file("/proc/self/status"), "Seccomp") == "2") {
    return why +
           "a seccomp filter is in force (Seccomp: 2), as in most containers: run that with "
           "--security-opt seccomp=unconfined, or write isolation = \"none\"";
  }
  const std::string profile = small_file("/proc/self/attr/current");
  if (!profile.empty() && !profile.starts_with("unconfined")) {
    return why + "perhaps the security module, under which we are " + profile + "; else write isolation = \"none\"";
  }
  return why + "write isolation = \"none\"";
}

void examine_namespaces(std::vector<Finding>& found) {
  const std::string how = linux::has_sys_admin() ? "" : "inside a user namespace";
  for (const NamespaceKind& kind : kinds) {
    const int code = linux::try_namespaces(kind.flag);
    found.push_back({std::string(kind.name) + " namespaces", code == 0,
                     code != 0                    ? cause_of(kind, code)
                     : kind.flag == CLONE_NEWUSER ? ""
                                                  : how});
  }
  const int code = linux::try_proc_mount();
  found.push_back({"a /proc of their own", code == 0,
                   code == 0 ? ""
                             : std::string(std::strerror(code)) +
                                   ": something covers parts of /proc here, as in most containers, or namespaces are "
                                   "refused: write isolation = \"none\""});
}

void examine_cgroups(std::vector<Finding>& found) {
  struct statfs about {};
  if (::statfs("/sys/fs/cgroup", &about) != 0 || about.f_type != cgroup2_magic) {
    found.push_back({"cgroup v2", false,
                     "/sys/fs/cgroup is not v2 here: boot with systemd.unified_cgroup_hierarchy=1, or mount cgroup2"});
    return;
  }
  const std::string own = small_file("/proc/self/cgroup");
  const std::size_t at = own.find("0::");
  const std::string path = "/sys/fs/cgroup" + (at == std::string::npos ? "" : own.substr(at + 3));
  const std::string controllers = small_file(path + "/cgroup.controllers");
  const bool is_ours = ::access((path + "/cgroup.subtree_control").c_str(), W_OK) == 0;
  found.push_back({"cgroup v2", is_ours && !controllers.empty(),
                   is_ours ? "controllers: " + (controllers.empty() ? "none; delegate some" : controllers)
                           : path + " is not delegated to us: Delegate=yes in the unit, or run as root"});
}

void examine_pasta(std::vector<Finding>& found) {
  std::string version;
  if (std::FILE* const said = ::popen("pasta --version 2>/dev/null", "re")) {
    char line[256];
    if (std::fgets(line, sizeof line, said) != nullptr) version = line;
    ::pclose(said);
  }
  while (version.ends_with('\n')) version.pop_back();
  const bool is_there = !version.empty();
  found.push_back({"pasta", is_there, is_there ? version : "not found: install passt for network = \"nat\""});
}

void examine_limits(std::vector<Finding>& found) {
  rlimit descriptors{};
  ::getrlimit(RLIMIT_NOFILE, &descriptors);
  constexpr rlim_t descriptors_wanted = 4096;
  const bool is_enough = descriptors.rlim_max >= descriptors_wanted;
  found.push_back({"RLIMIT_NOFILE", is_enough,
                   std::to_string(descriptors.rlim_max) +
                       (is_enough ? "" : ": a container takes four descriptors: raise LimitNOFILE or ulimit -Hn")});
  for (const char* name : {"fs/pipe-user-pages-soft", "net/core/somaxconn", "net/ipv4/ip_unprivileged_port_start"}) {
    const std::string value = small_file(std::string("/proc/sys/") + name);
    std::string dotted(name);
    for (char& each : dotted) each = each == '/' ? '.' : each;
    found.push_back({dotted, true, value.empty() ? "unknown here" : value});
  }
  found.push_back({"net.ipv4.conf.*.route_localnet", true, "not needed"});
}

void examine_socket_diagnosis(std::vector<Finding>& found) {
  const auto address = linux::SocketAddress::parse("127.0.0.1:1");
  const auto counted = linux::count_embryonic(*address);
  found.push_back({"sock_diag", counted.has_value(),
                   counted ? "" : counted.error().message() + ": the kernel lacks CONFIG_INET_DIAG, or refuses it"});
}

}  // namespace

std::string small_file(const std::string& path) {
  auto text = linux::read_file(path, file_bytes_max);
  if (!text) return {};
  while (!text->empty() && (text->back() == '\n' || text->back() == '\0')) text->pop_back();
  return *std::move(text);
}

std::string status_field(const std::string& status, const std::string& name) {
  const std::string head = "\n" + name + ":\t";
  const std::size_t at = status.find(head);
  if (at == std::string::npos) return {};
  const std::size_t begin = at + head.size();
  return status.substr(begin, status.find('\n', begin) - begin);
}

std::uint64_t hexadecimal(const std::string& text) { return std::strtoull(text.c_str(), nullptr, 16); }

std::vector<Finding> examine_host() {
  std::vector<Finding> found;
  examine_namespaces(found);
  examine_cgroups(found);
  examine_pasta(found);
  const std::string status = small_file("/proc/self/status");
  const std::uint64_t all =
      (std::uint64_t{2} << std::strtoul(small_file("/proc/sys/kernel/cap_last_cap").c_str(), nullptr, 10)) - 1;
  found.push_back({"capabilities", true, linux::capability_words(hexadecimal(status_field(status, "CapEff")), all)});
  examine_limits(found);
  examine_socket_diagnosis(found);
  return found;
}

}  // namespace reeve::cli
