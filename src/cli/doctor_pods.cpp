// What running pods have: read from /proc of their processes, beside what their specs ask for.
#include "cli/doctor.hpp"
#include "cli/json.hpp"

#include <reeve/linux/host_trial.hpp>

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

namespace reeve::cli {
namespace json = boost::json;
namespace {

// The identity of a namespace; nothing: it may not be looked at.
std::optional<ino_t> namespace_of(const std::string& process, const char* kind) {
  struct stat there {};
  if (::stat((process + "/ns/" + kind).c_str(), &there) != 0) return std::nullopt;
  return there.st_ino;
}

struct Asked {
  bool is_private = true;
  std::string network;
};

class Patient {
 public:
  Patient(std::string reeve, std::int64_t pid) : reeve_(std::move(reeve)), self_("/proc/" + std::to_string(pid)) {}

  Finding examine(std::string what, const Asked& asked) {
    Finding finding{std::move(what), true, {}};
    if (!namespace_of(self_, "pid") || !namespace_of(reeve_, "pid")) {
      finding.told =
          std::string("cannot be looked at (") + std::strerror(errno) + "): ask as root or as who runs reeve";
      return finding;
    }
    std::string own;
    for (const char* kind : {"user", "pid", "mnt", "ipc", "uts", "net", "cgroup"}) {
      if (is_own(kind)) own += (own.empty() ? "" : " ") + std::string(kind);
    }
    const std::string status = small_file(self_ + "/status");
    told_ = "namespaces " + (own.empty() ? std::string("none of its own") : own) + "; uid map " + uid_map() +
            "; capabilities " + words(status, "CapEff") + ", at most " + words(status, "CapBnd") + "; no_new_privs " +
            (status_field(status, "NoNewPrivs") == "1" ? "yes" : "no") + "; seccomp " +
            (status_field(status, "Seccomp") == "2" ? "filter" : "none") + "; network " +
            (is_own("net") ? "its own" : "reeve's") + "; root " + (has_own_root() ? "its own" : "the host's");
    compare(asked, status);
    finding.is_fine = lacking_.empty();
    finding.told = finding.is_fine ? told_ : lacking_ + "; it has: " + told_;
    return finding;
  }

 private:
  bool is_own(const char* kind) const { return namespace_of(self_, kind) != namespace_of(reeve_, kind); }

  std::string uid_map() const {
    const std::string raw = small_file(self_ + "/uid_map");
    std::string map;
    for (const char each : raw) {
      const bool is_blank = each == ' ' || each == '\n';
      if (!is_blank) map += each;
      if (is_blank && !map.empty() && map.back() != ' ') map += ' ';
    }
    return map;
  }

  static std::string words(const std::string& status, const char* field) {
    const unsigned long last = std::strtoul(small_file("/proc/sys/kernel/cap_last_cap").c_str(), nullptr, 10);
    return linux::capability_words(hexadecimal(status_field(status, field)), (std::uint64_t{2} << last) - 1);
  }

  bool has_own_root() const {
    struct stat its {
    }, reeves{};
    if (::stat((self_ + "/root/").c_str(), &its) != 0 || ::stat((reeve_ + "/root/").c_str(), &reeves) != 0)
      return false;
    return its.st_ino != reeves.st_ino || its.st_dev != reeves.st_dev;
  }

  void lacks(const std::string& what) { lacking_ += (lacking_.empty() ? "" : ", ") + what; }

  void compare(const Asked& asked, const std::string& status) {
    if (asked.is_private) {
      for (const char* kind : {"pid", "mnt", "ipc", "uts"}) {
        if (!is_own(kind)) lacks(std::string("asked for private namespaces and shares reeve's ") + kind);
      }
      if (status_field(status, "NoNewPrivs") != "1") lacks("may gain privileges (no_new_privs is not set)");
    }
    const bool wants_network = asked.network == "isolated" || asked.network == "nat";
    if (wants_network && !is_own("net")) lacks("asked for network \"" + asked.network + "\" and shares reeve's");
    if (!wants_network && is_own("net")) lacks("asked for the host's network and has another");
  }

  std::string reeve_, self_;
  std::string told_, lacking_;
};

Finding examine_state(const json::value& status) {
  const std::string directory = text_at(status, "state.directory"), problem = text_at(status, "state.problem");
  if (!problem.empty()) return {"state", false, "what commands change is not kept: " + problem};
  if (!directory.empty()) return {"state", true, "kept in " + directory};
  return {"state", true, "what commands change is not kept over a restart: name a stateDirectory in [supervisor]"};
}

}  // namespace

Result<std::vector<Finding>> examine_pods(const Session& session) {
  REEVE_TRY(const json::value status, session.get("/apis/reeve.dev/v1/status"));
  REEVE_TRY(const json::value pods, session.get("/api/v1/pods"));
  const std::string reeve = "/proc/" + text_at(status, "pid");
  std::vector<Finding> found{examine_state(status)};
  for (const json::value& pod : list_at(pods, "items")) {
    std::string isolation = text_at(pod, "spec.isolation");
    if (isolation.empty()) isolation = text_at(status, "isolation");
    const Asked asked{isolation != "none", text_at(pod, "spec.network")};
    for (const json::value& each : list_at(pod, "status.containerStatuses")) {
      const std::int64_t pid = number_at(each, "reeve.pid");
      if (pid == 0 || find(each, "state.running") == nullptr) continue;
      const std::string what = text_at(pod, "metadata.namespace") + "/" + text_at(pod, "metadata.name") + " " +
                               text_at(each, "name") + " (pid " + std::to_string(pid) + ")";
      found.push_back(Patient(reeve, pid).examine(what, asked));
    }
  }
  return found;
}

}  // namespace reeve::cli
