#pragma once
// The newest bytes of one container's output, kept in kernel memory.

#include <reeve/core/result.hpp>
#include <reeve/linux/fd.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace reeve::linux {

// A ring in a memfd that is made at the first byte: a silent container costs nothing. Not mapped, so it counts
// against nobody's address space.
class LogRing {
 public:
  static constexpr std::size_t default_bytes = 64 * 1024;

  explicit LogRing(std::size_t bytes_max = default_bytes) noexcept : bytes_max_(bytes_max) {}

  // Keeps the bytes, dropping the oldest. On an error they count as dropped and nothing is kept of them.
  Result<void> append(std::span<const char> bytes);

  // Oldest to newest. Once bytes were dropped it starts at a line boundary, unless no line is short enough to fit.
  Result<std::string> read_all() const;

  // Where the kept bytes begin and end, counted from the first ever kept.
  std::uint64_t begin_position() const noexcept { return position_ > bytes_max_ ? position_ - bytes_max_ : 0; }
  std::uint64_t end_position() const noexcept { return position_; }

  // At most count bytes from a position that is kept.
  Result<std::string> read_from(std::uint64_t position, std::size_t count) const;

  std::uint64_t bytes_appended() const noexcept { return bytes_appended_; }

  // How many of them are lost: overwritten by newer ones, or refused by an error.
  std::uint64_t bytes_dropped() const noexcept;

 private:
  // One byte more than promised tells whether the oldest kept byte begins a line.
  std::uint64_t slots() const noexcept { return bytes_max_ + 1; }
  Result<void> make_ring();
  Result<void> write_at(std::uint64_t position, std::span<const char> bytes);

  std::size_t bytes_max_;
  UniqueFd ring_;
  std::uint64_t position_ = 0;        // where the next byte goes, counted from the first ever kept
  std::uint64_t bytes_appended_ = 0;  // all that were given to append
  std::uint64_t bytes_refused_ = 0;   // those of them that met an error
};

}  // namespace reeve::linux
