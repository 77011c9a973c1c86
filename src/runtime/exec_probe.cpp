#include "runtime/exec_probe.hpp"

#include <sys/wait.h>

#include <algorithm>

namespace reeve::runtime {
namespace {

constexpr std::size_t output_bytes_max = 10240;

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& each : words) text += (text.empty() ? "" : " ") + each;
  return text;
}

}  // namespace

ExecProbe::ExecProbe(uv_loop_t& loop, ChildReaper& reaper, Duration timeout, Finish finish)
    : loop_(loop), reaper_(reaper), timeout_(timeout), finish_(std::move(finish)) {}

// What still runs ends with process_.
ExecProbe::~ExecProbe() { *alive_ = nullptr; }

void ExecProbe::start(linux::ProcessSpec process) {
  words_ = joined(process.argv);
  if (auto started = try_start(std::move(process)); !started) {
    finish({ProbeResult::error, std::move(started).error().message()});
  }
}

Result<void> ExecProbe::capture(Output& output, linux::Pipe& pipe) {
  REEVE_TRY(output.stream, LogStream::open(loop_, std::move(pipe.read_end), [&output](std::string_view bytes) {
              output.text += bytes.substr(0, output_bytes_max - std::min(output.text.size(), output_bytes_max));
            }));
  return {};
}

Result<void> ExecProbe::try_start(linux::ProcessSpec process) {
  REEVE_TRY(linux::Pipe out, linux::make_pipe(linux::Blocking::no));
  REEVE_TRY(linux::Pipe err, linux::make_pipe(linux::Blocking::no));
  REEVE_TRY_VOID(capture(out_, out));
  REEVE_TRY_VOID(capture(err_, err));
  process.stdout_fd = out.write_end.get();
  process.stderr_fd = err.write_end.get();
  auto started = linux::Process::start(process);
  if (!started) return tl::unexpected(std::move(started).error());
  process_.emplace(*std::move(started));
  reaper_.expect(process_->pid(), [probe = alive_](const linux::Reaped&) {
    if (*probe != nullptr) (*probe)->gone();
  });
  return {};
}

void ExecProbe::abort() {
  if (!process_) return;
  timed_out_ = true;
  // Its end is judged once all of it is gone; a kill that fails leaves nothing to wait for.
  if (auto killed = process_->kill_tree(); !killed) finish({ProbeResult::error, killed.error().message()});
}

void ExecProbe::gone() {
  while (auto report = process_->read_report()) last_report_ = std::move(report);
  for (Output* each : {&out_, &err_}) {
    if (each->stream) each->stream->finish();
  }
  std::string output = (out_.text + err_.text).substr(0, output_bytes_max);
  while (output.ends_with('\n')) output.pop_back();
  if (timed_out_) {
    const std::string text = "command timed out: \"" + words_ + "\" timed out after " + go_duration(timeout_);
    return finish({ProbeResult::failure, text});
  }
  if (last_report_) {
    if (const auto* failed = std::get_if<linux::ProcessStartFailed>(&*last_report_)) {
      return finish({ProbeResult::error, failed->message});
    }
    if (const auto* ended = std::get_if<linux::ProcessEnded>(&*last_report_)) {
      const bool succeeded = WIFEXITED(ended->wait_status) && WEXITSTATUS(ended->wait_status) == 0;
      return finish({succeeded ? ProbeResult::success : ProbeResult::failure, std::move(output)});
    }
  }
  finish({ProbeResult::error, "the command was lost"});
}

void ExecProbe::finish(ProbeOutcome outcome) {
  out_.stream.reset();
  err_.stream.reset();
  process_.reset();
  if (const Finish finish = std::exchange(finish_, nullptr)) finish(std::move(outcome));
}

}  // namespace reeve::runtime
