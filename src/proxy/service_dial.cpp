// How a service finds an endpoint for a connection, and goes on to the next one that it has not tried.
#include "proxy/service.hpp"

#include "proxy/worker.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace reeve::proxy {
namespace {

// A connection whose servers vanish one after another before they hear a byte is told so in the end.
constexpr std::uint8_t moves_max = 3;

bool is_full_queue(const Endpoint& endpoint, const Error& error) {
  return endpoint.address.is_unix() && error.code == EAGAIN;
}

}  // namespace

// Connections

void Service::on_accepted(linux::UniqueFd connection, const std::optional<Affinity::Client>& client) {
  tally_->total.add(1);
  Dial dial;
  dial.client = client;
  std::optional<Dialed> dialed = dial_or_wait(dial);
  if (!dialed && may_hold()) return hold(std::move(connection), std::move(dial));
  if (!dialed) return refuse(std::move(connection));
  begin_session(std::move(connection), std::move(*dialed), std::move(dial));
}

void Service::refuse(linux::UniqueFd client) {
  tally_->refused.add(1);
  linux::reset_on_close(client.get());
}

const Endpoint* Service::next_endpoint(const std::optional<Affinity::Client>& client, const std::vector<PodId>& tried) {
  if (const Endpoint* chosen = balancer_.choose(client, worker_.now(), worker_.random(), tried)) return chosen;
  if (!last_ || std::ranges::find(tried, last_->pod) != tried.end()) return nullptr;
  return &*last_;
}

// Starts to connect to an endpoint not tried yet; those that refuse at once are added to the tried ones. The first one
// whose queue is full is passed over, and given back.
std::optional<Service::Dialed> Service::dial_next(const std::optional<Affinity::Client>& client,
                                                  std::vector<PodId>& tried, std::optional<Endpoint>& full) {
  std::vector<PodId> busy;
  std::optional<Dialed> dialed;
  while (const Endpoint* const endpoint = next_endpoint(client, tried)) {
    Result<linux::UniqueFd> fd = worker_.connect(*endpoint);
    if (fd) {
      balancer_.acquire(endpoint->pod);
      dialed = Dialed{*std::move(fd), endpoint->pod};
      break;
    }
    if (is_out_of_descriptors(fd.error())) break;
    tried.push_back(endpoint->pod);
    if (is_full_queue(*endpoint, fd.error())) {
      busy.push_back(endpoint->pod);
      if (!full) full = *endpoint;
    } else {
      report_refused(endpoint->pod, std::move(fd).error());
    }
  }
  if (!busy.empty()) std::erase_if(tried, [&](PodId pod) { return std::ranges::find(busy, pod) != busy.end(); });
  return dialed;
}

// With nobody else to ask, a full queue is waited for, as a client would without us.
std::optional<Service::Dialed> Service::dial_or_wait(Dial& dial) {
  std::optional<Endpoint> full;
  if (auto dialed = dial_next(dial.client, dial.tried, full); dialed || !full) return dialed;
  balancer_.acquire(full->pod);
  return Dialed{{}, full->pod, &full_queue_of(*full)};
}

void Service::begin_session(linux::UniqueFd client, Dialed dialed, Dial dial) {
  auto* const session = new Session(worker_.relay_loop(), *this, std::move(client), std::move(dialed.fd));
  if (!session->start()) {
    tally_->refused.add(1);
    return release(dialed.pod);
  }
  session->pod = dialed.pod;
  begin_dial(*session, std::move(dial));
  if (dialed.full != nullptr) join_queue(*session, *dialed.full);
  link(*session);
  if (!session->dial->tried.empty()) tally_->retried.add(1);
  tally_->active.add(1);
}

void Service::on_connected(Session& session) {
  end_dial(session);
  const auto leaving = leaving_.find(session.pod);
  if (leaving != leaving_.end() && leaving->second.drains) session.set_draining(true);
  retire_if_done();
}

void Service::begin_dial(Session& session, Dial dial) {
  dial.session = &session;
  session.dial = worker_.add_dial(std::move(dial));
  ++dialing_;
}

void Service::end_dial(Session& session) {
  if (session.dial->is_held) {
    held_.erase(session.dial);
    return;
  }
  leave_queue(*session.dial);
  worker_.end_dial(session.dial);
  --dialing_;
}

void Service::on_connect_failed(Session& session, int error) {
  Dial& dial = *session.dial;
  const PodId failed = session.pod;
  dial.tried.push_back(failed);
  report_refused(failed, Error{"cannot connect", error});
  std::optional<Dialed> dialed = dial_or_wait(dial);
  if (!dialed) return hold_or_refuse(session);
  const bool goes_on = redial(session, *std::move(dialed));
  tally_->retried.add(1);
  release(failed);
  if (!goes_on) refuse(session);
}

void Service::refuse(Session& session) {
  tally_->refused.add(1);
  session.was_counted = true;
  session.reset();
}

bool Service::redial(Session& session, Dialed dialed) {
  session.pod = dialed.pod;
  session.set_draining(false);
  leave_queue(*session.dial);
  if (dialed.full == nullptr) return session.redial(std::move(dialed.fd)).has_value();
  join_queue(session, *dialed.full);
  session.postpone();
  return true;
}

