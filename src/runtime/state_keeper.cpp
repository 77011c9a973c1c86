#include "runtime/state_keeper.hpp"

#include <reeve/linux/clock.hpp>

#include <algorithm>
#include <ctime>

namespace reeve::runtime {
namespace {

constexpr const char* file_name = "state.json";
constexpr std::size_t file_bytes_max = 256 * 1024 * 1024;
constexpr Duration first_delay = seconds(1);
constexpr Duration longest_delay = seconds(60);

// "2026-11-22T12:00:00Z".
std::string utc_now() {
  const std::time_t now = std::chrono::system_clock::to_time_t(linux::wall_now());
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

}  // namespace

struct StateKeeper::Work {
  uv_work_t request{};
  StateKeeper* owner = nullptr;  // nullptr: it has gone
  std::shared_ptr<Disk> disk;
  config::StateFile file;
  Duration wall_offset{};
  std::uint64_t version = 0;
  Result<void> result;
};

StateKeeper::StateKeeper(std::shared_ptr<Disk> disk, std::string directory, Duration wall_offset)
    : disk_(std::move(disk)), wall_offset_(wall_offset) {
  status_.directory = std::move(directory);
}

StateKeeper::~StateKeeper() {
  if (work_ != nullptr) work_->owner = nullptr;
}

Result<std::unique_ptr<StateKeeper>> StateKeeper::open(std::string directory, Duration wall_offset) {
  REEVE_TRY_VOID(linux::make_directories(directory));
  REEVE_TRY_VOID(linux::check_private(directory));
  REEVE_TRY(auto lock, linux::DirectoryLock::take(directory));
  auto disk = std::make_shared<Disk>(Disk{std::move(lock), linux::DurableFile(directory, file_name)});
  return std::unique_ptr<StateKeeper>(new StateKeeper(std::move(disk), std::move(directory), wall_offset));
}

Result<config::StateFile> StateKeeper::read(Instant now, const Say& say) const {
  REEVE_TRY(const auto text, disk_->file.read(file_bytes_max));  // it may be good, and the disk better tomorrow
  if (!text) return config::StateFile{};
  auto read = config::read_state(*text, wall_offset_, now);
  if (read) return *std::move(read);
  const config::Fault& fault = read.error();
  const std::string why =
      std::to_string(fault.position.line) + ':' + std::to_string(fault.position.column) + ": " + fault.text;
  REEVE_TRY(const std::string aside, disk_->file.set_aside("broken-" + utc_now()));
  say(disk_->file.path() + " cannot be used: " + why + "; it is set aside as " + aside +
      ", and everything is as the files say");
  return config::StateFile{};
}

void StateKeeper::attach(uv_loop_t& loop) {
  loop_ = &loop;
  timer_ = proxy::UvHandle<uv_timer_t>(this);
  uv_timer_init(loop_, timer_.get());
}

void StateKeeper::keep(std::uint64_t version, const Source& source) {
  status_.wanted = version;
  const bool is_new = version > status_.tried;
  if (work_ != nullptr || version <= status_.kept || (!is_new && !is_due_)) return;
  start(source);
}

bool StateKeeper::finish(const Source& source) {
  const bool is_kept = status_.wanted <= status_.kept;
  if (work_ == nullptr && !is_kept && !std::exchange(is_finishing_, true)) start(source);
  return work_ != nullptr;
}

void StateKeeper::start(const Source& source) {
  was_due_ = std::exchange(is_due_, false);
  auto work = std::make_unique<Work>();
  work->request.data = work.get();
  work->owner = this;
  work->disk = disk_;
  work->file = source();
  work->wall_offset = wall_offset_;
  work->version = status_.wanted;
  const auto write = [](uv_work_t* request) {
    auto& mine = *static_cast<Work*>(request->data);
    mine.result = mine.disk->file.replace(config::write_state(mine.file, mine.wall_offset));
  };
  const auto on_end = [](uv_work_t* request, int) {
    const std::unique_ptr<Work> mine(static_cast<Work*>(request->data));
    if (mine->owner != nullptr) mine->owner->ended(*mine);
  };
  work_ = work.release();
  uv_queue_work(loop_, &work_->request, write, on_end);  // fails for a missing function only
}

void StateKeeper::ended(const Work& work) {
  work_ = nullptr;
  has_ended_ = true;
  status_.tried = work.version;
  const bool had_problem = !status_.problem.empty();
  if (work.result) {
    status_.kept = work.version;
    status_.problem.clear();
    delay_ = Duration{0};
    is_news_ = had_problem;
    uv_timer_stop(timer_.get());
  } else {
    status_.problem = work.result.error().message();
    is_news_ = !had_problem || was_due_;
    if (is_news_) retry_later();
  }
}

void StateKeeper::retry_later() {
  delay_ = delay_ == Duration{0} ? first_delay : std::min(delay_ * 2, longest_delay);
  const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(delay_).count();
  const auto on_time = [](uv_timer_t* handle) {
    if (auto* self = static_cast<StateKeeper*>(handle->data)) self->is_due_ = true;
  };
  uv_timer_start(timer_.get(), on_time, static_cast<std::uint64_t>(wait), 0);
}

}  // namespace reeve::runtime
