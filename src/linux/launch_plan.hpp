#pragma once
// Everything a new process needs, laid out before the clone: after it, nothing may allocate or take a lock.

#include "linux/heap_range.hpp"
#include "linux/remedy.hpp"

#include <reeve/linux/process.hpp>
#include <reeve/linux/sandbox.hpp>

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace reeve::linux {

// One thing the tiny init does to its namespaces. Texts belong to the plan.
struct SetupStep {
  enum class Action {
    mount,
    make_directory,
    make_file,  // with `data` in it, if there is any
    make_link,
    remove_file,
    bind_notify,     // the notify socket to `target`
    write_file,      // `data` into `target`
    enter_root,      // `target` becomes the root; the old one stays reachable as the current directory
    leave_old_root,  // the old root is gone
  };
  Action action;
  const char* what;  // "cannot mount a private /tmp"
  const char* target = nullptr;
  const char* source = nullptr;
  const char* type = nullptr;
  const char* data = nullptr;
  unsigned long flags = 0;  // of the mount
  mode_t mode = 0;          // of the directory or file
  Remedy remedy = Remedy::isolation;
  bool may_lack_target = false;  // then it is left out
};

// Where the tree runs decides who adopts its orphans and who ends it.
enum class Place {
  own_namespaces,  // the tiny init is PID 1: its exit kills the tree
  joined,          // inside a container, as a child subreaper
  host,            // in our own namespaces, as a child subreaper
};

struct LaunchPlan {
  LaunchPlan() = default;
  LaunchPlan(const LaunchPlan&) = delete;
  LaunchPlan& operator=(const LaunchPlan&) = delete;

  // Keeps a text for as long as the plan.
  const char* keep(std::string text) { return texts.emplace_back(std::move(text)).c_str(); }
  char* keep_writable(std::string text) { return texts.emplace_back(std::move(text)).data(); }

  Place place = Place::host;
  bool user_namespace = false;           // the tree runs in one that is not ours
  std::uint64_t new_namespaces = 0;      // that the tiny init is cloned into, as CLONE_NEW flags
  std::vector<NamespaceEntry> to_enter;  // namespaces that exist, in this order
  const char* entering = nullptr;        // "cannot enter ..."
  bool is_entered_before_clone = false;  // by a helper that clones: where only what is born inside is inside
  std::vector<SetupStep> steps;
  std::vector<char*> argv;
  std::vector<char*> environment;
  std::vector<const char*> candidates;       // what to execute, the first that exists
  const char* not_found = nullptr;           // what to say when several candidates were tried and none exists
  const char* change_root = nullptr;         // for the leader alone; with Place::host
  const char* change_root_failed = nullptr;  // "cannot change the root to ..."
  const char* working_directory = nullptr;   // never empty
  const char* working_directory_failed = nullptr;
  // Where the leader runs until its exec, in the memory of the tiny init.
  static constexpr std::size_t leader_stack_bytes = 32 * 1024;
  std::unique_ptr<char[]> leader_stack{new char[leader_stack_bytes]};
  HeapRange heap;  // what the tiny init lets go of once the leader runs; everything above stands in it
  bool controlling_terminal = false;  // stdin becomes the leader's
  int control_fd = -1;
  int stdin_fd = -1;  // /dev/null
  int stdout_fd = -1;
  int stderr_fd = -1;
  int notify_fd = -1;           // bound by a step
  std::vector<int> passed_fds;  // the leader's from 3 on
  char* listen_pid = nullptr;   // where in the environment the leader writes its pid
  static constexpr std::size_t pid_digits_max = 10;

 private:
  std::deque<std::string> texts;
};

// Fills the plan from the spec; refuses what could never run.
Result<void> fill_launch_plan(LaunchPlan& plan, const ProcessSpec& spec);

}  // namespace reeve::linux
