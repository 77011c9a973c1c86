#include <reeve/core/hash.hpp>
#include <reeve/linux/clock.hpp>
#include <reeve/linux/fd.hpp>
#include <reeve/linux/survivors.hpp>

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <memory>
#include <optional>
#include <set>

namespace reeve::linux {
namespace {

constexpr std::size_t environment_bytes_max = 4 * 1024 * 1024;
constexpr std::size_t stat_bytes_max = 4096;

std::string proc_file(pid_t pid, const char* name) { return "/proc/" + std::to_string(pid) + '/' + name; }

// Of "PID (COMMAND) STATE PPID ...": the command may hold anything, also brackets.
struct Stat {
  std::string command;
  pid_t parent = 0;
};
std::optional<Stat> stat_of(pid_t pid) {
  const auto text = read_file(proc_file(pid, "stat"), stat_bytes_max);
  if (!text) return std::nullopt;
  const std::size_t open = text->find('('), close = text->rfind(')');
  if (open == std::string::npos || close == std::string::npos || close + 4 > text->size()) return std::nullopt;
  Stat stat{text->substr(open + 1, close - open - 1), 0};
  std::from_chars(text->data() + close + 4, text->data() + text->size(), stat.parent);
  return stat;
}

// Us, and those without whom we would not run.
std::set<pid_t> own_line() {
  std::set<pid_t> line;
  for (pid_t pid = ::getpid(); pid > 0 && line.insert(pid).second;) {
    const auto stat = stat_of(pid);
    pid = stat ? stat->parent : 0;
  }
  return line;
}

std::vector<pid_t> all_processes() {
  std::vector<pid_t> all;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir("/proc"), &::closedir);
  if (directory == nullptr) return all;
  while (const dirent* each = ::readdir(directory.get())) {
    const std::string_view name(each->d_name);
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error == std::errc{} && end == name.data() + name.size()) all.push_back(pid);
  }
  return all;
}

bool says(const std::string& environment, const std::string& variable, const std::string& ending) {
  const std::string begin = variable + '=';
  for (std::size_t at = 0; at < environment.size();) {
    const std::size_t end = std::min(environment.find('\0', at), environment.size());
    const std::string_view each = std::string_view(environment).substr(at, end - at);
    if (each.starts_with(begin) && each.ends_with(ending)) return true;
    at = end + 1;
  }
  return false;
}

UniqueFd open_process(pid_t pid) { return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))); }

// The descriptor is older than the look into /proc: whoever has the number by then, only he who was looked at is hit.
void kill_process(const UniqueFd& process) {
  if (process) ::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
}

class Hunt {
 public:
  Hunt(const std::string& variable, const std::string& ending)
      : variable_(variable), ending_(ending), own_line_(own_line()), own_command_(stat_of(::getpid())->command) {}

  std::vector<Survivor> find() const {
    std::vector<Survivor> found;
    for (const pid_t pid : all_processes()) {
      if (auto survivor = look_at(pid)) found.push_back(*std::move(survivor));
    }
    return found;
  }

  // Kills all there are now and waits until they are gone, or until then.
  std::vector<Survivor> kill_all(Instant until) const {
    std::vector<Survivor> found;
    std::vector<UniqueFd> dying;
    for (const pid_t pid : all_processes()) {
      UniqueFd process = open_process(pid);
      auto survivor = look_at(pid);
      if (!survivor) continue;
      kill_keeper_of(pid);
      kill_process(process);
      found.push_back(*std::move(survivor));
      if (process) dying.push_back(std::move(process));
    }
    for (const UniqueFd& each : dying) wait_for(each, until);
    return found;
  }

 private:
  std::optional<Survivor> look_at(pid_t pid) const {
    if (own_line_.contains(pid)) return std::nullopt;
    const auto environment = read_file(proc_file(pid, "environ"), environment_bytes_max);
    if (!environment || !says(*environment, variable_, ending_)) return std::nullopt;
    const auto stat = stat_of(pid);
    return Survivor{pid, stat ? stat->command : std::string()};
  }

  // A tiny init has our name and the environment of its reeve. One that was stopped would stay for ever.
  void kill_keeper_of(pid_t pid) const {
    const auto stat = stat_of(pid);
    if (!stat || stat->parent <= 1 || own_line_.contains(stat->parent)) return;
    const UniqueFd keeper = open_process(stat->parent);
    const auto its = stat_of(stat->parent);
    if (its && its->command == own_command_) kill_process(keeper);
  }

  static void wait_for(const UniqueFd& process, Instant until) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - monotonic_now()).count();
    pollfd ended{process.get(), POLLIN, 0};
    if (left > 0) ::poll(&ended, 1, static_cast<int>(left));
  }

  const std::string& variable_;
  const std::string& ending_;
  std::set<pid_t> own_line_;
  std::string own_command_;
};

}  // namespace

Result<std::string> directory_id(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return fail("cannot look at " + path, errno);
  const std::string name = std::to_string(found.st_dev) + ':' + std::to_string(found.st_ino);
  char digits[13];
  std::snprintf(digits, sizeof digits, "%012llx", static_cast<unsigned long long>(fnv1a_64(name) >> 16));
  return std::string(digits);
}

Result<std::vector<Survivor>> find_survivors(const std::string& variable, const std::string& ending) {
  if (!stat_of(::getpid())) return fail("cannot look for processes of an earlier reeve in /proc", errno);
  return Hunt(variable, ending).find();
}

Result<SurvivorsEnded> end_survivors(const std::string& variable, const std::string& ending, Duration most) {
  if (!stat_of(::getpid())) return fail("cannot look for processes of an earlier reeve in /proc", errno);
  const Hunt hunt(variable, ending);
  const Instant until = monotonic_now() + most;
  SurvivorsEnded all;
  for (;;) {
    all.left = hunt.kill_all(until);
    const auto is_known = [&](const Survivor& each) {
      return std::ranges::find(all.ended, each.pid, &Survivor::pid) != all.ended.end();
    };
    for (const Survivor& each : all.left) {
      if (!is_known(each)) all.ended.push_back(each);
    }
    if (all.left.empty() || monotonic_now() >= until) break;
  }
  std::erase_if(all.ended, [&](const Survivor& each) {
    return std::ranges::find(all.left, each.pid, &Survivor::pid) != all.left.end();
  });
  return all;
}

}  // namespace reeve::linux
