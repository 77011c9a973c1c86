#pragma once
// The built-in TCP proxy as the control loop sees it. A worker thread carries every byte; the two talk by queues.

#include <reeve/core/id.hpp>
#include <reeve/core/result.hpp>
#include <reeve/core/time.hpp>
#include <reeve/linux/fd.hpp>
#include <reeve/linux/network.hpp>
#include <reeve/linux/socket_address.hpp>
#include <reeve/proxy/balancer.hpp>

#include <uv.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace reeve::proxy {

// A listening socket that came from outside, to be taken in place of one of our own.
struct GivenSocket {
  linux::SocketAddress address;
  std::shared_ptr<const linux::UniqueFd> fd;
  // Somebody else polls it too, so it is never shut down: who is to be refused is accepted and reset. Otherwise an
  // earlier proxy made it.
  bool is_shared = false;
};

struct ServiceConfig {
  ServiceId id;
  std::string name;
  std::vector<linux::SocketAddress> listen;
  Balancing balancing = Balancing::least_connections;
  std::optional<Duration> client_ip_affinity;
  // What becomes of an endpoint's connections when it is ready no more, and does not terminate.
  OnUnready on_unready = OnUnready::keep;
  // What becomes of new clients while no endpoint is usable: the kernel refuses them; they wait for one, at most so
  // long; they are accepted and reset.
  WhenUnready when_unready = WhenUnready::refuse;
  Duration hold_for = seconds(30);
  // When it is opened first: hold until an endpoint is ready, but not longer than hold_for; then as above. For clients
  // that came while there was no proxy.
  bool start_held = false;
  std::vector<GivenSocket> given = {};  // for addresses among those of `listen`
};

// The address is ours; it hears as soon as an endpoint is usable.
struct Listening {
  ServiceId service;
  linux::SocketAddress address;
  std::optional<PodId> pod = {};  // whose link this is
  bool is_given = false;
};

// A listener of a service, but no link, has another socket than before, which whoever keeps it may have; or none any
// more. Told where ProxyOptions asks for it, in order.
struct SocketMade {
  linux::SocketAddress address;
  std::shared_ptr<linux::UniqueFd> fd;
};
struct SocketGone {
  linux::SocketAddress address;
};

// The address could not be had, or was lost. `open` tries again; for a link, `open_link`.
struct ListenFailed {
  ServiceId service;
  linux::SocketAddress address;
  Error error;
  std::string remedy;             // what the user can do; empty if we do not know
  std::optional<PodId> pod = {};  // whose link this is
};

// A backend refused or could not be reached. The client has not noticed if another endpoint took it. Told at most
// once per pod and turn of the control loop.
struct ConnectRefused {
  ServiceId service;
  PodId pod;
  Error error;
};

// Every worker has the endpoint out of its list: no connection to it is open or being connected, and none will be made.
// Where it was the last one and was not cut, the accept queues were emptied to it. Told exactly once after `drain`
// (with or without a `cut` that follows), `cut` or `remove_endpoint`, also for a pod that nobody knows, and after a
// set_endpoint that takes readiness away. Not told if the endpoint becomes ready again before.
struct Drained {
  ServiceId service;
  PodId pod;
};

// Told on the control thread.
class ProxyEvents {
 public:
  virtual ~ProxyEvents() = default;
  virtual void on_listening(const Listening&) = 0;
  virtual void on_listen_failed(const ListenFailed&) = 0;
  virtual void on_connect_refused(const ConnectRefused&) = 0;
  virtual void on_drained(const Drained&) {}
  virtual void on_socket_made(const SocketMade&) {}
  virtual void on_socket_gone(const SocketGone&) {}
};

