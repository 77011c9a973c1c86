#pragma once
// A thread that is in other namespaces for a moment.

#include <reeve/core/result.hpp>
#include <reeve/linux/fd.hpp>

#include <array>
#include <utility>

namespace reeve::linux {

// The calling thread is away until this ends. A way back that fails ends the process at once: the thread would act in
// a wrong place from then on.
class Away {
 public:
  // Whether there would be a way back into ours. In a user namespace whose other namespaces belong to its parent, as a
  // container with the host's network has, there is none, whatever capabilities we have.
  static Result<bool> could_return(int kinds);

  // Into new namespaces of these kinds: CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS.
  static Result<Away> in_new(int kinds);
  // Into the network namespace of this descriptor.
  static Result<Away> in_network(int fd);

  Away(Away&&) noexcept = default;
  Away& operator=(Away&&) = delete;
  ~Away();

 private:
  using Home = std::array<UniqueFd, 3>;

  explicit Away(Home home) noexcept : home_(std::move(home)) {}
  static Result<Home> open_home(int kinds);

  Home home_;
};

// This thread's namespace of one kind, to enter it again.
Result<UniqueFd> open_namespace(int kind);

}  // namespace reeve::linux
