#include <reeve/linux/log_ring.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace reeve::linux {
namespace {

#ifndef MFD_NOEXEC_SEAL
constexpr unsigned noexec_seal = 0x8;
#else
constexpr unsigned noexec_seal = MFD_NOEXEC_SEAL;
#endif

Result<std::size_t> read_at(int fd, std::uint64_t offset, std::span<char> into) {
  std::size_t done = 0;
  while (done < into.size()) {
    const auto rest = into.subspan(done);
    const ssize_t got = ::pread(fd, rest.data(), rest.size(), static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail("cannot read the log ring", errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

}  // namespace

Result<void> LogRing::make_ring() {
  if (ring_) return {};
  ring_.reset(::memfd_create("reeve-log", MFD_CLOEXEC | noexec_seal));
  // Kernels before 6.3 do not know the seal, and later ones complain in their log when it is missing.
  if (!ring_ && errno == EINVAL) ring_.reset(::memfd_create("reeve-log", MFD_CLOEXEC));
  if (!ring_) return fail("cannot make a log ring", errno);
  return {};
}

Result<void> LogRing::write_at(std::uint64_t position, std::span<const char> bytes) {
  while (!bytes.empty()) {
    const std::uint64_t offset = position % slots();
    const std::size_t count = std::min<std::uint64_t>(bytes.size(), slots() - offset);
    const ssize_t written = ::pwrite(ring_.get(), bytes.data(), count, static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail("cannot write the log ring", errno);
    position += static_cast<std::uint64_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> LogRing::append(std::span<const char> bytes) {
  if (bytes.empty()) return {};
  bytes_appended_ += bytes.size();
  const auto kept = bytes.last(std::min<std::uint64_t>(bytes.size(), slots()));
  const std::uint64_t first = position_ + (bytes.size() - kept.size());
  auto written = make_ring();
  if (written) written = write_at(first, kept);
  if (written) {
    position_ += bytes.size();
  } else {
    bytes_refused_ += bytes.size();
  }
  return written;
}

std::uint64_t LogRing::bytes_dropped() const noexcept {
  const std::uint64_t overwritten = position_ > bytes_max_ ? position_ - bytes_max_ : 0;
  return bytes_refused_ + overwritten;
}

Result<std::string> LogRing::read_from(std::uint64_t position, std::size_t count) const {
  std::string text(std::min<std::uint64_t>(count, position_ - position), '\0');
  if (text.empty()) return text;
  const std::uint64_t offset = position % slots();
  const std::uint64_t before_wrap = std::min<std::uint64_t>(text.size(), slots() - offset);
  REEVE_TRY(const std::size_t first, read_at(ring_.get(), offset, std::span(text).first(before_wrap)));
  REEVE_TRY(const std::size_t second, read_at(ring_.get(), 0, std::span(text).subspan(before_wrap)));
  if (first + second != text.size()) return fail("cannot read the log ring: it is shorter than what was written");
  return text;
}

Result<std::string> LogRing::read_all() const {
  const std::uint64_t held = std::min(position_, slots());
  std::string text(held, '\0');
  const std::uint64_t oldest = (position_ - held) % slots();
  const std::uint64_t before_wrap = std::min(held, slots() - oldest);
  REEVE_TRY(const std::size_t first, read_at(ring_.get(), oldest, std::span(text).first(before_wrap)));
  REEVE_TRY(const std::size_t second, read_at(ring_.get(), 0, std::span(text).subspan(before_wrap)));
  if (first + second != held) return fail("cannot read the log ring: it is shorter than what was written");
  if (position_ <= bytes_max_) return text;
  // A slot or more was given up: the first line is whole only if the slot before it ends one.
  const std::size_t line_end = text.find('\n');
  const bool no_other_line = line_end == std::string::npos || line_end + 1 == text.size();
  text.erase(0, no_other_line ? 1 : line_end + 1);
  return text;
}

}  // namespace reeve::linux