bool Service::look_elsewhere(Session& session) {
  const PodId slow = session.pod;
  const bool was_dialed = session.dial->full == nullptr;
  if (!goes_elsewhere(session)) return false;
  if (was_dialed) report_refused(slow, Error{"cannot connect", ETIMEDOUT});
  return true;
}

// From the endpoint that it is being connected to. False if there is no other.
bool Service::goes_elsewhere(Session& session) {
  Dial& dial = *session.dial;
  std::vector<PodId> tried = dial.tried;
  tried.push_back(session.pod);
  std::optional<Endpoint> full;
  std::optional<Dialed> dialed = dial_next(dial.client, tried, full);
  if (!dialed) return false;
  dial.tried = std::move(tried);
  const PodId before = session.pod;
  const bool goes_on = redial(session, *std::move(dialed));
  tally_->retried.add(1);
  release(before);
  if (!goes_on) refuse(session);
  return true;
}

bool Service::on_server_lost(Session& session, int error) {
  Dial dial;
  dial.tried.push_back(session.pod);
  if (++session.moves > moves_max) return false;
  std::optional<Dialed> dialed = dial_or_wait(dial);
  if (!dialed && !may_hold()) return false;
  const PodId lost = session.pod;
  report_refused(lost, Error{"cannot connect", error});
  begin_dial(session, std::move(dial));
  tally_->retried.add(1);
  if (!dialed) return hold(session), true;
  const bool goes_on = redial(session, *std::move(dialed));
  release(lost);
  if (!goes_on) refuse(session);
  return true;
}

// Full queues of unix endpoints

FullQueue& Service::full_queue_of(const Endpoint& endpoint) {
  const auto [at, is_new] = full_queues_.try_emplace(endpoint.address, *this, endpoint);
  FullQueue& queue = at->second;
  if (!is_new) return queue;
  queue.endpoint.network.reset();  // a path belongs to none
  queue.timer = UvHandle<uv_timer_t>(&queue);
  uv_timer_init(&worker_.loop(), queue.timer.get());
  schedule(queue, queue.next_ms);
  return queue;
}

void Service::join_queue(Session& session, FullQueue& queue) {
  session.dial->full = &queue;
  session.dial->place = queue.waiting.insert(queue.waiting.end(), &session);
}

void Service::leave_queue(Dial& dial) {
  if (FullQueue* const queue = std::exchange(dial.full, nullptr)) queue->waiting.erase(dial.place);
}

void Service::schedule(FullQueue& queue, std::uint64_t after_ms) {
  const auto fire = [](uv_timer_t* handle) {
    if (auto* due = static_cast<FullQueue*>(handle->data)) due->service.try_full_queue(*due);
  };
  uv_timer_start(queue.timer.get(), fire, after_ms, 0);
}

// One at a time: with its last session a closed service goes, and takes the queue along.
void Service::try_full_queue(FullQueue& queue) {
  constexpr std::uint64_t wait_ms_max = 64;
  if (queue.waiting.empty()) {
    full_queues_.erase(linux::SocketAddress(queue.endpoint.address));
    return;
  }
  Session& first = *queue.waiting.front();
  Result<linux::UniqueFd> fd = worker_.connect(queue.endpoint);
  schedule(queue, 0);
  if (!fd && (is_full_queue(queue.endpoint, fd.error()) || is_out_of_descriptors(fd.error()))) {
    if (look_elsewhere(first)) return;
    schedule(queue, queue.next_ms);
    queue.next_ms = std::min(queue.next_ms * 2, wait_ms_max);
    return;
  }
  queue.next_ms = 1;
  if (!fd) return on_connect_failed(first, fd.error().code);
  leave_queue(*first.dial);
  if (!first.redial(*std::move(fd))) refuse(first);
}

void Service::on_ended(Session& session, RelayEnd how) {
  if (session.was_counted) return end(session);
  switch (how) {
    case RelayEnd::by_client:
      tally_->ended_by_client.add(1);
      break;
    case RelayEnd::by_server:
      tally_->ended_by_server.add(1);
      break;
    case RelayEnd::reset:
      tally_->reset.add(1);
      break;
  }
  end(session);
}

void Service::end(Session& session) {
  const bool is_held = !session.is_connected() && session.dial->is_held;
  (is_held ? tally_->held : tally_->active).subtract(1);
  if (!session.is_connected()) end_dial(session);
  worker_.quiet_times().remove(session);
  unlink(session);
  if (session.pod) release(session.pod);
  retire_if_done();
}

void Service::report_refused(PodId pod, Error error) {
  if (const Endpoint* endpoint = balancer_.find(pod); endpoint != nullptr && error.what == "cannot connect") {
    error.what += " to " + endpoint->address.to_string();
  }
  const auto same = [&](const Report& report) {
    const auto* refused = std::get_if<ConnectRefused>(&report);
    return refused != nullptr && refused->service == id_ && refused->pod == pod;
  };
  worker_.reports().put_once(ConnectRefused{id_, pod, std::move(error)}, same);
}

void Service::link(Session& session) {
  session.next = sessions_;
  if (sessions_ != nullptr) sessions_->previous = &session;
  sessions_ = &session;
}

void Service::unlink(Session& session) {
  if (session.next != nullptr) session.next->previous = session.previous;
  (session.previous != nullptr ? session.previous->next : sessions_) = session.next;
}

}  // namespace reeve::proxy
