#include "notify.hpp"

#include <reeve/linux/socket.hpp>

#include <fcntl.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "world.hpp"

namespace reeve::bench {
namespace {

using linux::SocketAddress;
using linux::UniqueFd;

constexpr int runs = 30;

SocketAddress free_address() {
  auto socket = linux::make_stream_socket(AF_INET);
  if (!socket || !linux::bind_to_free_port(socket->get())) give_up("find a free port");
  return SocketAddress::parse("127.0.0.1:1")->with_port(linux::local_address(socket->get())->port());
}

// False: refused, or ended without an answer.
bool is_answered(const SocketAddress& at) {
  constexpr char request[] = "GET / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n";
  const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const linux::RawAddress raw = at.raw();
  if (::connect(client.get(), &raw.any, raw.size) != 0) return false;
  ::send(client.get(), request, sizeof request - 1, MSG_NOSIGNAL);
  char byte;
  return ::recv(client.get(), &byte, 1, 0) == 1;
}

std::string configuration(const Scratch& scratch, const char* isolation, const SocketAddress& front,
                          const SocketAddress& back) {
  return std::string("[supervisor]\nisolation = \"") + isolation + "\"\n[pod.web]\ncommand = [\"" + scratch.program() +
         "\", \"--clock-once-listening\", \"" + scratch.clock() +
         "\", \"--once-listening\", \"READY=1\", \"--http\", \"" + std::to_string(back.port()) +
         "\"]\nreadinessProbe = { notify = {} }\n[service.web]\nport = 80\ntargetPort = " +
         std::to_string(back.port()) + "\npod = \"web\"\nlisten = [\"" + front.to_string() + "\"]\n";
}

// Milliseconds from the program's word to the first answer; the client asks again as soon as it was refused.
double first_answer(const Scratch& scratch, const char* isolation) {
  scratch.forget_started();
  const SocketAddress front = free_address(), back = free_address();
  const std::string file = scratch.write("notify.toml", configuration(scratch, isolation, front, back));
  const char* const given = std::getenv("REEVE_BINARY");
  Child reeve(std::vector<std::string>{given ? given : REEVE_BINARY_PATH, "run", "-f", file});
  const Nanos end = now() + 60'000'000'000;
  while (!is_answered(front)) {
    if (now() > end) give_up("get an answer");
  }
  const Nanos answered = now();
  const auto started = scratch.started();
  if (started.empty()) give_up("learn when the program listened");
  reeve.stop();
  return static_cast<double>(answered - started[0].at) / 1e6;
}

}  // namespace

void measure_notify(const Scratch& scratch) {
  std::printf("\nfrom READY=1 to the first answer through the proxy, %d runs\n", runs);
  for (const char* const isolation : {"none", "private"}) {
    std::vector<double> took;
    for (int run = 0; run < runs; ++run) took.push_back(first_answer(scratch, isolation));
    std::printf("  %-14s median %.2f ms   p99 %.2f ms   (budget 5 ms)\n", isolation, median(took),
                percentile(took, 0.99));
  }
}

}  // namespace reeve::bench
