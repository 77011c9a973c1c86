// A socket in the network of a pod: the client connects it and carries the bytes itself.
#include "api/answer.hpp"

namespace reeve::api {

Reply Answerer::port_forward(const Request& request, const Route& route) {
  if (auto refused = refuse_upgrade(request, "reeve-portforward", "port-forward")) return *std::move(refused);
  const Pod* pod = host_.supervisor().find_pod(route.name_space, route.name);
  if (pod == nullptr) return reply_with(not_found(*route.kind, route.name));
  if (pod->phase() != Phase::running) {
    return reply_with(bad_request("unable to forward port because pod is not running. Current status=" +
                                  std::string(phase_name(pod->phase()))));
  }
  const auto port = request.number("port");
  if (!port || *port < 1 || *port > 65535) return reply_with(bad_request("port: a number from 1 to 65535 is wanted"));
  auto socket = host_.make_socket(*pod);
  if (!socket) return reply_with(of_http(500, socket.error().message()));
  Reply reply;
  reply.code = 101;
  reply.upgrade = Upgrade{"reeve-portforward", std::nullopt, *std::move(socket)};
  return reply;
}

}  // namespace reeve::api
