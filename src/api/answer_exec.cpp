// Commands in containers: everything is checked here, before the connection leaves HTTP.
#include "api/answer.hpp"
#include "api/exec_session.hpp"

#include <algorithm>

namespace reeve::api {
namespace {

std::string state_of(const Pod& pod, const Container& container) {
  const auto status = container.status(
      pod.identity(), pod.init_containers().empty() ? reason::container_creating : reason::pod_initializing);
  if (const auto* waiting = std::get_if<StateWaiting>(&status.state)) return std::string(waiting->reason);
  if (const auto* ended = std::get_if<StateTerminated>(&status.state)) return std::string(ended->reason);
  return "it starts";
}

}  // namespace

std::optional<Reply> refuse_upgrade(const Request& request, std::string_view protocol, std::string_view command) {
  if (request.method != "POST") {
    Reply reply = reply_with(method_not_allowed());
    reply.allow = "POST";
    return reply;
  }
  if (request.upgrade == protocol) return std::nullopt;
  return reply_with(bad_request("this is served as \"Connection: Upgrade\", \"Upgrade: " + std::string(protocol) +
                                "\" over reeve's unix socket alone, because descriptors travel over it: use reeve " +
                                std::string(command)));
}

Reply Answerer::exec(const Request& request, const Route& route) {
  if (auto refused = refuse_upgrade(request, exec_protocol, "exec")) return *std::move(refused);
  const Pod* pod = host_.supervisor().find_pod(route.name_space, route.name);
  if (pod == nullptr) return reply_with(not_found(*route.kind, route.name));
  const ContainerChoice choice = choose_container(*pod, request.parameter("container"));
  if (choice.problem) return reply_with(*choice.problem);
  const Container& container = *choice.container;
  ExecRequest exec{{}, request.parameters("command"), request.flag("stdin"), request.flag("tty")};
  if (exec.command.empty() || exec.command.front().empty()) {
    return reply_with(bad_request("you must specify at least one command for the container"));
  }
  const auto instance = container.live_instance();
  if (!container.is_running() || !instance) {
    return reply_with(bad_request("container \"" + container.spec().name + "\" in pod \"" + pod->metadata().name +
                                  "\" is not running: " + state_of(*pod, container)));
  }
  exec.instance = *instance;
  Reply reply;
  reply.code = 101;
  reply.upgrade = Upgrade{exec_protocol, std::move(exec)};
  return reply;
}

}  // namespace reeve::api
