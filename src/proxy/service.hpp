#pragma once
// One service on one worker: its listeners, its endpoints, its sessions.

#include <reeve/proxy/balancer.hpp>
#include <reeve/proxy/proxy.hpp>

#include "proxy/listener_set.hpp"
#include "proxy/messages.hpp"
#include "proxy/session.hpp"

#include <map>
#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

namespace reeve::proxy {

class Worker;

class Service final : private ListenerSetEvents {
 public:
  Service(Worker& worker, ServiceId id, std::shared_ptr<Tally> tally);

  // Sessions must be gone.
  ~Service() override;

  void configure(const ServiceConfig& config);
  void set_endpoint(const Endpoint& endpoint);
  void remove_endpoint(PodId pod);
  void open_link(const Place& place) { listeners_.open_link(place); }
  void close_links(PodId pod) { listeners_.close_links(pod); }

  // Once its queues are empty and its sessions have ended, the worker is told to retire it: maybe at once.
  void close();

  // Resets every session; for the end of the worker.
  void reset_sessions();

  ServiceId id() const noexcept { return id_; }
  Tally& tally() noexcept { return *tally_; }

  // What its sessions say.
  void on_connected(Session& session);
  void on_connect_failed(Session& session, int error);
  void on_ended(Session& session);

  // The session has been connecting for long: try another endpoint if there is one. False if there is none.
  bool look_elsewhere(Session& session);

  // The queue may have room now.
  void try_full_queue(FullQueue& queue);

 private:
  struct Dialed {
    linux::UniqueFd fd;
    PodId pod;
    FullQueue* full = nullptr;  // where to wait; null: it connects
  };

  void on_accepted(linux::UniqueFd connection, const std::optional<Affinity::Client>& client) override;
  void on_all_deaf() override;

  template <class Change>
  void change_endpoint(PodId pod, Change change);
  void switch_listeners(bool was_usable, const std::optional<Endpoint>& changed);
  void forget_last();

  const Endpoint* next_endpoint(const std::optional<Affinity::Client>& client, const std::vector<PodId>& tried);
  std::optional<Dialed> dial_next(const std::optional<Affinity::Client>& client, std::vector<PodId>& tried,
                                  std::optional<Endpoint>& full);
  std::optional<Dialed> dial_or_wait(Dial& dial);
  bool redial(Session& session, Dialed dialed);
  FullQueue& full_queue_of(const Endpoint& endpoint);
  void join_queue(Session& session, FullQueue& queue);
  void leave_queue(Dial& dial);
  static void schedule(FullQueue& queue, std::uint64_t after_ms);
  void begin_session(linux::UniqueFd client, Dialed dialed, Dial dial);
  void refuse(linux::UniqueFd client);
  void report_refused(PodId pod, Error error);
  void release(PodId pod);
  void report_if_drained(PodId pod);
  void report_drained();
  void end_dial(Session& session);
  void link(Session& session);
  void unlink(Session& session);
  void retire_if_done();

  Worker& worker_;
  ServiceId id_;
  std::shared_ptr<Tally> tally_;
  Balancer balancer_;
  bool closed_ = false;
  ListenerSet listeners_;
  // The one that was usable last, while the queues empty to it. It counts as one of its connections.
  std::optional<Endpoint> last_;
  std::unordered_set<PodId> draining_;
  Session* sessions_ = nullptr;
  std::size_t dialing_ = 0;  // of these, not connected yet
  std::map<linux::SocketAddress, FullQueue> full_queues_;
};

}  // namespace reeve::proxy
