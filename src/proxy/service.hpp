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
#include <unordered_map>
#include <vector>

namespace reeve::proxy {

class Worker;

class Service final : private ListenerSetEvents {
 public:
  Service(Worker& worker, ServiceId id, std::shared_ptr<Tally> tally);

  // Sessions must be gone.
  ~Service() override;

  void configure(const ServiceConfig& config);
  void start_held();
  void hand_over() { switch_listeners(std::nullopt); }

  // Endpoints. `ticket` comes back with EndpointLeft.
  void set_endpoint(Endpoint endpoint, Ticket ticket);
  void leave(PodId pod, Leave how, Ticket ticket);
  void expect_leave(PodId pod) { leaving_.try_emplace(pod); }
  bool is_left_by(PodId pod) const noexcept { return !leaving_.contains(pod); }

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
  void on_ended(Session& session, RelayEnd how);
  bool on_server_lost(Session& session, int error);

  // Of a session that drains: ends it if this is the moment, or looks again when it may be.
  void end_if_quiet(Session& session);

  // The session has been connecting for long: try another endpoint if there is one. False if there is none.
  bool look_elsewhere(Session& session);

  // The queue may have room now.
  void try_full_queue(FullQueue& queue);

 private:
  // A connect that has begun, or where to wait for one.
  struct Dialed {
    linux::UniqueFd fd;
    PodId pod;
    FullQueue* full = nullptr;
  };

  // An endpoint whose connections are to come to an end.
  struct Leaving {
    Ticket ticket;
    bool drains = false;     // they end at quiet moments
    bool goes_last = false;  // with the last of them it is out of the list
  };

  // Who serves those that wait when the last endpoint goes.
  enum class Queue { to_it, to_nobody };

  void on_accepted(linux::UniqueFd connection, const std::optional<Affinity::Client>& client) override;
  void on_all_deaf() override;
  bool has_room() const override;

  template <class Change>
  void change_endpoint(PodId pod, Queue queue, Change change);
  bool wants_to_hear() const noexcept;
  void switch_listeners(const std::optional<Endpoint>& last);
  void act_on_unready(PodId pod);
  void drain(PodId pod);
  void drain_sessions(PodId pod);
  void cut(PodId pod);
  void cut(Session& session);
  template <class Act>
  void for_each_session(PodId pod, Act act);
  void settle_leaving(PodId pod);
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
  bool goes_elsewhere(Session& session);
  void refuse(Session& session);
  void begin_dial(Session& session, Dial dial);
  void end(Session& session);
  void end_dial(Session& session);

  // Clients that wait for an endpoint
  WhenUnready when_unready() const noexcept { return start_held_until_ ? WhenUnready::hold : when_unready_; }
  bool may_hold() const noexcept;
  void hold(linux::UniqueFd client, Dial dial);
  void hold(Session& session);
  void hold_or_refuse(Session& session);
  void list_as_held(Session& session, Dial dial);
  void serve_held();
  void end_start();
  void arm_hold_timer();
  void on_hold_timer();

  void link(Session& session);
  void unlink(Session& session);
  void retire_if_done();

  Worker& worker_;
  ServiceId id_;
  std::shared_ptr<Tally> tally_;
  Balancer balancer_;
  bool closed_ = false;
  bool hearing_ = false;
  OnUnready on_unready_ = OnUnready::keep;
  WhenUnready when_unready_ = WhenUnready::refuse;
  Duration hold_for_{};
  std::optional<Instant> start_held_until_;
  ListenerSet listeners_;
  // The one that was usable last, while the queues empty to it. It counts as one of its connections.
  std::optional<Endpoint> last_;
  std::unordered_map<PodId, Leaving> leaving_;
  bool is_busy_ = false;  // with its sessions, and must not be retired
  Session* sessions_ = nullptr;
  std::size_t dialing_ = 0;  // of these, not connected yet
  std::map<linux::SocketAddress, FullQueue> full_queues_;
  Dials held_;  // whose time is over first is first
  UvHandle<uv_timer_t> hold_timer_;
};

}  // namespace reeve::proxy
