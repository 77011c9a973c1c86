#include "linux/launch_plan.hpp"

#include "linux/user_namespace.hpp"

#include <reeve/linux/notify_socket.hpp>

#include <sched.h>
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
  if (spec.join_pidfd && (spec.isolation == Isolation::none || has_own_root(spec) || spec.sandbox != nullptr)) {
    return fail("cannot join a container: it has its own root directory and sandbox, and private namespaces");
  }
  if (spec.sandbox != nullptr && spec.isolation == Isolation::none) {
    return fail("cannot start " + spec.argv.front() + ": a sandbox goes with private namespaces");
  }
  if (spec.passed_fds.size() > ProcessSpec::passed_fds_max) {
    return fail("cannot start " + spec.argv.front() + ": it is to get " + std::to_string(spec.passed_fds.size()) +
                " sockets, and " + std::to_string(ProcessSpec::passed_fds_max) + " can be passed");
  }
  REEVE_CHECK(spec.notify_fd < 0 || (spec.isolation == Isolation::private_namespaces && !spec.join_pidfd));
  if (spec.controlling_terminal && spec.stdin_fd < 0) {
    return fail("cannot start " + spec.argv.front() + ": its standard input is to be its terminal, and there is none");
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

// sd_listen_fds(3) wants the pid that the program will have, as it sees itself.
void plan_passing(LaunchPlan& plan, const ProcessSpec& spec) {
  plan.passed_fds = spec.passed_fds;
  if (plan.passed_fds.empty()) return;
  constexpr std::string_view name = "LISTEN_PID=";
  char* const variable = plan.keep_writable(std::string(name) + std::string(LaunchPlan::pid_digits_max, '0'));
  plan.listen_pid = variable + name.size();
  plan.environment.insert(plan.environment.end() - 1, variable);
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
  const auto only = [&](id_t id) { return plan.keep(map_of_one(id)); };
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
  plan.steps.push_back({.action = Action::make_file, .what = what, .target = target, .mode = 0666});
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

// The pod's own file over the root's. It lives in the private /tmp and loses its name there at once.
void plan_file(LaunchPlan& plan, const SandboxFile& file, const std::string& root) {
  constexpr const char* draft = "/tmp/.reeve-file";
  const char* what = plan.keep("cannot put the pod's own file over " + file.path + (root.empty() ? "" : " in " + root));
  plan.steps.push_back(
      {.action = Action::make_file, .what = what, .target = draft, .data = file.text.c_str(), .mode = 0644});
  plan.steps.push_back({.action = Action::mount,
                        .what = what,
                        .target = file.path.c_str(),
                        .source = draft,
                        .flags = MS_BIND,
                        .remedy = Remedy::root_lacks_file,
                        .may_lack_target = !file.is_required});
  plan.steps.push_back({.action = Action::remove_file, .what = what, .target = draft});
}

void plan_files(LaunchPlan& plan, const ProcessSpec& spec, const std::string& root) {
  if (spec.sandbox == nullptr) return;
  for (const SandboxFile& each : spec.sandbox->files()) plan_file(plan, each, root);
}

// The root is entered before anything is mounted in it, so that no link in it can lead a mount out of it.
void plan_own_root(LaunchPlan& plan, const ProcessSpec& spec) {
  const std::string& root = spec.root_directory;
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
  plan_files(plan, spec, root);
  plan.steps.push_back({.action = Action::leave_old_root, .what = "cannot take the host's root away"});
}

// A sandbox that made a user namespace has mapped our user there already.
void plan_namespaces(LaunchPlan& plan, const ProcessSpec& spec) {
  plan.new_namespaces = CLONE_NEWPID | CLONE_NEWNS;
  if (spec.sandbox != nullptr) {
    plan.to_enter = spec.sandbox->entries();
    plan.entering = "cannot enter the sandbox of its pod";
    plan.user_namespace = spec.sandbox->user_namespace() >= 0;
    plan.is_entered_before_clone = plan.user_namespace;
  } else {
    plan.new_namespaces |= CLONE_NEWIPC | CLONE_NEWUTS;
    if (plan.user_namespace) plan.new_namespaces |= CLONE_NEWUSER;
    if (plan.user_namespace) plan_identity(plan);
  }
  plan.steps.push_back(
      {.action = Action::mount, .what = "cannot make mounts private", .target = "/", .flags = MS_REC | MS_PRIVATE});
  if (has_own_root(spec)) return plan_own_root(plan, spec);
  plan_directories(plan, "", Remedy::isolation);
  plan_files(plan, spec, "");
}

// In the private /tmp, so that no other pod can reach it.
void plan_notify(LaunchPlan& plan) {
  plan.steps.push_back({.action = Action::bind_notify,
                        .what = plan.keep(std::string("cannot bind the notify socket to ") + notify_path),
                        .target = notify_path,
                        .remedy = Remedy::none});
}

}  // namespace

Result<void> fill_launch_plan(LaunchPlan& plan, const ProcessSpec& spec) {
  REEVE_TRY_VOID(check(spec));
  const bool isolated = spec.isolation == Isolation::private_namespaces;
  plan.place = spec.join_pidfd ? Place::joined : isolated ? Place::own_namespaces : Place::host;
  plan.user_namespace = isolated && !may_make_namespaces();
  plan.argv = pointers_to(plan, spec.argv);
  plan.environment = pointers_to(plan, spec.environment);
  plan_passing(plan, spec);
  plan_candidates(plan, spec);
  plan.notify_fd = spec.notify_fd;
  plan.working_directory = plan.keep(spec.working_directory.empty() ? "/" : spec.working_directory);
  plan.working_directory_failed = plan.keep("cannot enter the working directory " + spec.working_directory);
  plan.controlling_terminal = spec.controlling_terminal;
  plan.stdin_fd = spec.stdin_fd;
  plan.stdout_fd = spec.stdout_fd;
  plan.stderr_fd = spec.stderr_fd;
  if (plan.place == Place::own_namespaces) plan_namespaces(plan, spec);
  if (plan.notify_fd >= 0) plan_notify(plan);
  if (plan.place == Place::host && has_own_root(spec)) {
    plan.change_root = plan.keep(spec.root_directory);
    plan.change_root_failed = plan.keep("cannot change the root directory to " + spec.root_directory);
  }
  return {};
}

}  // namespace reeve::linux
