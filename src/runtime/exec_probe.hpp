#pragma once
// Probes that run a command in the container (pkg/probe/exec/exec.go).

#include "runtime/child_reaper.hpp"
#include "runtime/log_stream.hpp"
#include "runtime/probe_run.hpp"

#include <reeve/linux/process.hpp>

#include <memory>
#include <optional>
#include <string>

namespace reeve::runtime {

class ExecProbe final : public ProbeRun {
 public:
  ExecProbe(uv_loop_t& loop, ChildReaper& reaper, Duration timeout, Finish finish);
  ~ExecProbe() override;

  void start(linux::ProcessSpec process);
  void abort() override;

 private:
  struct Output {
    std::string text;
    std::unique_ptr<LogStream> stream;
  };

  Result<void> try_start(linux::ProcessSpec process);
  Result<void> capture(Output& output, linux::Pipe& pipe);
  void gone();
  void finish(ProbeOutcome outcome);

  uv_loop_t& loop_;
  ChildReaper& reaper_;
  Duration timeout_;
  Finish finish_;
  std::string words_;
  Output out_;
  Output err_;
  std::optional<linux::Process> process_;
  std::optional<linux::ProcessReport> last_report_;
  bool timed_out_ = false;
  std::shared_ptr<ExecProbe*> alive_ = std::make_shared<ExecProbe*>(this);  // null once we are gone
};

}  // namespace reeve::runtime