// Counted from `open` on; closing and opening again starts anew. Every accepted connection is active or has ended in
// exactly one way, or is held.
struct ProxyCounters {
  std::uint64_t active = 0;           // connections that are open or being connected
  std::uint64_t total = 0;            // connections accepted
  std::uint64_t refused = 0;          // of these, the ones that were reset because no endpoint took them
  std::uint64_t ended_by_client = 0;  // in order, the client first
  std::uint64_t ended_by_server = 0;  // in order, the endpoint first
  std::uint64_t drained = 0;          // by us, at a quiet moment
  std::uint64_t cut = 0;              // by us, by `cut`
  std::uint64_t reset = 0;            // broken off by one of the two, or by us for another reason
  std::uint64_t held = 0;             // clients that wait for an endpoint now
  std::uint64_t held_total = 0;       // clients that had to
  std::uint64_t hold_timeouts = 0;    // of the refused, the ones that waited too long
  std::uint64_t retried = 0;          // connects that failed or took too long, and went elsewhere unseen
  std::uint64_t client_bytes = 0;     // read from clients
  std::uint64_t server_bytes = 0;     // read from endpoints
};

struct ProxyOptions {
  int backlog = 0;                         // 0: net.core.somaxconn
  Duration connect_timeout = seconds(3);   // until another endpoint is tried; without another one, we wait on
  std::optional<std::uint64_t> seed;       // of the random choices; the kernel's if absent
  std::string service_network = "127.77";  // whose .255.254 stands for us inside of pods
  bool keeps_listeners = false;            // tells of each socket it makes, for somebody to keep it
};

// All methods are for the control thread.
class Proxy {
 public:
  // The sink is told on `control`'s loop and outlives the proxy.
  static Result<std::unique_ptr<Proxy>> start(uv_loop_t& control, ProxyEvents& sink, ProxyOptions options = {});
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  // Stops.
  ~Proxy();

  // Opens a service, or changes an open one: only the listeners that differ move, those that failed are tried again,
  // and what waits at one that goes is served first. Links stay as they are.
  void open(ServiceConfig config);

  // The listeners and links go; open connections live on until they end, or until `stop`.
  void close(ServiceId service);

  // One more listener of an open service, inside the network of a pod, where it is like the service's own: deaf until
  // an endpoint is usable, with the same balancing and counters. A pod may have several, also of one service.
  void open_link(ServiceId service, PodId pod, linux::SocketAddress address,
                 std::shared_ptr<const linux::Network> network);

  // All links of the pod to the service. What waits at them is served first; then nothing here but the pod's open
  // connections holds its network.
  void close_link(ServiceId service, PodId pod);

  // An endpoint's way: set_endpoint as often as its conditions change; then, when its pod leaves, `drain`, `cut` once
  // drainSeconds are over, and `Drained` says that the pod may be stopped. remove_endpoint is for a pod that stays but
  // is none of this service's any more.

  // Adds or changes one endpoint. One that was not usable before gets no connection before this call. A ready one
  // drains no more; other conditions do not end its draining. One that terminates is changed only, never added: late
  // news of a pod that was drained do not bring it back.
  void set_endpoint(ServiceId service, Endpoint endpoint);

  // The pod begins to leave: it is ready no more, takes new connections only while it serves and no other is ready, and
  // each of its connections ends at a quiet moment, when no request is without its answer (relay.hpp). With the last
  // one it is out of the list.
  void drain(ServiceId service, PodId pod);

  // The time for that is over: out of the list at once, and what is still open is reset. Whoever is only being
  // connected to it, or waits for that, goes to another endpoint, or is held or refused.
  void cut(ServiceId service, PodId pod);

  // Out of the list at once; open connections live on.
  void remove_endpoint(ServiceId service, PodId pod);

  // Whoever has our sockets after us takes the clients that come from now on: a listener without a usable endpoint that
  // is kept or shared leaves them in its queue, and none such is refused or unlinked.
  void hand_over();

  // Resets what is still open, ends the worker and waits for it. Nothing is told afterwards.
  void stop();

  // All zero for a service that is not open.
  ProxyCounters counters(ServiceId service) const;

 private:
  class Control;
  explicit Proxy(std::unique_ptr<Control> control);

  std::unique_ptr<Control> control_;
};

}  // namespace reeve::proxy
