#pragma once
// Where one service listens: at its own addresses, and at its links inside the networks of pods. All of them hear, or
// none does.

#include <reeve/proxy/balancer.hpp>
#include <reeve/proxy/listener.hpp>
#include <reeve/proxy/proxy.hpp>

#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace reeve::proxy {

class Worker;

// Answers for the service.
class ListenerSetEvents {
 public:
  virtual ~ListenerSetEvents() = default;

  // `client` is whom affinity takes it for; nobody behind a unix socket.
  virtual void on_accepted(linux::UniqueFd connection, const std::optional<Affinity::Client>& client) = 0;

  // Whether one more client can be taken from the kernel now.
  virtual bool has_room() const = 0;

  // Nobody waits at any listener, those given up among them. May destroy the set.
  virtual void on_all_deaf() = 0;
};

class ListenerSet final : private ListenerEvents {
 public:
  ListenerSet(Worker& worker, ServiceId service, ListenerSetEvents& events);
  ListenerSet(const ListenerSet&) = delete;
  ListenerSet& operator=(const ListenerSet&) = delete;
  ~ListenerSet() override;

  // The service's own addresses from now on; links stay. What failed is tried again. New ones take the sockets that
  // are given for them.
  void listen_at(const std::vector<linux::SocketAddress>& addresses, const std::vector<GivenSocket>& given);

  // One more address, in the network of a pod; a link that failed is tried again.
  void open_link(Place place);
  void close_links(PodId pod);

  // Gives up every address. Not told by on_all_deaf where none is awake.
  void close_all();

  void hear();
  void go_deaf();

  bool is_all_deaf() const noexcept { return awake_ == 0; }

 private:
  using Key = std::pair<PodId, linux::SocketAddress>;  // the service's own addresses have no pod and come first
  using Listeners = std::map<Key, std::unique_ptr<Listener>>;

  bool has_room(Listener& listener) override;
  void on_accepted(Listener& listener, linux::Accepted accepted) override;
  void on_deaf(Listener& listener) override;
  void on_hear_failed(Listener& listener, Error error) override;
  bool rests(const Listener& listener) const override;
  void on_socket_made(const Listener& listener, int fd) override;
  void on_socket_gone(const Listener& listener) override;

  void add(Place place, const GivenSocket* given = nullptr);
  Result<std::unique_ptr<Listener>> make(const Place& place, const GivenSocket* given);
  bool take_back(const Place& place);
  Listeners::iterator drop(Listeners::iterator at);
  void hear(Listener& listener);
  void report_failed(const Place& place, Error error, std::string remedy);
  bool is_for_another(const Listener& listener, int fd) const;

  Worker& worker_;
  ServiceId service_;
  ListenerSetEvents& events_;
  bool hearing_ = false;
  std::size_t awake_ = 0;  // listeners that are not deaf, of both kinds
  Listeners listeners_;
  std::multimap<Key, std::unique_ptr<Listener>> leaving_;  // given up, and still emptied
};

}  // namespace reeve::proxy
