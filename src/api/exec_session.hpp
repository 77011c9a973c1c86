#pragma once
// What a connection is after it was upgraded to reeve-exec: the client passes its descriptors, is told the pid and then
// the end of the command, one JSON line each. A client that goes ends the command.

#include "api/reply.hpp"

#include <reeve/linux/passing.hpp>
#include <reeve/proxy/uv.hpp>
#include <reeve/runtime/host.hpp>

#include <boost/json/object.hpp>

#include <memory>

namespace reeve::api {

inline constexpr std::string_view exec_protocol = "reeve-exec";

class ExecSession {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    // To be called last: the session may be destroyed inside.
    virtual void over(ExecSession& session) = 0;
  };

  // Nothing: the loop cannot watch the descriptor.
  static std::unique_ptr<ExecSession> open(runtime::Host& host, Owner& owner, linux::UniqueFd fd, ExecRequest request);

  bool is_over() const noexcept { return !fd_; }
  // Until it has its descriptors.
  bool needs_time() const noexcept { return !is_over() && command_ == nullptr; }
  void tick(Instant now);

 private:
  ExecSession(runtime::Host& host, Owner& owner, linux::UniqueFd fd, ExecRequest request);
  void on_readable();
  void take_descriptors();
  void start(const std::vector<linux::UniqueFd>& descriptors);
  void ended(const runtime::CommandEnd& end);
  void give_up(std::string_view problem);
  void say(const boost::json::object& line);
  void close();

  runtime::Host& host_;
  Owner& owner_;
  linux::UniqueFd fd_;
  ExecRequest request_;
  Instant opened_at_;
  proxy::UvHandle<uv_poll_t> poll_;
  std::unique_ptr<runtime::Command> command_;
};

}  // namespace reeve::api
