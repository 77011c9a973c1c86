#pragma once
// What comes of a request: bytes now, bytes after the supervisor answered, or bytes as they come.

#include "api/status.hpp"

#include <reeve/core/id.hpp>
#include <reeve/core/time.hpp>
#include <reeve/linux/fd.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::api {

// A body without an end that is known. It is asked for more only when its reader has taken what it was given.
class Stream {
 public:
  virtual ~Stream() = default;

  enum class State { open, ended };

  // Appends what there is now, about `room` bytes at most.
  virtual State produce(std::string& out, std::size_t room, Instant now) = 0;

  // When it has something to say though nothing happened.
  virtual std::optional<Instant> deadline() const { return std::nullopt; }

  // Whether output of this instance concerns it.
  virtual bool reads(InstanceId) const { return false; }
  virtual bool is_watch() const { return false; }
};

// A command to be run beside a container with the descriptors that its client passes.
struct ExecRequest {
  InstanceId instance;
  std::vector<std::string> command;
  bool has_stdin = false;
  bool has_terminal = false;
};

// The connection is HTTP no more.
struct Upgrade {
  std::string_view protocol;
  std::optional<ExecRequest> exec;  // what goes on over it; nothing: it ends
  linux::UniqueFd descriptor = {};  // travels with the answer
};

struct Reply {
  int code = 200;
  std::string_view content_type = "application/json";
  std::string body;
  std::string_view allow;                // of a 405
  std::vector<std::string> warnings;     // for the client's user
  std::unique_ptr<Stream> stream;        // instead of the body
  std::optional<Upgrade> upgrade;        // of a 101
  std::function<Reply()> after_settled;  // instead of everything: asked once the supervisor has answered
  bool once_kept = false;                // and not before its answer outlives reeve
};

inline Reply reply_with(std::string json, int code = 200) {
  Reply reply;
  reply.code = code;
  reply.body = std::move(json);
  return reply;
}

inline Reply reply_with(const Status& status) { return reply_with(status.json(), status.code); }

}  // namespace reeve::api
