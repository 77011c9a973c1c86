#include "sandbox.hpp"

#include "bare.hpp"
#include "world.hpp"

#include <reeve/linux/process.hpp>
#include <reeve/linux/sandbox.hpp>

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <vector>

namespace reeve::bench {
namespace {

const std::string hosts = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n127.78.0.1 bench\n";

linux::Sandbox make_sandbox() {
  auto made = linux::Sandbox::make({"bench", true, {{"/etc/hosts", hosts, false}}});
  if (!made) give_up(made.error().message());
  return *std::move(made);
}

void run_container(const linux::Sandbox& sandbox, const std::string& program) {
  linux::ProcessSpec spec;
  spec.argv = {program};
  spec.sandbox = &sandbox;
  auto process = linux::Process::start(spec);
  if (!process) give_up(process.error().message());
  pollfd source{process->control_fd(), POLLIN, 0};
  for (bool has_ended = false; !has_ended;) {
    ::poll(&source, 1, -1);
    while (const auto report = process->read_report()) {
      has_ended = std::holds_alternative<linux::ProcessEnded>(*report);
      if (std::holds_alternative<linux::ProcessStartFailed>(*report)) give_up("start a container");
    }
  }
  ::waitpid(process->pid(), nullptr, 0);
}

// Microseconds each.
template <class Once>
double time_of(int count, Once once) {
  const Nanos began = now();
  for (int turn = 0; turn < count; ++turn) once();
  return static_cast<double>(now() - began) / 1e3 / count;
}

void measure_sockets(const linux::Sandbox& sandbox) {
  constexpr int sockets = 2000;
  const auto network = sandbox.network();
  const double inside = time_of(sockets, [&] {
    if (!network->make_socket(AF_INET, SOCK_STREAM)) give_up("make a socket in a sandbox");
  });
  const double here = time_of(sockets, [] { ::close(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)); });
  std::printf("  a socket there %.2f us, here %.2f us\n", inside, here);
}

}  // namespace

void compare_containers(const std::string& program, int count, int runs) {
  const linux::Sandbox sandbox = make_sandbox();
  std::vector<int> namespaces;
  for (const linux::NamespaceEntry& each : sandbox.entries()) namespaces.push_back(each.fd);
  std::vector<double> bares, ours, ratios;
  for (int run = 0; run < runs; ++run) {
    bares.push_back(time_of(count, [&] { bare_container({program}, namespaces, hosts); }));
    ours.push_back(time_of(count, [&] { run_container(sandbox, program); }));
    ratios.push_back(ours.back() / bares.back());
  }
  std::printf("\na container that does nothing, from start to end, in an isolated sandbox, median of %d\n", runs);
  std::printf("  bare program %8.0f us   reeve %8.0f us   ratio %.2f\n", median(bares), median(ours), median(ratios));
}

void measure_sandboxes(int count) {
  std::vector<linux::Sandbox> sandboxes;
  sandboxes.reserve(static_cast<std::size_t>(count));
  const double each = time_of(count, [&] { sandboxes.push_back(make_sandbox()); });
  std::printf("\n%d isolated sandboxes, %s keepers: %.0f us each\n", count,
              sandboxes.front().keeper() ? "with" : "without", each);
  measure_sockets(sandboxes.front());
}

}  // namespace reeve::bench
