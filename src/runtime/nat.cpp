#include "runtime/nat.hpp"

#include <reeve/linux/pasta.hpp>

#include <sys/wait.h>

#include <cerrno>

namespace reeve::runtime {
namespace {

constexpr std::size_t complaints_max = 2048;
constexpr const char* cannot = "cannot give the pod a way out (network = \"nat\"): ";

// Its lines as one, without those about a system log that is not there.
std::string in_one_line(std::string_view text) {
  std::string told;
  LineSplitter lines;
  const auto add = [&](std::string_view line, LineSplitter::LineEnd) {
    if (line.empty() || line.ends_with("bytes to syslog")) return;
    told.append(told.empty() ? "" : "; ").append(line);
  };
  lines.feed(text, add);
  lines.finish(add);
  return told;
}

std::string end_of(const linux::ProcessReport& report, const std::string& complaints) {
  if (const auto* failed = std::get_if<linux::ProcessStartFailed>(&report)) {
    return failed->message + (failed->code == ENOENT ? "; install it: apt install passt" : "");
  }
  const auto* ended = std::get_if<linux::ProcessEnded>(&report);
  const int status = ended != nullptr ? ended->wait_status : SIGKILL;
  std::string text = WIFSIGNALED(status) ? "pasta was ended by signal " + std::to_string(WTERMSIG(status))
                                         : "pasta ended with code " + std::to_string(WEXITSTATUS(status));
  return complaints.empty() ? text : text + ": " + complaints;
}

}  // namespace

Result<std::unique_ptr<Nat>> Nat::start(uv_loop_t& loop, ChildReaper& reaper, const linux::Sandbox& sandbox,
                                        Events events) {
  std::unique_ptr<Nat> nat(new Nat(reaper, std::move(events)));
  if (auto begun = nat->begin(loop, sandbox); !begun) return fail(cannot + begun.error().message());
  return nat;
}

Nat::~Nat() { *alive_ = nullptr; }

Result<void> Nat::begin(uv_loop_t& loop, const linux::Sandbox& sandbox) {
  REEVE_TRY(linux::Pipe out, linux::make_pipe(linux::Blocking::no));
  REEVE_TRY(linux::Pipe err, linux::make_pipe(linux::Blocking::no));
  REEVE_TRY(out_, LogStream::open(loop, std::move(out.read_end), [this](std::string_view) { said_it_is_up(); }));
  REEVE_TRY(err_, LogStream::open(loop, std::move(err.read_end), [this](std::string_view bytes) {
              complaints_ += bytes;
              if (complaints_.size() > complaints_max) complaints_.erase(0, complaints_.size() - complaints_max);
            }));
  linux::ProcessSpec process = linux::pasta_process(sandbox);
  process.stdout_fd = out.write_end.get();
  process.stderr_fd = err.write_end.get();
  auto started = linux::Process::start(process);
  if (!started) return tl::unexpected(std::move(started).error());
  process_.emplace(*std::move(started));
  reaper_.expect(process_->pid(), [nat = alive_](const linux::Reaped&) {
    if (*nat != nullptr) (*nat)->gone();
  });
  return {};
}

// The only thing it prints is its pid, once all is set up.
void Nat::said_it_is_up() {
  if (std::exchange(is_ready_, true)) return;
  complaints_.clear();
  events_.ready();
}

void Nat::gone() {
  out_->finish();
  err_->finish();
  linux::ProcessReport last = linux::ProcessEnded{SIGKILL};
  while (auto report = process_->read_report()) last = std::move(*report);
  const std::string message =
      (is_ready_ ? "the pod's way out ended: " : cannot) + end_of(last, in_one_line(complaints_));
  events_.ended(message);
}

}  // namespace reeve::runtime
