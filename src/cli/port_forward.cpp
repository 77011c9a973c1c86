// reeve port-forward: listens here, and connects from inside the pod's network with sockets that reeve makes there.
#include "cli/json.hpp"
#include "cli/pods.hpp"
#include "cli/session.hpp"

#include <reeve/cli/cli.hpp>
#include <reeve/linux/socket.hpp>
#include <reeve/proxy/relay.hpp>

#include <sys/socket.h>
#include <uv.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>

namespace reeve::cli {
namespace json = boost::json;
namespace {

constexpr std::chrono::seconds answer_takes_max(10);

// "8080:80", "80", ":80", "8080:http".
struct Ports {
  std::uint16_t local = 0;  // 0: one that nobody has
  std::uint16_t remote = 0;
};

Result<std::uint16_t> port_number(const std::string& text, std::int64_t least) {
  const auto number = parse_integer(text);
  if (!number || *number < least || *number > 65535) return fail("\"" + text + "\" is no port number");
  return static_cast<std::uint16_t>(*number);
}

// The number of a port that one of the pod's containers names.
Result<std::uint16_t> named_port(const json::value& pod, const std::string& name) {
  for (const json::value& container : list_at(pod, "spec.containers")) {
    const json::value* const port = named(list_at(container, "ports"), name);
    if (port != nullptr) return port_number(text_at(*port, "containerPort"), 1);
  }
  return fail("Pod '" + text_at(pod, "metadata.name") + "' does not have a named port '" + name + "'");
}

bool is_number(const std::string& text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

// A port of a service means where that leads in its pods.
Result<std::string> target_of(const json::value& service, const std::string& port) {
  for (const json::value& each : list_at(service, "spec.ports")) {
    if (text_at(each, "port") != port && text_at(each, "name") != port) continue;
    const std::string target = text_at(each, "targetPort");
    return target.empty() ? text_at(each, "port") : target;
  }
  return fail("Service '" + text_at(service, "metadata.name") + "' does not have a service port " + port);
}

Result<Ports> read_ports(const std::string& word, const PodChoice& choice) {
  const std::size_t colon = word.find(':');
  const std::string asked = colon == std::string::npos ? word : word.substr(colon + 1);
  const std::string local = word.substr(0, colon);
  std::string remote = asked;
  if (choice.service.is_object()) {
    REEVE_TRY(remote, target_of(choice.service, asked));
  }
  Ports ports;
  REEVE_TRY(ports.remote, is_number(remote) ? port_number(remote, 1) : named_port(choice.pod, remote));
  if (colon == std::string::npos && !is_number(asked)) {
    ports.local = ports.remote;
  } else if (!local.empty()) {
    REEVE_TRY(ports.local, port_number(local, 0));
  }
  return ports;
}

// What all connections of one run share.
struct Forwarding {
  proxy::RelayLoop relays;
  api::Client client;
  std::string pod;
  std::string path;  // of the pod
};

// One listening socket and where it leads.
struct Door {
  Forwarding& all;
  linux::UniqueFd fd;
  std::string address;
  Ports ports;
  uv_poll_t poll{};

  void refuse(const std::string& why) const {
    std::fprintf(stderr, "error: an error occurred forwarding %d -> %d: %s\n", ports.local, ports.remote, why.c_str());
  }
};

class ForwardedRelay final : public proxy::Relay {
 public:
  ForwardedRelay(const Door& door, linux::UniqueFd client, linux::UniqueFd server)
      : Relay(door.all.relays, std::move(client), std::move(server)), door_(door) {}

 private:
  void on_connected() override {}
  void on_connect_failed(int error) override {
    std::string why = std::strerror(error);
    why[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(why[0])));
    door_.refuse("failed to connect to 127.0.0.1:" + std::to_string(door_.ports.remote) + " inside pod " +
                 door_.all.pod + ": " + why);
    reset();
  }
  void on_client_bytes(std::size_t) override {}
  void on_server_bytes(std::size_t) override {}
  void on_ended(proxy::RelayEnd) override {}

  const Door& door_;
};

Result<linux::UniqueFd> connect_inside(const Door& door) {
  REEVE_TRY(api::Upgraded upgraded,
            door.all.client.upgrade({.method = "POST",
                                     .path = door.all.path + "/portforward?port=" + std::to_string(door.ports.remote),
                                     .upgrade = "reeve-portforward"},
                                    std::chrono::steady_clock::now() + answer_takes_max));
  if (upgraded.descriptors.size() != 1) return fail("reeve passed no socket");
  REEVE_TRY(const auto address, linux::SocketAddress::parse("127.0.0.1:" + std::to_string(door.ports.remote)));
  REEVE_TRY_VOID(linux::begin_connect(upgraded.descriptors.front().get(), address));
  return std::move(upgraded.descriptors.front());
}

void accept_some(const Door& door) {
  while (auto accepted = linux::accept_connection(door.fd.get())) {
    std::printf("Handling connection for %d\n", door.ports.local);
    std::fflush(stdout);
    auto inside = connect_inside(door);
    if (!inside) {
      linux::reset_on_close(accepted->fd.get());
      door.refuse(inside.error().message());
      continue;
    }
    // It belongs to the loop.
    auto* const relay = new ForwardedRelay(door, std::move(accepted->fd), *std::move(inside));
    if (auto started = relay->start(); !started) door.refuse(started.error().message());
  }
}

Result<std::unique_ptr<Door>> open_door(Forwarding& all, const std::string& ip, Ports ports) {
  const std::string host = ip.find(':') == std::string::npos ? ip : "[" + ip + "]";
  REEVE_TRY(const auto address, linux::SocketAddress::parse(host + ":1"));
  REEVE_TRY(linux::UniqueFd fd, linux::listen_alone(address.with_port(ports.local)));
  REEVE_TRY(const auto bound, linux::local_address(fd.get()));
  ports.local = bound.port();
  return std::make_unique<Door>(Door{all, std::move(fd), bound.to_string(), ports});
}

Result<void> watch(Door& door) {
  if (const int status = uv_poll_init(door.all.relays.loop, &door.poll, door.fd.get()); status != 0) {
    return fail("cannot watch " + door.address, -status);
  }
  door.poll.data = &door;
  uv_poll_start(&door.poll, UV_READABLE,
                [](uv_poll_t* handle, int, int) { accept_some(*static_cast<const Door*>(handle->data)); });
  std::printf("Forwarding from %s -> %d\n", door.address.c_str(), door.ports.remote);
  std::fflush(stdout);
  return {};
}

std::vector<std::string> addresses_in(const std::string& list) {
  std::vector<std::string> addresses;
  for (std::size_t from = 0; from <= list.size();) {
    const std::size_t to = std::min(list.find(',', from), list.size());
    const std::string each = list.substr(from, to - from);
    if (!each.empty()) addresses.push_back(each == "localhost" ? "127.0.0.1" : each);
    from = to + 1;
  }
  return addresses;
}

// Until a signal ends us. What may fail comes before there is a loop.
Result<void> forward(Forwarding& all, const std::vector<std::string>& addresses, const std::vector<Ports>& ports) {
  std::vector<std::unique_ptr<Door>> doors;
  for (const Ports& each : ports) {
    for (const std::string& ip : addresses) {
      REEVE_TRY(auto door, open_door(all, ip, each));
      doors.push_back(std::move(door));
    }
  }
  if (const int status = uv_loop_init(all.relays.loop); status != 0) return fail("cannot make an event loop", -status);
  for (const auto& each : doors) REEVE_TRY_VOID(watch(*each));
  uv_run(all.relays.loop, UV_RUN_DEFAULT);
  return {};
}

Result<void> run(const Session& session, const std::vector<std::string>& words, const std::string& addresses) {
  REEVE_TRY(const PodChoice choice, choose_pod(session, words.front()));
  const std::string phase = text_at(choice.pod, "status.phase");
  if (phase != "Running") {
    return fail("unable to forward port because pod is not running. Current status=" + phase);
  }
  std::vector<Ports> ports;
  for (std::size_t i = 1; i < words.size(); ++i) {
    REEVE_TRY(const Ports each, read_ports(words[i], choice));
    ports.push_back(each);
  }
  const std::string pod = text_at(choice.pod, "metadata.name");
  uv_loop_t loop;
  const auto all = std::make_unique<Forwarding>(
      Forwarding{{&loop, {}, {}}, session.client(), pod, (*find_resource("pods"))->path(session.name_space(), pod)});
  return forward(*all, addresses_in(addresses), ports);
}

}  // namespace

int port_forward_command(const Command& command, std::span<const std::string> arguments) {
  Session session;
  std::string addresses = "127.0.0.1";
  const Arguments read =
      read_arguments(command, arguments,
                     session.options({text("", "--address", "IP[,IP]", "where to listen (127.0.0.1)", addresses)}));
  if (read.exit_code) return *read.exit_code;
  if (read.words.size() < 2) {
    return misused(command, "TYPE/NAME and list of ports are required for port-forward");
  }
  std::signal(SIGPIPE, SIG_IGN);
  const auto done = run(session, read.words, addresses);
  return done ? exit_done : refused(done.error());
}

}  // namespace reeve::cli
