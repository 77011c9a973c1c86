#include "api/exec_session.hpp"

#include <reeve/linux/clock.hpp>

#include <sys/socket.h>
#include <sys/wait.h>
#include <boost/json/serialize.hpp>

#include <array>
#include <cerrno>

namespace reeve::api {
namespace json = boost::json;
namespace {

constexpr Duration descriptors_take_max = seconds(10);

// As shells say it.
constexpr int cannot_run = 126, not_found = 127;

json::object line_of(const runtime::CommandEnd& end) {
  if (const auto* failed = std::get_if<linux::ProcessStartFailed>(&end)) {
    const bool is_missing = failed->code == ENOENT || failed->code == ENOTDIR;
    return {{"error", failed->message}, {"exitCode", is_missing ? not_found : cannot_run}};
  }
  const int status = std::get<linux::ProcessEnded>(end).wait_status;
  if (!WIFSIGNALED(status)) return {{"exitCode", WEXITSTATUS(status)}};
  return {{"exitCode", 128 + WTERMSIG(status)}, {"signal", WTERMSIG(status)}};
}

}  // namespace

ExecSession::ExecSession(runtime::Host& host, Owner& owner, linux::UniqueFd fd, ExecRequest request)
    : host_(host),
      owner_(owner),
      fd_(std::move(fd)),
      request_(std::move(request)),
      opened_at_(linux::monotonic_now()),
      poll_(this) {}

std::unique_ptr<ExecSession> ExecSession::open(runtime::Host& host, Owner& owner, linux::UniqueFd fd,
                                               ExecRequest request) {
  std::unique_ptr<ExecSession> session(new ExecSession(host, owner, std::move(fd), std::move(request)));
  if (uv_poll_init(&host.loop(), session->poll_.get(), session->fd_.get()) != 0) {
    session->poll_.abandon();
    return nullptr;
  }
  uv_poll_start(session->poll_.get(), UV_READABLE, [](uv_poll_t* handle, int, int) {
    if (auto* self = static_cast<ExecSession*>(handle->data)) self->on_readable();
  });
  return session;
}

void ExecSession::on_readable() {
  if (command_ == nullptr) {
    take_descriptors();
  } else {
    // The client has nothing to say any more: it left, or talks out of turn.
    char byte;
    const ssize_t got = ::recv(fd_.get(), &byte, 1, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    close();
  }
  if (is_over()) owner_.over(*this);
}

void ExecSession::take_descriptors() {
  std::array<char, 16> bytes{};
  auto passed = linux::receive_with_descriptors(fd_.get(), bytes);
  if (!passed && passed.error().code == EAGAIN) return;
  if (!passed || passed->bytes == 0) return close();
  const std::size_t wanted = request_.has_terminal ? 1 : request_.has_stdin ? 3 : 2;
  if (passed->is_cut || passed->bytes != 1 || passed->descriptors.size() != wanted) {
    return give_up("exec: one byte with " + std::to_string(wanted) + " descriptors was to come, not " +
                   std::to_string(passed->bytes) + " with " + (passed->is_cut ? "more than " : "") +
                   std::to_string(passed->descriptors.size()));
  }
  start(passed->descriptors);
}

// Output first without an input: stdout, stderr. A terminal is all three.
void ExecSession::start(const std::vector<linux::UniqueFd>& descriptors) {
  runtime::CommandSpec spec{.argv = request_.command, .has_terminal = request_.has_terminal};
  if (request_.has_terminal) {
    spec.stdin_fd = spec.stdout_fd = spec.stderr_fd = descriptors[0].get();
  } else {
    const std::size_t output = request_.has_stdin ? 1 : 0;
    if (request_.has_stdin) spec.stdin_fd = descriptors[0].get();
    spec.stdout_fd = descriptors[output].get();
    spec.stderr_fd = descriptors[output + 1].get();
  }
  auto command = host_.run_command(request_.instance, spec,
                                   {.started =
                                        [this](pid_t leader) {
                                          say({{"pid", leader}});
                                        },
                                    .ended = [this](const auto& end) { ended(end); }});
  if (!command) return give_up(command.error().message());
  command_ = *std::move(command);
}

void ExecSession::ended(const runtime::CommandEnd& end) {
  say(line_of(end));
  close();
  owner_.over(*this);
}

void ExecSession::give_up(std::string_view problem) {
  say({{"error", problem}, {"exitCode", cannot_run}});
  close();
}

// Two short lines in all: a client that leaves no room for them is not waited for.
void ExecSession::say(const json::object& line) {
  const std::string text = json::serialize(line) + '\n';
  static_cast<void>(::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
}

void ExecSession::close() {
  poll_.reset();
  fd_.reset();
  command_.reset();
}

void ExecSession::tick(Instant now) {
  if (needs_time() && now - opened_at_ > descriptors_take_max) give_up("exec: no descriptors came within 10 s");
}

}  // namespace reeve::api
