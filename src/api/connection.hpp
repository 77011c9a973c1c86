#pragma once
// One client: requests in, answers out, in order. It holds no more output than its bound and never waits for its
// reader.

#include "api/gate.hpp"
#include "api/reply.hpp"
#include "api/request.hpp"

#include <reeve/linux/fd.hpp>
#include <reeve/proxy/uv.hpp>
#include <reeve/runtime/state_status.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace reeve::api {

class Connection {
 public:
  // What a connection asks of its server.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual Reply answer(const Request& request) = 0;
    // Why this request is not answered; asked after all of it was read.
    virtual std::optional<Status> refusal(const Client& client, const Request& request) const = 0;
    virtual const runtime::StateStatus& state() const = 0;
    // The connection has become that; its descriptor leaves it.
    virtual void upgrade(linux::UniqueFd fd, Upgrade upgrade) = 0;
    // To be called last: the connection may be destroyed inside.
    virtual void changed(Connection& connection) = 0;
  };

  // Nothing: the loop cannot watch the descriptor.
  static std::unique_ptr<Connection> open(uv_loop_t& loop, Owner& owner, linux::UniqueFd fd, Client client);

  // The supervisor answered; what waited for that goes on, or waits until that is kept.
  void on_settled(Instant now);
  // A write of the state has ended.
  void on_kept(Instant now);
  // There may be more for a stream.
  void pump(Instant now);
  // Time passed: closes what stands still, lets streams speak.
  void tick(Instant now);

  bool is_closed() const noexcept { return !fd_; }
  bool is_idle() const noexcept { return !is_busy() && out_.empty() && reader_.is_idle(); }
  bool needs_time() const noexcept;
  bool reads(InstanceId instance) const { return stream_ != nullptr && stream_->reads(instance); }
  bool has_stream() const noexcept { return stream_ != nullptr; }
  bool is_watch() const { return stream_ != nullptr && stream_->is_watch(); }
  bool waits_for_settled() const noexcept { return static_cast<bool>(after_settled_); }
  std::size_t queued_bytes() const noexcept { return out_.size() - sent_; }
  Instant active_at() const noexcept { return active_at_; }
  // Nothing of it will be answered but by a refusal.
  bool is_strangers() const noexcept { return is_strangers_; }
  void mark_as_strangers() noexcept { is_strangers_ = true; }

 private:
  Connection(Owner& owner, linux::UniqueFd fd, Client client);
  bool is_busy() const noexcept { return stream_ != nullptr || waits_for_settled(); }
  void on_event(int events);
  void read_some();
  void take_requests();
  void refuse();
  void start(Reply reply);
  void switch_protocols(Upgrade upgrade);
  void answer_settled();
  void write_head(const Reply& reply, bool is_chunked);
  void write_stream(Instant now);
  void flush();
  void watch_events();
  void close();

  Owner& owner_;
  linux::UniqueFd fd_;
  Client client_;
  bool is_strangers_ = false;
  proxy::UvHandle<uv_poll_t> poll_;
  int watched_ = 0;
  RequestReader reader_;
  bool keep_alive_ = true;
  bool chunked_ = true;
  bool input_ended_ = false;
  bool closing_ = false;     // once everything is written
  bool discarding_ = false;  // what still comes is read and forgotten, so that the client can read our answer
  std::unique_ptr<Stream> stream_;
  bool stream_has_more_ = false;  // it was cut off by its bound, not by having nothing to say
  std::function<Reply()> after_settled_;
  bool once_kept_ = false;
  std::optional<std::uint64_t> version_to_keep_;
  std::string out_;
  std::size_t sent_ = 0;
  Instant active_at_;  // the last progress
};

}  // namespace reeve::api
