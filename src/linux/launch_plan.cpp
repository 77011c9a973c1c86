#include "linux/launch_plan.hpp"

#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

namespace reeve::linux {
namespace {

using Action = SetupStep::Action;

bool has_own_root(const ProcessSpec& spec) { return !spec.root_directory.empty() && spec.root_directory != "/"; }

bool holds_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

// A relative path would mean something else once the directory has changed; NUL would cut a text short unseen.
Result<void> check(const ProcessSpec& spec) {
  if (spec.argv.empty() || spec.argv.front().empty()) return fail("cannot start a process: its command is empty");
  if (std::ranges::any_of(spec.argv, holds_nul) || std::ranges::any_of(spec.environment, holds_nul) ||
      holds_nul(spec.working_directory) || holds_nul(spec.root_directory)) {
    return fail("cannot start " + spec.argv.front() + ": an argument, variable or path holds a NUL byte");
  }
  if (has_own_root(spec) && spec.root_directory.front() != '/') {
    return fail("cannot use " + spec.root_directory + " as a root directory: write an absolute path");
  }
  if (spec.join_pidfd && (spec.isolation == Isolation::none || has_own_root(spec))) {
    return fail("cannot join a container: that goes with private namespaces and without a root directory");
  }
  return {};
}

std::vector<char*> pointers_to(LaunchPlan& plan, const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  // execve asks for char* but writes to none of them.
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(plan.keep(text)));
  pointers.push_back(nullptr);
  return pointers;
}

std::string search_path(const std::vector<std::string>& environment) {
  constexpr std::string_view name = "PATH=";
  for (const std::string& variable : environment) {
    if (variable.starts_with(name)) return variable.substr(name.size());
  }
  return "/bin:/usr/bin";  // what execvp takes when there is no PATH
}

void plan_candidates(LaunchPlan& plan, const ProcessSpec& spec) {
  const std::string& program = spec.argv.front();
  if (program.find('/') != std::string::npos) {
    plan.candidates.push_back(plan.keep(program));
    return;
  }
  const std::string path = search_path(spec.environment);
  for (std::size_t from = 0; from <= path.size();) {
    const std::size_t to = std::min(path.find(':', from), path.size());
    std::string candidate = path.substr(from, to - from);
    if (!candidate.empty()) candidate += '/';
    plan.candidates.push_back(plan.keep(candidate.append(program)));
    from = to + 1;
  }
  plan.not_found = plan.keep("cannot execute " + program + ", looked for in PATH \"" + path + "\"");
}

// Not being root, we own nothing but what a user namespace with our own identity gives.
void plan_identity(LaunchPlan& plan) {
  const auto only = [&](unsigned id) { return plan.keep(std::to_string(id) + " " + std::to_string(id) + " 1\n"); };
  const char* what = "cannot map our user into a user namespace";
  plan.steps.push_back({.action = Action::write_file, .what = what, .target = "/proc/self/setgroups", .data = "deny"});
  plan.steps.push_back(
      {.action = Action::write_file, .what = what, .target = "/proc/self/uid_map", .data = only(::geteuid())});
  plan.steps.push_back(
      {.action = Action::write_file, .what = what, .target = "/proc/self/gid_map", .data = only(::getegid())});
}

void plan_directories(LaunchPlan& plan, const std::string& root, Remedy if_missing) {
  const std::string inside = root.empty() ? "" : " in " + root;
  plan.steps.push_back({.action = Action::mount,
                        .what = plan.keep("cannot mount a private /tmp" + inside),
                        .target = "/tmp",
                        .source = "tmpfs",
                        .type = "tmpfs",
                        .data = "mode=1777",
                        .flags = MS_NOSUID | MS_NODEV,
                        .remedy = if_missing});
  plan.steps.push_back({.action = Action::mount,
                        .what = plan.keep("cannot mount a private /proc" + inside),
                        .target = "/proc",
                        .source = "proc",
                        .type = "proc",
                        .flags = MS_NOSUID | MS_NODEV | MS_NOEXEC,
                        .remedy = root.empty() ? Remedy::proc_covered : if_missing});
}

void plan_device(LaunchPlan& plan, const std::string& root, const char* name) {
  const char* what = plan.keep("cannot bind /dev/" + std::string(name) + " in " + root);
  const char* target = plan.keep("/dev/" + std::string(name));
  plan.steps.push_back({.action = Action::make_file, .what = what, .target = target});
  plan.steps.push_back({.action = Action::mount,
                        .what = what,
                        .target = target,
                        .source = target + 1,  // "dev/null": from the old root, our current directory
                        .flags = MS_BIND});
}

void plan_devices(LaunchPlan& plan, const std::string& root) {
  const char* what = plan.keep("cannot mount a minimal /dev in " + root);
  plan.steps.push_back({.action = Action::mount,
                        .what = what,
                        .target = "/dev",
                        .source = "tmpfs",
                        .type = "tmpfs",
                        .data = "mode=755",
                        .flags = MS_NOSUID | MS_NOEXEC,
                        .remedy = Remedy::root_lacks_directory});
  for (const char* name : {"null", "zero", "full", "random", "urandom", "tty"}) plan_device(plan, root, name);
  plan.steps.push_back({.action = Action::make_directory, .what = what, .target = "/dev/shm", .mode = 01777});
  const auto link = [&](const char* name, const char* to) {
    plan.steps.push_back({.action = Action::make_link, .what = what, .target = name, .source = to});
  };
  link("/dev/fd", "/proc/self/fd");
  link("/dev/stdin", "/proc/self/fd/0");
  link("/dev/stdout", "/proc/self/fd/1");
  link("/dev/stderr", "/proc/self/fd/2");
}

// The root is entered before anything is mounted in it, so that no link in it can lead a mount out of it.
void plan_own_root(LaunchPlan& plan, const std::string& root) {
  const char* path = plan.keep(root);
  plan.steps.push_back({.action = Action::mount,
                        .what = plan.keep("cannot use " + root + " as a root directory"),
                        .target = path,
                        .source = path,
                        .flags = MS_BIND | MS_REC,
                        .remedy = Remedy::none});
  plan.steps.push_back(
      {.action = Action::enter_root, .what = plan.keep("cannot make " + root + " the root directory"), .target = path});
  plan_directories(plan, root, Remedy::root_lacks_directory);
  plan_devices(plan, root);
  plan.steps.push_back({.action = Action::leave_old_root, .what = "cannot take the host's root away"});
}

void plan_namespaces(LaunchPlan& plan, const ProcessSpec& spec) {
  if (plan.user_namespace) plan_identity(plan);
  plan.steps.push_back(
      {.action = Action::mount, .what = "cannot make mounts private", .target = "/", .flags = MS_REC | MS_PRIVATE});
  if (has_own_root(spec)) {
    plan_own_root(plan, spec.root_directory);
  } else {
    plan_directories(plan, "", Remedy::isolation);
  }
  if (spec.host_name.empty()) return;
  plan.steps.push_back({.action = Action::name_host,
                        .what = plan.keep("cannot set the host name " + spec.host_name),
                        .data = plan.keep(spec.host_name)});
}

}  // namespace

Result<void> fill_launch_plan(LaunchPlan& plan, const ProcessSpec& spec) {
  REEVE_TRY_VOID(check(spec));
  const bool isolated = spec.isolation == Isolation::private_namespaces;
  plan.place = spec.join_pidfd ? Place::joined : isolated ? Place::own_namespaces : Place::host;
  plan.user_namespace = isolated && ::geteuid() != 0;
  plan.argv = pointers_to(plan, spec.argv);
  plan.environment = pointers_to(plan, spec.environment);
  plan_candidates(plan, spec);
  plan.working_directory = plan.keep(spec.working_directory.empty() ? "/" : spec.working_directory);
  plan.working_directory_failed = plan.keep("cannot enter the working directory " + spec.working_directory);
  plan.stdout_fd = spec.stdout_fd;
  plan.stderr_fd = spec.stderr_fd;
  if (plan.place == Place::own_namespaces) plan_namespaces(plan, spec);
  if (plan.place == Place::host && has_own_root(spec)) {
    plan.change_root = plan.keep(spec.root_directory);
    plan.change_root_failed = plan.keep("cannot change the root directory to " + spec.root_directory);
  }
  return {};
}

}  // namespace reeve::linux
