#pragma once
// Keeps what is to outlive reeve in one file: written off the loop, one write at a time, the newest state each time.

#include <reeve/config/state_file.hpp>
#include <reeve/core/result.hpp>
#include <reeve/linux/durable_file.hpp>
#include <reeve/proxy/uv.hpp>
#include <reeve/runtime/state_status.hpp>

#include <functional>
#include <memory>
#include <string>

namespace reeve::runtime {

class StateKeeper {
 public:
  using Say = std::function<void(const std::string&)>;
  using Source = std::function<config::StateFile()>;

  // Makes the directory where it is missing, and takes it for this process alone.
  static Result<std::unique_ptr<StateKeeper>> open(std::string directory, Duration wall_offset);
  ~StateKeeper();
  StateKeeper(const StateKeeper&) = delete;
  StateKeeper& operator=(const StateKeeper&) = delete;

  // What was kept. What cannot be used is set aside, and `say` told so. An error: it cannot even be set aside.
  Result<config::StateFile> read(Instant now, const Say& say) const;

  // From here on it can keep; the loop must be run to its end after this has gone.
  void attach(uv_loop_t& loop);

  // This is the version of what is to be kept. Begins to write what `source` gives if there is something to be written
  // and nothing under way; to be called again when something has ended. After a failure every new version is tried at
  // once, and the same again with a growing delay.
  void keep(std::uint64_t version, const Source& source);

  // What the last write has come to, once for each.
  bool take_ended() noexcept { return std::exchange(has_ended_, false); }
  // The first failure and each that was waited for; and the first success after one.
  bool is_news() const noexcept { return is_news_; }
  const StateStatus& status() const noexcept { return status_; }

  // Nothing more is to come: one last write if the newest is not kept. True while one is under way.
  bool finish(const Source& source);

 private:
  struct Disk {
    linux::DirectoryLock lock;  // held until the last write has ended
    linux::DurableFile file;
  };
  struct Work;

  StateKeeper(std::shared_ptr<Disk> disk, std::string directory, Duration wall_offset);
  void start(const Source& source);
  void ended(const Work& work);
  void retry_later();

  std::shared_ptr<Disk> disk_;
  Duration wall_offset_;
  StateStatus status_;
  uv_loop_t* loop_ = nullptr;
  proxy::UvHandle<uv_timer_t> timer_;
  Work* work_ = nullptr;  // under way; owned by libuv
  Duration delay_{0};     // of the next retry; 0: the last write went well
  bool is_due_ = false;   // to be retried
  bool was_due_ = false;
  bool has_ended_ = false;
  bool is_news_ = false;
  bool is_finishing_ = false;
};

}  // namespace reeve::runtime
