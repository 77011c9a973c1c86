#include <reeve/linux/reaper.hpp>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cerrno>

namespace reeve::linux {
namespace {

Duration duration_of(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

}  // namespace

std::optional<Reaped> reap_one() noexcept {
  int status = 0;
  rusage usage{};
  const pid_t pid = ::wait4(-1, &status, WNOHANG, &usage);
  if (pid <= 0) return std::nullopt;
  return Reaped{pid, status, duration_of(usage.ru_utime), duration_of(usage.ru_stime),
                std::int64_t{usage.ru_maxrss} * 1024};
}

Result<void> become_subreaper() {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0) return {};
  return fail("cannot become the parent of orphaned processes", errno);
}

}  // namespace reeve::linux
